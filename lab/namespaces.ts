// Hosts on one machine: network namespaces, joined by veth pairs, each with its own addresses, routes, hosts file and
// resolver. Linux and root only. Every name carries this process's pid, and `remove` takes away all that was made here,
// nothing else.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandOn } from './host-command.ts';
import { here, type Place } from './process.ts';

export interface Network {
  /** Runs a command on that host. */
  on(host: string): Place;
  /** The network device at one end of a cable, as that host names it. */
  device(cable: number, end: 0 | 1): string;
  remove(): void;
}

export interface Host {
  /** Passes packets on between its devices, IPv4 and IPv6. */
  forwards?: boolean;
  /** Beside those of its own cables, there is no default route unless one stands here. */
  routes?: readonly Route[];
  /** Whom it would ask for names that its hosts file lacks. */
  resolver?: string;
}
export interface Route {
  /** With prefix length, or "default". */
  to: string;
  via: string;
}

/** A cable between two hosts. */
export interface Cable {
  ends: readonly [Plug, Plug];
}
export interface Plug {
  host: string;
  /** With prefix length, IPv4 or IPv6. */
  addresses: readonly string[];
  /** What the host calls this device; something of the lab's if it is left out. */
  device?: string;
}

/** ip netns exec shows a process the files of this folder instead of those in /etc. */
const NETNS_ETC = '/etc/netns';
/** Networks of this process so far: two of them may have hosts of the same names. */
let laid = 0;

/**
 * @param hosts by name; each becomes a namespace
 * @param names what every host's hosts file says, name → address
 * @throws Failure in ip's own words; what was made by then is removed
 */
export function layNetwork(
  hosts: Readonly<Record<string, Host>>,
  cables: readonly Cable[],
  names: Readonly<Record<string, string>>,
): Network {
  const network = laid++;
  const namespace = (host: string) => `tw-${process.pid}-${network}-${host}`;
  const on = (host: string): Place => {
    return (program, args) => ['ip', ['netns', 'exec', namespace(host), program, ...args]];
  };
  const temporary = (cable: number, end: 0 | 1) => `tw${cable}${'ab'[end]}${process.pid % 100_000}`;
  const device = (cable: number, end: 0 | 1) => cables[cable]?.ends[end].device ?? temporary(cable, end);
  const remove = () => {
    for (const host of Object.keys(hosts)) {
      try {
        ip('netns', 'delete', namespace(host));
      } catch {
        // not made, or gone already
      }
      rmSync(join(NETNS_ETC, namespace(host)), { recursive: true, force: true });
    }
  };
  try {
    for (const [host, { forwards, resolver }] of Object.entries(hosts)) {
      ip('netns', 'add', namespace(host));
      ip('-n', namespace(host), 'link', 'set', 'lo', 'up');
      writeEtc(join(NETNS_ETC, namespace(host)), names, resolver);
      if (forwards) setForwarding(on(host));
    }
    for (const [number, cable] of cables.entries()) {
      lay(cable, [temporary(number, 0), temporary(number, 1)], namespace);
    }
    for (const [host, { routes = [] }] of Object.entries(hosts)) {
      for (const { to, via } of routes) ip('-n', namespace(host), ...family(via), 'route', 'add', to, 'via', via);
    }
    return { on, device, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** What root on that host can do at any time. @throws Failure */
export function setForwarding(place: Place, on = true): void {
  const files = ['ipv4/ip_forward', 'ipv6/conf/all/forwarding'];
  const write = files.map((file) => `echo ${Number(on)} > /proc/sys/net/${file}`).join(' && ');
  commandOn(place, 'sh', ['-c', write]);
}

function writeEtc(folder: string, names: Readonly<Record<string, string>>, resolver: string | undefined): void {
  const lines = Object.entries(names).map(([name, address]) => `${address} ${name}\n`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'hosts'), `127.0.0.1 localhost\n${lines.join('')}`);
  if (resolver) writeFileSync(join(folder, 'resolv.conf'), `nameserver ${resolver}\noptions timeout:1 attempts:1\n`);
}

function lay({ ends }: Cable, devices: readonly [string, string], namespace: (host: string) => string): void {
  ip('link', 'add', devices[0], 'type', 'veth', 'peer', 'name', devices[1]);
  for (const [made, { host, addresses, device = made }] of [
    [devices[0], ends[0]],
    [devices[1], ends[1]],
  ] as const) {
    ip('link', 'set', made, 'netns', namespace(host), 'name', device);
    for (const address of addresses) {
      // An address that is asked about for a second before it counts (RFC 4862 §5.4) could not be bound meanwhile.
      const atOnce = address.includes(':') ? ['nodad'] : [];
      ip('-n', namespace(host), 'address', 'add', address, 'dev', device, ...atOnce);
    }
    ip('-n', namespace(host), 'link', 'set', device, 'up');
  }
}

const family = (address: string): string[] => (address.includes(':') ? ['-6'] : []);

function ip(...args: string[]): void {
  commandOn(here, 'ip', args);
}
