// How full a tier gets, and how late keys and frames are meanwhile: first with nothing on the line, then with one or many
// sessions whose screens always have something new. One more session shows next to nothing and feels the others only.
import { availableParallelism } from 'node:os';
import { TIERS, type TierLabel } from '#broker/tiers.ts';
import { BUCKET_MS } from '../load/samples.ts';
import type { Person } from '../population.ts';
import { OTHERS } from '../processes.ts';
import type { FillResult } from '../result.ts';
import { jain } from '../statistics.ts';
import { bitsPerSecondOf, type Context, measure, probe, setTier, warmUp } from './context.ts';

/** Keys of the session that fills the line; a person types no faster. */
const PROBES_PER_SECOND = 20;
/**
 * A session that filled the line of the tier before by itself has as much under way as that line carries, and gets a
 * twentieth of it from one moment to the next: its queue takes about a second to drain (docs/decisions/0009-window.md).
 */
const BEGIN_MS = 3_000;
/** The quiet part tells one number; half of the time is enough for it. */
const IDLE_SHARE = 0.5;
/** A line counts as full from here; below, the report says what stood in the way. */
const FULL = 0.98;
/** Of one core: so much of other work makes a run worth little. */
const OTHERS_DISTURB = 0.2;
/** Beyond this share of all cores a process waits for one more often than not; the kernel's own part is in no process. */
const CORES_FULL = 0.8;
/** Of the time: a process whose threads had no core for so much of it comes late with its records and acknowledgements. */
const WAITS_LONG = 0.2;

/** @param sessions how many fill the line; the people behind them, and one more, have open sessions */
export async function fill(context: Context, tier: TierLabel, sessions: number): Promise<FillResult> {
  const { bench, seconds, progress } = context;
  const full = bench.people.slice(0, sessions);
  const other = bench.people.slice(sessions, sessions + 1);
  const groups = { full, other };
  const name = `${tier} × ${sessions}`;
  await setTier(context, tier);
  await bench.show(bench.people, null);
  await bench.show(other, 'idle');
  await probe(bench, [...full.slice(0, 1), ...other], PROBES_PER_SECOND);
  await warmUp(context);
  progress(`${name}: idle`, 0.2);
  const idle = await measure(context, groups, seconds * IDLE_SHARE);

  await bench.show(full, 'video', 'saturating');
  await warmUp(context, BEGIN_MS);
  progress(`${name}: full`, 0.5);
  const before = await superseded(context, full);
  const busy = await measure(context, groups, seconds);
  const after = await superseded(context, full);
  await bench.show(full, null);
  await probe(bench, bench.people, 0);
  progress(name, 1);

  const contractBits = bitsPerSecondOf(tier);
  const saturating = busy.groups.full;
  const quiet = busy.groups.other;
  if (!saturating || !quiet || !idle.groups.full || !idle.groups.other) throw new Error('a group was not measured');
  const utilisation = busy.wireBitsPerSecond / contractBits;
  const bits = saturating.wireBytesOverTime.map((bytes) => (bytes * 8_000) / BUCKET_MS);
  return {
    scenario: 'fill',
    tier,
    mbps: TIERS[tier].mbps,
    sessions,
    seconds,
    baseRoundTripMs: bench.roundTripMs,
    utilisation,
    utilisationPeak: Math.max(0, ...bits) / contractBits,
    goodputShare: ((saturating.bytes + quiet.bytes) * 8) / busy.seconds / contractBits,
    keyRoundTripMs: {
      idleP50: idle.groups.full.keysMs.p50,
      idleP99: idle.groups.full.keysMs.p99,
      fullP50: saturating.keysMs.p50,
      fullP99: saturating.keysMs.p99,
      idle: idle.groups.full.keysMs,
      full: saturating.keysMs,
    },
    otherKeyRoundTripMs: {
      idleP99: idle.groups.other.keysMs.p99,
      fullP99: quiet.keysMs.p99,
      idle: idle.groups.other.keysMs,
      full: quiet.keysMs,
    },
    stalenessP95Ms: saturating.stalenessMs.p95,
    stalenessMs: saturating.stalenessMs,
    jain: jain(saturating.bytesPerSession),
    bytesPerSession: saturating.bytesPerSession,
    superseded: after - before,
    processes: busy.processes,
    wireBitsPerSecond: { everyMs: BUCKET_MS, values: bits },
    limitedBy: utilisation >= FULL ? null : limit(busy.processes),
  };
}

async function superseded({ bench }: Context, people: readonly Person[]): Promise<number> {
  return (await bench.windows(people)).reduce((sum, { staleTiles }) => sum + staleTiles, 0);
}

/** A process that used its whole core, all of them together every core, or some that could have run and had none. */
function limit(processes: FillResult['processes']): string {
  const others = processes.find(({ name }) => name === OTHERS)?.cpuShare ?? 0;
  const busiest = processes.filter(({ name }) => name !== OTHERS).toSorted((a, b) => b.cpuShare - a.cpuShare)[0];
  const together = processes.reduce((sum, { cpuShare }) => sum + cpuShare, 0);
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const shares = processes
    .map(({ name, cpuShare, waitShare }) => `${name} ${percent(cpuShare)}, waiting ${percent(waitShare)}`)
    .join('; ');
  if (busiest && busiest.cpuShare > 0.9) return `${busiest.name} used all of a core (${shares})`;
  if (together > CORES_FULL * availableParallelism() && others <= OTHERS_DISTURB)
    return `all ${availableParallelism()} cores were in use (${shares})`;
  if (others > OTHERS_DISTURB) return `other work disturbed this run (${shares})`;
  if (processes.some(({ waitShare }) => waitShare > WAITS_LONG))
    return `the processes waited for each other’s cores (${shares})`;
  return `no core was fully used (${shares}): the window or the line`;
}
