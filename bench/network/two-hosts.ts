// Two hosts and a cable between them: `inside` has gateway, broker and agents, `outside` the clients. What happens to the
// cable is the kernel's doing: a token bucket (tbf) at its inner end, packets that are lost at either end (nft numgen).
import { commandOn } from '#lab/host-command.ts';
import { layNetwork, type Network } from '#lab/namespaces.ts';
import { program } from '../peers/placement.ts';
import type { Hosts } from '../system.ts';

/** Set aside for benchmarks (RFC 2544, RFC 6890). */
const [INSIDE, OUTSIDE] = ['198.18.0.1', '198.18.0.2'];
/** What a router at the end of such a line has: a burst of some packets, and a queue that nobody would call short. */
const TBF = ['burst', '16kb', 'latency', '400ms'];
const TABLE = 'telework_loss';

/** Why there cannot be two hosts here; null if there can. */
export function whyNoHosts(): string | null {
  if (process.platform !== 'linux') return 'network namespaces need Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  return program('ip') === null ? 'ip is missing (package iproute2)' : null;
}

export interface TwoHosts extends Hosts {
  /** What leaves `inside` leaves at this rate. @throws Failure in the kernel's own words */
  limit(mbps: number): void;
  /** So many of 1,000 packets are lost as they arrive, at both ends. @throws Failure in the kernel's own words */
  lose(perMille: number): void;
  /** Packets lost since `lose`, at both ends; 0 without it. */
  lost(): number;
  /** Neither limit nor loss. */
  clear(): void;
  remove(): void;
}

/** @throws Failure in ip's own words; nothing is left then */
export function layTwoHosts(): TwoHosts {
  const network = layNetwork(
    { inside: {}, outside: {} },
    [
      {
        ends: [
          { host: 'inside', addresses: [`${INSIDE}/24`] },
          { host: 'outside', addresses: [`${OUTSIDE}/24`] },
        ],
      },
    ],
    {},
  );
  const ends = [endOf(network, 'inside', 0), endOf(network, 'outside', 1)] as const;
  const [inside, outside] = ends;
  try {
    // Else a "packet" has up to 64 KiB: headers that are on no cable would not be counted, and all of it be lost at once.
    for (const { place, device } of ends) commandOn(place, 'ip', ['link', 'set', device, 'gso_max_segs', '1']);
  } catch (error) {
    network.remove();
    throw error;
  }
  const undo: (() => void)[] = [];
  return {
    inside: inside.place,
    outside: outside.place,
    address: INSIDE,
    device: inside.device,
    limit(mbps) {
      const root = ['dev', inside.device, 'root'];
      commandOn(inside.place, 'tc', ['qdisc', 'add', ...root, 'tbf', 'rate', `${mbps}mbit`, ...TBF]);
      undo.push(() => commandOn(inside.place, 'tc', ['qdisc', 'delete', ...root]));
    },
    lose(perMille) {
      for (const { place, device } of ends) {
        commandOn(place, 'nft', ['-f', '-'], lossRules(device, perMille));
        undo.push(() => commandOn(place, 'nft', ['delete', 'table', 'inet', TABLE]));
      }
    },
    lost: () => ends.reduce((sum, { place }) => sum + droppedIn(commandOn(place, 'nft', ['list', 'ruleset'])), 0),
    clear() {
      for (let next = undo.pop(); next; next = undo.pop()) next();
    },
    remove: network.remove,
  };
}

const endOf = (network: Network, host: string, end: 0 | 1) => ({
  place: network.on(host),
  device: network.device(0, end),
});

/** Where a packet arrives: one that is dropped on its way out is no loss to the kernel's TCP, but an error it knows of. */
export const lossRules = (device: string, perMille: number): string => `table inet ${TABLE} {
  chain arriving {
    type filter hook input priority 0; policy accept;
    iifname "${device}" numgen random mod 1000 < ${perMille} counter drop
  }
}
`;

/** @param rules as nft lists them. @returns packets at all counters together */
export function droppedIn(rules: string): number {
  const counters = rules.matchAll(/\bcounter packets (\d{1,15}) bytes \d+/g);
  return [...counters].reduce((sum, [, packets]) => sum + Number(packets), 0);
}
