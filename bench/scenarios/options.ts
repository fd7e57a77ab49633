// What a run was asked for, as every scenario reads it.
import { join } from 'node:path';
import type { TierLabel } from '#broker/tiers.ts';
import type { ScenarioResult } from '../result.ts';
import { type Bench, type Hosts, startBench } from '../system.ts';
import type { Context } from './context.ts';

export interface RunOptions {
  /** Where systems under test are kept. */
  readonly folder: string;
  /** null: what the scenario itself chooses; the same for sessions. */
  readonly tiers: readonly TierLabel[] | null;
  readonly sessions: number | null;
  /** Of each measurement. */
  readonly seconds: number;
  /** Of the soak; null for a short one. */
  readonly hours: number | null;
  /** Delays between client and gateway; a scenario that cannot change them takes the first. */
  readonly roundTripsMs: readonly [number, ...number[]];
  readonly signal: AbortSignal;
  /** @param share 0 to 1 of the running scenario */
  progress(what: string, share: number): void;
}

/** Takes each result as soon as it is there, so that a run that is cut short keeps what it has. */
export type Emit = (result: ScenarioResult) => void;

export type Scenario = (options: RunOptions, emit: Emit) => Promise<void>;

/** Runs `work` on a system of its own, which is stopped whatever happens. @param hosts where it runs, if not here */
export async function withBench(
  { folder, roundTripsMs, seconds, hosts, signal, progress }: RunOptions & { hosts?: Hosts },
  { people, tier }: { people: number; tier: TierLabel },
  work: (context: Context, bench: Bench) => Promise<void>,
): Promise<void> {
  const bench = await startBench({
    ...{ folder: join(folder, 'system'), people, tier, roundTripsMs, signal },
    ...(hosts ? { hosts } : {}),
    say: (line) => progress(line, 0),
  });
  try {
    await work({ bench, seconds, signal, progress }, bench);
  } finally {
    await bench.stop();
  }
}
