// Hosts on one machine: network namespaces, joined by veth pairs, each with its own addresses and its own hosts file. Linux
// and root only. Every name carries this process's pid, and `remove` takes away all that was made here, nothing else.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './process.ts';

export interface Network {
  /** Runs a command on that host. */
  on(host: string): Place;
  /** The network device at one end of a cable, as that host names it. */
  device(cable: number, end: 0 | 1): string;
  remove(): void;
}

/** A cable between two hosts, each end with an address in one /24. */
export interface Cable {
  ends: readonly [Plug, Plug];
}
interface Plug {
  host: string;
  address: string;
}

/** ip netns exec shows a process the files of this folder instead of those in /etc. */
const NETNS_ETC = '/etc/netns';

/**
 * @param hosts names; each becomes a namespace that forwards nothing and has no default route
 * @param names what every host's hosts file says, name → address
 * @throws Error with ip's own words; what was made by then is removed
 */
export function layNetwork(hosts: readonly string[], cables: readonly Cable[], names: Record<string, string>): Network {
  const namespace = (host: string) => `tw-${process.pid}-${host}`;
  const on = (host: string): Place => {
    return (program, args) => ['ip', ['netns', 'exec', namespace(host), program, ...args]];
  };
  const device = (cable: number, end: 0 | 1) => `tw${cable}${'ab'[end]}${process.pid % 100_000}`;
  const remove = () => {
    for (const host of hosts) {
      try {
        ip('netns', 'delete', namespace(host));
      } catch {
        // not made, or gone already
      }
      rmSync(join(NETNS_ETC, namespace(host)), { recursive: true, force: true });
    }
  };
  try {
    const lines = Object.entries(names).map(([name, address]) => `${address} ${name}\n`);
    for (const host of hosts) {
      ip('netns', 'add', namespace(host));
      ip('-n', namespace(host), 'link', 'set', 'lo', 'up');
      mkdirSync(join(NETNS_ETC, namespace(host)), { recursive: true });
      writeFileSync(join(NETNS_ETC, namespace(host), 'hosts'), `127.0.0.1 localhost\n${lines.join('')}`);
    }
    for (const [number, cable] of cables.entries()) {
      lay(cable, [device(number, 0), device(number, 1)], namespace);
    }
    return { on, device, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function lay({ ends }: Cable, devices: readonly [string, string], namespace: (host: string) => string): void {
  ip('link', 'add', devices[0], 'type', 'veth', 'peer', 'name', devices[1]);
  for (const [end, { host, address }] of [
    [devices[0], ends[0]],
    [devices[1], ends[1]],
  ] as const) {
    ip('link', 'set', end, 'netns', namespace(host));
    ip('-n', namespace(host), 'address', 'add', `${address}/24`, 'dev', end);
    ip('-n', namespace(host), 'link', 'set', end, 'up');
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
