// Which run follows which. Rounds are interleaved (A B C, C B A, …): a shared machine has fast and slow minutes, so only
// runs that stand beside each other are compared.

import { TIER_LABELS, TIERS, type TierLabel } from '#broker/tiers.ts';

/** idle: probes only. saturated: as much as the relay takes. A tier: its rate, in records. */
export type RunLoad = 'idle' | 'saturated' | TierLabel;

/** @returns Mbit/s; null for a load that no tier limits */
export const rateOf = (load: RunLoad): number | null =>
  load === 'idle' || load === 'saturated' ? null : TIERS[load].mbps;

export interface Step {
  peer: string;
  load: RunLoad;
  round: number;
  /** Not counted: the first records of a relay in JavaScript are met by code that is not compiled yet. */
  warmUp?: true;
}

export interface Timing {
  /** Saturated. */
  rounds: number;
  tierRounds: number;
  /** Probes through a relay that has nothing else to do. */
  idleRounds: number;
  warmUpMs: number;
  measureMs: number;
  tiers: readonly TierLabel[];
}

/** With all peers about 90 s. */
export const FULL: Timing = {
  rounds: 3,
  tierRounds: 3,
  idleRounds: 1,
  warmUpMs: 150,
  measureMs: 450,
  tiers: TIER_LABELS,
};

/** With all peers about 25 s. */
export const QUICK: Timing = {
  rounds: 2,
  tierRounds: 1,
  idleRounds: 0,
  warmUpMs: 100,
  measureMs: 350,
  tiers: ['10Mbps', '100Mbps'],
};

/** For figures that are published: with all peers about 8 min. */
export const THOROUGH: Timing = {
  rounds: 5,
  tierRounds: 5,
  idleRounds: 2,
  warmUpMs: 300,
  measureMs: 2_000,
  tiers: TIER_LABELS,
};

/** Those that a rate-limited comparison is about; at RESIDENCE_TIER everybody runs. */
const AT_EVERY_TIER: readonly string[] = ['us', 'nginx', 'haproxy'];
export const RESIDENCE_TIER = '100Mbps';
/** The way without a relay. */
export const DIRECT = 'direct';

/** @param peers by id, ours first */
export function planOf(peers: readonly string[], { rounds, tierRounds, idleRounds, tiers }: Timing): Step[] {
  const there = (id: string) => peers.includes(id);
  return [
    ...peers.map((peer): Step => ({ peer, load: 'saturated', round: 0, warmUp: true })),
    ...interleaved(peers, 'idle', idleRounds),
    ...interleaved(peers, 'saturated', rounds),
    ...tiers.flatMap((tier) => {
      const some = tier === RESIDENCE_TIER ? [DIRECT, ...peers] : AT_EVERY_TIER.filter(there);
      return interleaved(some, tier, tierRounds);
    }),
  ];
}

function interleaved(peers: readonly string[], load: RunLoad, rounds: number): Step[] {
  return Array.from({ length: rounds }, (_, round) =>
    (round % 2 === 0 ? peers : peers.toReversed()).map((peer) => ({ peer, load, round })),
  ).flat();
}
