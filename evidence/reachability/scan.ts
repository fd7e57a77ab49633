// Asks every address of an inner side whether it is there, in every way that nmap knows to get an answer past a firewall.
// What answered is not taken from nmap but from the capture at the scanning host (sweep.ts); docs/decisions/0020 says why.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Place } from '#lab/process.ts';

export const NMAP = { program: 'nmap', package: 'nmap' } as const;

/** What municipal hosts commonly serve, what ours serve, and what VNC, RDP and their gateways use. */
export const TCP_PORTS = [22, 25, 53, 80, 111, 135, 139, 443, 445, 3389, 5900, 5901, 6080, 8080, 8443, 9464] as const;
/** The same, with IKE and the usual tunnels. */
export const UDP_PORTS = [53, 67, 123, 137, 161, 443, 500, 1194, 4500, 5353, 51820] as const;
/** IPIP, 6in4, GRE, ESP, AH, L2TP, SCTP. */
const TUNNELS = [4, 41, 47, 50, 51, 115, 132] as const;

/** No name is asked for; a host that keeps silent costs a second. */
const ALWAYS = [
  ...['-n', '--disable-arp-ping', '--send-ip', '--max-retries', '1', '--min-rate', '400'],
  ...['--initial-rtt-timeout', '150ms', '--max-rtt-timeout', '200ms', '--min-hostgroup', '32'],
];

const tcp = TCP_PORTS.join(',');
/** But for pings, no address is left out for want of an answer (-Pn). */
const WAYS = {
  'ping-v4': ['-sn', '-PE', '-PP', '-PM'],
  'ping-v6': ['-6', '-sn', '-PE'],
  ports: ['-Pn', '-sS', '-sU', '-p', `T:${tcp},U:${UDP_PORTS.join(',')}`],
  // As an answer of a server: what a rule that looks at ports alone lets in.
  'source-port-443': ['-Pn', '-sS', '-g', '443', '-p', tcp],
  // As a packet in the middle of a connection: what a rule that looks at flags alone lets in.
  middle: ['-Pn', '-sA', '-g', '443', '-p', tcp],
  tunnels: ['-Pn', '-sO', '-p', TUNNELS.join(',')],
} as const;

const SCAN_MAX_MS = 60_000;

/**
 * @param targets IPv4 and IPv6 addresses
 * @param folder nmap's own reports are written there, one a way and family: NAME-WAY-v4.txt
 * @throws Error in nmap's words
 */
export async function scan(place: Place, targets: readonly string[], folder: string, name: string): Promise<void> {
  const families = [
    { family: 'v4', option: [], addresses: targets.filter((address) => !address.includes(':')) },
    { family: 'v6', option: ['-6'], addresses: targets.filter((address) => address.includes(':')) },
  ] as const;
  const { 'ping-v4': ping4, 'ping-v6': ping6, ...ways } = WAYS;
  const runs = families.flatMap(({ family, option, addresses }) => {
    if (addresses.length === 0) return [];
    const all = Object.entries({ ping: family === 'v4' ? ping4 : ping6, ...ways });
    return all.map(([way, how]) => {
      const report = join(folder, `${name}-${way}-${family}.txt`);
      return nmap(place, [...ALWAYS, ...option, ...how, '-oN', report, ...addresses]);
    });
  });
  await Promise.all(runs);
}

async function nmap(place: Place, args: readonly string[]): Promise<void> {
  const [program, rest] = place('nmap', args);
  await promisify(execFile)(program, rest, { timeout: SCAN_MAX_MS });
}
