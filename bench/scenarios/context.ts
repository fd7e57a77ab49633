// What every scenario is given: the system under test, how long to measure, how to say where it is, and when to stop.
import { setTimeout as delay } from 'node:timers/promises';
import { TIERS, type TierLabel } from '#broker/tiers.ts';
import { Failure } from '#platform/process/exit.ts';
import type { LoadAnswers } from '../load/commands.ts';
import type { Measured } from '../load/samples.ts';
import { type DeviceCount, sinceThen } from '../network/device.ts';
import type { Person } from '../population.ts';
import type { ProcessUse } from '../result.ts';
import type { Bench } from '../system.ts';

export interface Context {
  readonly bench: Bench;
  /** Of each measurement. */
  readonly seconds: number;
  readonly signal: AbortSignal;
  /** @param share 0 to 1 of the running scenario */
  progress(what: string, share: number): void;
}

/** Congestion control and averages have to find their level before anything counts. */
const WARM_UP_MS = 1_500;

/** Waits, unless the run is stopped or a process of it ends. @throws Failure then */
export async function pause({ bench, signal }: Pick<Context, 'bench' | 'signal'>, ms: number): Promise<void> {
  const over = new AbortController();
  const waiting = delay(ms, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => {
    throw new Failure('stopped');
  });
  waiting.catch(() => {}); // nobody waits for it any more once the system is broken
  try {
    await Promise.race([waiting, bench.broken]);
  } finally {
    over.abort();
  }
}

export const warmUp = (context: Context, ms = WARM_UP_MS): Promise<void> => pause(context, ms);

/** From the signal to the new line; the broker reads one small file. */
const LINE_TAKEN_OVER_MS = 50;

/** Resolves when the line has the tier. */
export async function setTier(context: Context, tier: TierLabel): Promise<void> {
  const { system } = context.bench;
  system.setLine({ tier });
  process.kill(system.processes.broker.pid, 'SIGHUP');
  await pause(context, LINE_TAKEN_OVER_MS);
}

export const bitsPerSecondOf = (tier: TierLabel): number => TIERS[tier].mbps * 1e6;

/** @throws Failure naming the first that did not get in */
export async function signInAndOpen({ bench, progress }: Context, people: readonly Person[]): Promise<void> {
  const BATCH = 40;
  for (let first = 0; first < people.length; first += BATCH) {
    const users = people.slice(first, first + BATCH).map(({ user }) => user);
    for (const command of ['sign-in', 'open'] as const) {
      const { failures } = await bench.load(command, { users });
      if (failures[0]) throw new Failure(`${failures.length} of ${users.length} sessions failed: ${failures[0]}`);
    }
    progress('sessions', Math.min(1, (first + BATCH) / people.length));
  }
}

export interface Measurement {
  seconds: number;
  /** On the broker's egress towards the gateway, by its own count. */
  wireBitsPerSecond: number;
  /** The same in bytes, and the time between its two readings. */
  wireBytes: number;
  wireSeconds: number;
  /** Of the cable meanwhile; null where there is none. */
  device: DeviceCount | null;
  groups: Record<string, Measured>;
  stalls: LoadAnswers['measure-end']['stalls'];
  processes: ProcessUse[];
}

/** Measures these groups for so many seconds. @throws Failure if a session was lost meanwhile */
export async function measure(
  context: Context,
  groups: Readonly<Record<string, readonly Person[]>>,
  seconds: number,
  during: () => Promise<void> = async () => {},
): Promise<Measurement> {
  const { bench } = context;
  const names = Object.entries(groups).map(([group, people]) => [group, people.map(({ user }) => user)]);
  await bench.load('measure-begin', { groups: Object.fromEntries(names) });
  const watched = bench.watch();
  const before = await bench.egress();
  await Promise.all([pause(context, seconds * 1000), during()]);
  const after = await bench.egress();
  const processes = watched.use();
  const measured = await bench.load('measure-end', null);
  const { lost } = await bench.load('status', null);
  const [first] = Object.entries(lost);
  if (first) throw new Failure(`${Object.keys(lost).length} sessions were lost, ${first[0]} with ${first[1]}`);
  const wireBytes = after.bytes - before.bytes;
  const wireSeconds = (after.atUs - before.atUs) / 1e6;
  const wireBitsPerSecond = (wireBytes * 8) / wireSeconds;
  const device = after.device && before.device ? sinceThen(after.device, before.device) : null;
  return { ...measured, wireBitsPerSecond, wireBytes, wireSeconds, device, processes };
}

export const probe = (bench: Bench, people: readonly Person[], perSecond: number) =>
  bench.load('probe', { users: people.map(({ user }) => user), perSecond });
