// One session that takes whatever it gets, beside an office at work.
import { TIERS, type TierLabel } from '#broker/tiers.ts';
import type { Person } from '../population.ts';
import type { GreedyResult } from '../result.ts';
import { median } from '../statistics.ts';
import { bitsPerSecondOf, type Context, type Measurement, measure, warmUp } from './context.ts';
import { showOffice } from './office.ts';

type Round = GreedyResult['rounds'][number];

/** A virtual machine is faster in one minute than in the next, so a ratio is of neighbours, and the median of some. */
const ROUNDS = 3;

/** The last of the people is the greedy one. */
export async function greedy(context: Context, tier: TierLabel): Promise<GreedyResult> {
  const { bench } = context;
  const office = bench.people.slice(0, -1);
  const one = bench.people.slice(-1);
  await showOffice(bench, office);
  const rounds: Round[] = [];
  while (rounds.length < ROUNDS) rounds.push(await round(context, tier, { office, one }, rounds.length));
  return {
    scenario: 'greedy',
    tier,
    mbps: TIERS[tier].mbps,
    baseRoundTripMs: bench.roundTripMs,
    officeSessions: office.length,
    rounds,
    ratioP95: median(rounds.flatMap(({ ratioP95 }) => ratioP95 ?? [])),
  };
}

/** @param nth every other round begins with the greedy one */
async function round(
  context: Context,
  tier: TierLabel,
  groups: { office: readonly Person[]; one: readonly Person[] },
  nth: number,
): Promise<Round> {
  const { bench, seconds, progress } = context;
  const once = async (greedy: boolean, share: number): Promise<Measurement> => {
    await bench.show(groups.one, greedy ? 'video' : null, 'saturating');
    await warmUp(context);
    progress(`${greedy ? 'with' : 'without'} the greedy one, ${nth + 1} of ${ROUNDS}`, (nth + share) / ROUNDS);
    return measure(context, groups, seconds);
  };
  const withIsFirst = nth % 2 === 1;
  const first = await once(withIsFirst, 0.25);
  const second = await once(!withIsFirst, 0.75);
  const [without, beside] = withIsFirst ? [second, first] : [first, second];
  const before = without.groups.office?.keysMs;
  const after = beside.groups.office?.keysMs;
  const taken = beside.groups.one?.bytes;
  if (!before || !after || taken === undefined) throw new Error('a group was not measured');
  return {
    without: before,
    with: after,
    ratioP95: before.p95 && after.p95 ? after.p95 / before.p95 : null,
    greedyGoodputShare: (taken * 8) / (bitsPerSecondOf(tier) * beside.seconds),
    utilisation: beside.wireBitsPerSecond / bitsPerSecondOf(tier),
    processes: beside.processes,
  };
}
