// How many sessions of the office mix a tier carries until keys become late: doubled until they are, then bisected.
import { availableParallelism } from 'node:os';
import { TIERS, type TierLabel } from '#broker/tiers.ts';
import type { Person } from '../population.ts';
import type { OfficeResult } from '../result.ts';
import type { Bench } from '../system.ts';
import { WORKLOADS, workloadOf } from '../workloads/workloads.ts';
import { bitsPerSecondOf, type Context, measure, probe, warmUp } from './context.ts';

/** p95 key-to-pixel that people take for immediate. */
const LIMIT_MS = 150;
/** In every session: a person who types slowly. */
export const OFFICE_PROBES_PER_SECOND = 5;
/** Beyond this share of all cores the machine is what is measured, not the line. */
const CPU_FULL = 0.85;

type Step = OfficeResult['steps'][number];

/** The people whose sessions are open bound the search. */
export async function office(context: Context, tier: TierLabel): Promise<OfficeResult> {
  const { bench, progress } = context;
  const most = bench.people.length;
  const steps: Step[] = [];
  let [carried, failed] = [0, most + 1];
  for (let sessions = Math.min(4, most); failed - carried > Math.max(1, carried / 16); ) {
    progress(`${tier}: ${sessions} sessions`, steps.length / 10);
    const step = await run(context, tier, sessions);
    steps.push(step);
    if ((step.keyRoundTripMs.p95 ?? Number.POSITIVE_INFINITY) <= LIMIT_MS) carried = sessions;
    else failed = sessions;
    const doubled = failed > most ? Math.min(2 * sessions, most) : Math.floor((carried + failed) / 2);
    if (doubled <= carried) break;
    sessions = doubled;
  }
  const bound = steps.find(({ sessions }) => sessions === failed);
  return {
    scenario: 'office',
    tier,
    mbps: TIERS[tier].mbps,
    baseRoundTripMs: bench.roundTripMs,
    limitMs: LIMIT_MS,
    sessions: carried,
    failedAt: failed > most ? null : failed,
    boundedBy: !bound ? 'sessions' : cpuOf(bound) > CPU_FULL * availableParallelism() ? 'cpu' : 'latency',
    steps,
  };
}

const cpuOf = ({ processes }: Step) => processes.reduce((sum, { cpuShare }) => sum + cpuShare, 0);

async function run(context: Context, tier: TierLabel, sessions: number): Promise<Step> {
  const { bench, seconds } = context;
  const working = bench.people.slice(0, sessions);
  await showOffice(bench, working);
  await warmUp(context);
  const { groups, processes, wireBitsPerSecond } = await measure(context, { working }, seconds);
  await bench.show(working, null);
  await probe(bench, working, 0);
  if (!groups.working) throw new Error('nothing was measured');
  const { keysMs, stalenessMs } = groups.working;
  return {
    sessions,
    keyRoundTripMs: keysMs,
    stalenessMs,
    utilisation: wireBitsPerSecond / bitsPerSecondOf(tier),
    kbitPerSession: wireBitsPerSecond / sessions / 1000,
    processes,
  };
}

/** Everybody at work, in the shares of the mix, and typing now and then. */
export async function showOffice(bench: Bench, people: readonly Person[]): Promise<void> {
  for (const workload of WORKLOADS) {
    const theirs = people.filter((_, i) => workloadOf(i, people.length) === workload);
    if (theirs.length > 0) await bench.show(theirs, workload);
  }
  await probe(bench, people, OFFICE_PROBES_PER_SECOND);
}
