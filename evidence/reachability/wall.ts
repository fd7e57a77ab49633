// Whoever has root on one host attacks the next one inwards, and what lies behind it: with routes of the attacker's own, from
// inner addresses' neighbours, without the attacker's own rules. The next host's rules are the wall.
import { join } from 'node:path';
import { dropRules, loadRules, type RuledHost } from '#lab/deployment.ts';
import { addressesOf, type HostName } from '#lab/deployment-plan.ts';
import { commandOn } from '#lab/host-command.ts';
import { setForwarding } from '#lab/namespaces.ts';
import { type Captured, capture } from '#lab/tap.ts';
import { scan } from './scan.ts';
import type { Hosts } from './stage.ts';
import { type Swept, sweep, unsolicited } from './sweep.ts';

export interface Wall {
  readonly attacker: 'internet' | 'gateway' | 'broker';
  /** The attacker's device towards the wall. */
  readonly device: string;
  readonly wall: RuledHost;
  /** The wall's addresses on the attacker's cable: the next hop of the attacker's own default routes. */
  readonly nextHops: readonly [v4: string, v6: string];
  /** What of the wall may answer by its rules, such as "203.0.113.10 tcp 443". */
  readonly doors: readonly string[];
  readonly behind: readonly HostName[];
}

export const WALLS = {
  gateway: {
    ...{ attacker: 'internet', device: 'home', wall: 'gateway' },
    nextHops: ['203.0.113.10', '2001:db8:113::10'],
    doors: ['203.0.113.10 tcp 443', '203.0.113.10 tcp 8443'],
    behind: ['broker', 'firewall', 'lgwan', 'office', 'management'],
  },
  broker: {
    ...{ attacker: 'gateway', device: 'inside', wall: 'broker' },
    nextHops: ['192.0.2.20', '2001:db8:2::20'],
    doors: ['192.0.2.20 tcp 443'],
    behind: ['firewall', 'lgwan', 'office'],
  },
  firewall: {
    ...{ attacker: 'broker', device: 'inside', wall: 'firewall' },
    nextHops: ['198.51.100.1', '2001:db8:100::1'],
    doors: [],
    behind: ['lgwan', 'office'],
  },
} as const satisfies Record<RuledHost, Wall>;

/** What must not answer: every inner address, that is, all but the wall's own where it has a door. */
export function innerAddresses({ wall, nextHops, doors, behind }: Wall): string[] {
  const ofWall = addressesOf(wall).filter((address) => doors.length === 0 || !nextHops.includes(address));
  return [...ofWall, ...behind.flatMap(addressesOf)];
}

/** Before the attacker does anything: who of these there is a route to. @returns one line an address */
export function routesTo({ deployed }: Hosts, wall: Wall): Record<string, string> {
  const lookUp = (address: string): string => {
    try {
      return commandOn(deployed.network.on(wall.attacker), 'ip', ['route', 'get', address]).trim().replace(/\s+/g, ' ');
    } catch (error) {
      return (error as Error).message;
    }
  };
  return Object.fromEntries(innerAddresses(wall).map((address) => [address, lookUp(address)]));
}

/** Root's doing: no rules, packets forwarded, everything unknown sent to the wall. @returns undoes it */
export function takeOver({ deployed: { network } }: Hosts, { attacker, nextHops }: Wall): () => void {
  const ip = (...args: string[]) => commandOn(network.on(attacker), 'ip', args);
  const [v4, v6] = nextHops;
  if (attacker !== 'internet') dropRules(network, attacker);
  setForwarding(network.on(attacker));
  ip('route', 'replace', 'default', 'via', v4);
  ip('-6', 'route', 'replace', 'default', 'via', v6);
  return () => {
    ip('route', 'delete', 'default');
    ip('-6', 'route', 'delete', 'default');
    setForwarding(network.on(attacker), false);
    if (attacker !== 'internet') loadRules(network, attacker);
  };
}

export interface Attacked {
  readonly swept: Swept;
  /** What arrived at the hosts of LGWAN meanwhile, but for connections that they had opened. */
  readonly arrived: readonly string[];
  /** Packets that the captures missed. */
  readonly missed: number;
}

/**
 * One scan by the attacker, who has taken over by now, with captures at the attacker's and at LGWAN's devices.
 * @param folder captures and nmap's reports are kept there, their names beginning with `name`
 */
export async function attack(hosts: Hosts, wall: Wall, folder: string, name: string): Promise<Attacked> {
  const { network } = hosts.deployed;
  const open = hosts.agentsConnections();
  const file = (host: string) => join(folder, `${name}-at-${host}.pcap`);
  const points = [
    { host: wall.attacker, device: wall.device },
    { host: 'lgwan', device: 'office' },
    { host: 'office', device: 'office' },
  ] as const;
  const captures = await Promise.all(
    points.map(async ({ host, device }) => ({ host, tap: await capture(network.on(host), device, file(host)) })),
  );
  const targets = innerAddresses(wall);
  const doors = wall.doors.map((door) => door.split(' ', 1)[0] ?? '');
  let captured: { host: HostName; seen: Captured }[];
  try {
    await scan(network.on(wall.attacker), [...targets, ...new Set(doors)], folder, name);
  } finally {
    captured = await Promise.all(captures.map(async ({ host, tap }) => ({ host, seen: await tap.stop() })));
  }
  const [outside, ...inside] = captured;
  return {
    swept: sweep(outside?.seen.packets ?? [], hosts.own(wall.attacker), targets, open),
    arrived: inside.flatMap(({ host, seen }) => unsolicited(seen.packets, hosts.own(host), open)),
    missed: captured.reduce((sum, { seen }) => sum + seen.missed, 0),
  };
}
