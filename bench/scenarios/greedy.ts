// One session that takes whatever it gets, beside an office at work.
import { TIERS, type TierLabel } from '#broker/tiers.ts';
import type { GreedyResult } from '../result.ts';
import { bitsPerSecondOf, type Context, measure, warmUp } from './context.ts';
import { showOffice } from './office.ts';

/** The last of the people is the greedy one. */
export async function greedy(context: Context, tier: TierLabel): Promise<GreedyResult> {
  const { bench, seconds, progress } = context;
  const office = bench.people.slice(0, -1);
  const one = bench.people.slice(-1);
  await showOffice(bench, office);
  await warmUp(context);
  progress('without', 0.4);
  const without = await measure(context, { office }, seconds);
  await bench.show(one, 'video', 'saturating');
  await warmUp(context);
  progress('with', 0.7);
  const beside = await measure(context, { office, one }, seconds);
  const { office: before } = without.groups;
  const { office: after, one: taken } = beside.groups;
  if (!before || !after || !taken) throw new Error('a group was not measured');
  const bits = bitsPerSecondOf(tier) * beside.seconds;
  const [p95Before, p95After] = [before.keysMs.p95, after.keysMs.p95];
  return {
    scenario: 'greedy',
    tier,
    mbps: TIERS[tier].mbps,
    baseRoundTripMs: bench.roundTripMs,
    officeSessions: office.length,
    without: before.keysMs,
    with: after.keysMs,
    ratioP95: p95Before && p95After ? p95After / p95Before : null,
    greedyGoodputShare: (taken.bytes * 8) / bits,
    utilisation: beside.wireBitsPerSecond / bitsPerSecondOf(tier),
    processes: beside.processes,
  };
}
