// What a host is set up to do with packets, and what its process could change about that.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import * as z from 'zod';
import { commandOn } from '#lab/host-command.ts';
import type { Place } from '#lab/process.ts';

export interface HostState {
  /** net.ipv4.ip_forward and net.ipv6.conf.all.forwarding. */
  readonly forwarding: readonly [v4: string, v6: string];
  /** "192.0.2.0/24 dev inside", "default via …"; IPv4 and IPv6, but for link-local ones. */
  readonly routes: readonly string[];
  /** Devices that are up, and of which kind, such as "inside veth". */
  readonly devices: readonly string[];
  /** Lines of the loaded rules that rewrite addresses. */
  readonly rewriting: readonly string[];
}

const links = z.array(
  z.object({
    ifname: z.string(),
    flags: z.array(z.string()),
    link_type: z.string(),
    linkinfo: z.object({ info_kind: z.string() }).optional(),
  }),
);
const routes = z.array(z.object({ dst: z.string(), gateway: z.string().optional(), dev: z.string().optional() }));

const REWRITES = /\b(?:snat|dnat|masquerade|redirect|tproxy|type nat|dup to|fwd to)\b/;

export function stateOfHost(place: Place): HostState {
  const ip = (...args: string[]): unknown => JSON.parse(commandOn(place, 'ip', ['-json', ...args]) || '[]');
  const forwarding = (file: string) => commandOn(place, 'cat', [`/proc/sys/net/${file}`]).trim();
  return {
    forwarding: [forwarding('ipv4/ip_forward'), forwarding('ipv6/conf/all/forwarding')],
    routes: [...routes.parse(ip('route')), ...routes.parse(ip('-6', 'route'))]
      .filter(({ dst }) => !dst.startsWith('fe80:'))
      .map(({ dst, gateway, dev }) => `${dst}${gateway ? ` via ${gateway}` : ''}${dev ? ` dev ${dev}` : ''}`),
    devices: links
      .parse(ip('-details', 'link'))
      .filter(({ flags }) => flags.includes('UP'))
      .map(({ ifname, linkinfo, link_type }) => `${ifname} ${linkinfo?.info_kind ?? link_type}`),
    rewriting: commandOn(place, 'nft', ['list', 'ruleset'])
      .split('\n')
      .filter((line) => REWRITES.test(line))
      .map((line) => line.trim()),
  };
}

export interface Powers {
  /** By the names of capabilities(7); effective and bounding. */
  readonly effective: readonly string[];
  readonly bounding: readonly string[];
  readonly noNewPrivileges: boolean;
  /** Files it has open that make or carry tunnels. */
  readonly tunnels: readonly string[];
}

/** Bits of those that reach the network; of all others the number is told. */
const CAPABILITIES: Readonly<Record<number, string>> = {
  10: 'NET_BIND_SERVICE',
  12: 'NET_ADMIN',
  13: 'NET_RAW',
  21: 'SYS_ADMIN',
};

/** @throws Error if the process is gone */
export function powersOf(pid: number): Powers {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const field = (name: string) => {
    const value = new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1];
    if (value === undefined) throw new Error(`/proc/${pid}/status has no ${name}`);
    return value;
  };
  const open = readdirSync(`/proc/${pid}/fd`).map((fd) => targetOf(`/proc/${pid}/fd/${fd}`));
  return {
    effective: capabilitiesIn(field('CapEff')),
    bounding: capabilitiesIn(field('CapBnd')),
    noNewPrivileges: field('NoNewPrivs') === '1',
    tunnels: open.filter((file) => /^\/dev\/(?:net\/tun|ppp|vhost-net|tap\d*)/.test(file)),
  };
}

export function capabilitiesIn(mask: string): string[] {
  const bits = BigInt(`0x${mask}`);
  return Array.from({ length: 64 }, (_, bit) => bit)
    .filter((bit) => (bits & (1n << BigInt(bit))) !== 0n)
    .map((bit) => CAPABILITIES[bit] ?? `capability ${bit}`);
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ''; // closed meanwhile
  }
}
