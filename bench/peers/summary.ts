// From single runs to the result: medians over the rounds, and ratios of runs that stood in the same round.

import type { RelayResult } from '../result.ts';
import { distribution, median } from '../statistics.ts';
import type { FramesMeasured } from './jobs.ts';
import { canPin, canRunFirst } from './placement.ts';
import { DIRECT, RESIDENCE_TIER, type RunLoad, rateOf, type Step, type Timing } from './plan.ts';
import { FRAME_BYTES } from './records.ts';

export type PeerFacts = RelayResult['peers'][number];
type RunResult = RelayResult['runs'][number];

export interface Run extends Step {
  /** null without a load. */
  measured: FramesMeasured | null;
  probeMs: readonly number[];
}

/** Below this share of its core a relay that should be saturated was waiting for the source or the sink. */
const SATURATED_SHARE = 0.95;

/** @param facts of every peer, ours first, the missing ones too */
export function summarise(
  facts: readonly PeerFacts[],
  runs: readonly Run[],
  residenceMs: readonly number[],
  timing: Timing,
): RelayResult {
  const ids = facts.map(({ id }) => id);
  const results = runs.filter(({ peer }) => peer !== DIRECT).flatMap((run) => resultOf(run));
  const loads = [...new Set(results.map(({ load }) => load))];
  const perPeer = <T>(of: (id: string) => T | null) => Object.fromEntries(ids.map((id) => [id, of(id)]));
  const probesAt = (load: RunLoad) =>
    perPeer((id) => samplesOf(runs.filter((run) => run.peer === id && run.load === load).map((run) => run.probeMs)));
  return {
    scenario: 'relay',
    cpuSecondsPerGB: perPeer((id) =>
      median(results.filter(({ peer, load }) => peer === id && load === 'saturated').map((run) => run.cpuSecondsPerGB)),
    ),
    peers: [...facts],
    runs: results,
    ratios: Object.fromEntries(loads.map((load) => [load, perPeer((id) => ratioTo(id, load, results))])),
    probeMs: { idle: probesAt('idle'), saturated: probesAt('saturated') },
    residenceMs: residenceMs.length > 0 ? distribution(residenceMs) : null,
    oneWayMs: Object.fromEntries([DIRECT, ...ids].map((id) => [id, oneWayOf(id, runs)])),
    method: {
      recordBytes: FRAME_BYTES,
      secondsPerRun: timing.measureMs / 1000,
      rounds: timing.rounds,
      pinned: canPin(),
      probesFirst: canRunFirst(),
      certificates: 'RSA-3072',
      suite: 'TLS 1.3, AES-256-GCM',
    },
  };
}

function resultOf({ peer, load, round, measured }: Run): RunResult[] {
  if (!measured || measured.bytes === 0) return [];
  const { bytes, seconds, cpuSeconds, residentBytes } = measured;
  const cpuShare = cpuSeconds / seconds;
  const mbps = rateOf(load);
  return [
    {
      peer,
      load,
      round,
      bytes,
      seconds,
      cpuSeconds,
      cpuSecondsPerGB: (cpuSeconds / bytes) * 1e9,
      cpuShare,
      generatorBound: mbps === null && cpuShare < SATURATED_SHARE,
      carriedShare: mbps === null ? null : (bytes * 8) / seconds / (mbps * 1e6),
      residentMiB: residentBytes / 2 ** 20,
    },
  ];
}

/** @returns the median over the rounds of ours / theirs; null for ourselves and without a round that has both */
function ratioTo(id: string, load: string, results: readonly RunResult[]): number | null {
  if (id === 'us') return null;
  const at = results.filter((run) => run.load === load);
  const ratios = at
    .filter(({ peer }) => peer === 'us')
    .flatMap((ours) =>
      at
        .filter(({ peer, round }) => peer === id && round === ours.round)
        .map((theirs) => ours.cpuSecondsPerGB / theirs.cpuSecondsPerGB),
    );
  return median(ratios);
}

function oneWayOf(id: string, runs: readonly Run[]) {
  const there = runs.filter((run) => run.peer === id && run.load === RESIDENCE_TIER);
  return samplesOf(there.map(({ measured }) => measured?.oneWayMs ?? []));
}

function samplesOf(parts: readonly (readonly number[])[]) {
  const all = parts.flat();
  return all.length > 0 ? distribution(all) : null;
}
