// Where the processes listen by the configuration in deploy/, and what the papers say about it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FILES = ['gateway.json', 'broker.json', 'agent.json'];
const LOOPBACK = /^(?:127\.|::1$|localhost$)/;

export interface Configured {
  /** "203.0.113.10:443": every address and port in the three files that another host could reach */
  readonly reachable: readonly string[];
  /** Ports on loopback, "127.0.0.1:9464". */
  readonly loopback: readonly string[];
  /** "state/admin.sock" */
  readonly sockets: readonly string[];
  /** "wss://broker.asp.example.jp": what a process dials */
  readonly dialled: readonly string[];
}

/** Whatever has a host and a port in it counts, so that a key that is added later is found, too. */
export function endpointsOf(configurations: readonly unknown[]): Configured {
  const found = { addresses: new Set<string>(), sockets: new Set<string>(), dialled: new Set<string>() };
  const walk = (value: unknown, key: string) => {
    if (typeof value === 'string') {
      if (value.endsWith('.sock')) found.sockets.add(value);
      if (key === 'url') found.dialled.add(value);
    } else if (typeof value === 'object' && value !== null) {
      const { host, port } = value as { host?: unknown; port?: unknown };
      if (typeof host === 'string' && typeof port === 'number') found.addresses.add(`${host}:${port}`);
      for (const [name, member] of Object.entries(value)) walk(member, name);
    }
  };
  for (const configuration of configurations) walk(configuration, '');
  const addresses = [...found.addresses].sort();
  return {
    reachable: addresses.filter((address) => !LOOPBACK.test(address)),
    loopback: addresses.filter((address) => LOOPBACK.test(address)),
    sockets: [...found.sockets].sort(),
    dialled: [...found.dialled].sort(),
  };
}

export function readConfigured(root: string): Configured {
  return endpointsOf(FILES.map((name) => JSON.parse(readFileSync(join(root, 'deploy', name), 'utf8'))));
}

/** The rows of the table that have an address and a port: "| 1 | … | 203.0.113.10 | TCP 443 |". */
export function tabled(table: string): string[] {
  const rows = [...table.matchAll(/^\|[^\n]*\| ([\w.:-]+) \| TCP (\d+) \|/gm)];
  return [...new Set(rows.map(([, host, port]) => `${host}:${port}`))].sort();
}

export function drawn(svg: string): string[] {
  return [...new Set([...svg.matchAll(/\d+\.\d+\.\d+\.\d+:\d+/g)].map(([address]) => address))].sort();
}

/** @returns a line for each difference */
export function differences(what: string, said: readonly string[], configured: readonly string[]): string[] {
  return [
    ...configured.filter((address) => !said.includes(address)).map((address) => `${what}: lacks ${address}`),
    ...said.filter((address) => !configured.includes(address)).map((address) => `${what}: has ${address} besides`),
  ];
}
