// The contract changes while a session fills the line: down, and up again. How long until late frames are fresh again,
// and until the regained rate is used.
import { TIERS, type TierLabel } from '#broker/tiers.ts';
import { BUCKET_MS } from '../load/samples.ts';
import type { StepResult } from '../result.ts';
import { type Context, measure, pause, setTier, warmUp } from './context.ts';

/** Regained: this share of the rate over two buckets. Settled: frames no older than this. */
const REGAINED_SHARE = 0.95;
const SETTLED_MS = 250;

export async function step(context: Context, high: TierLabel, low: TierLabel): Promise<StepResult> {
  const { bench, seconds, progress } = context;
  const one = bench.people.slice(0, 1);
  await bench.show(one, 'video', 'saturating');
  await warmUp(context);
  progress(high, 0.2);
  const began = performance.now();
  const changedAtMs: number[] = [0];
  const change = async (tier: TierLabel) => {
    changedAtMs.push(performance.now() - began);
    await setTier(context, tier);
    progress(tier, changedAtMs.length / 3);
    await pause(context, seconds * 1000);
  };
  const { groups, processes } = await measure(context, { one }, 3 * seconds, async () => {
    await pause(context, seconds * 1000);
    await change(low);
    await change(high);
  });
  if (!groups.one) throw new Error('nothing was measured');
  const { wireBytesOverTime, stalenessOverTime } = groups.one;
  const bits = wireBytesOverTime.map((bytes) => (bytes * 8_000) / BUCKET_MS);
  const [, downAt = 0, upAt = 0] = changedAtMs;
  return {
    scenario: 'step',
    tiers: [high, low, high],
    baseRoundTripMs: bench.roundTripMs,
    changedAtMs,
    wireBitsPerSecond: { everyMs: BUCKET_MS, values: bits },
    stalenessP95Ms: { everyMs: BUCKET_MS, values: stalenessOverTime },
    regainedMs: regained(bits, upAt, TIERS[high].mbps * 1e6),
    settledMs: settled(stalenessOverTime, downAt, upAt),
    processes,
  };
}

/** @returns from `sinceMs` to the end of the first two buckets that carry the rate together; null if none do */
export function regained(bits: readonly number[], sinceMs: number, rate: number): number | null {
  for (let i = Math.ceil(sinceMs / BUCKET_MS); i + 1 < bits.length; i++) {
    const mean = ((bits[i] ?? 0) + (bits[i + 1] ?? 0)) / 2;
    if (mean >= REGAINED_SHARE * rate) return (i + 2) * BUCKET_MS - sinceMs;
  }
  return null;
}

/** @returns from `sinceMs` to the first bucket from which on no frame was late until `untilMs`; null if there is none */
export function settled(staleness: readonly number[], sinceMs: number, untilMs: number): number | null {
  const first = Math.ceil(sinceMs / BUCKET_MS);
  const during = staleness.slice(first, Math.floor(untilMs / BUCKET_MS));
  const lastLate = during.findLastIndex((ms) => ms > SETTLED_MS);
  return during.length === 0 || lastLate === during.length - 1 ? null : (first + lastLate + 1) * BUCKET_MS - sinceMs;
}
