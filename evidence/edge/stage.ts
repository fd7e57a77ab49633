// The common ground of this topic: the real gateway and broker with their own default limits, and hundreds of people at
// bench's desktops. A crowd works behind one line and one address, as a municipality does; witnesses come from an address
// each and press keys all the time; a few have certificates and mean no good.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadAnswers, LoadCommand } from '#bench/load/commands.ts';
import type { Person } from '#bench/population.ts';
import { type Bench, startBench } from '#bench/system.ts';
import { type Running, start } from '#lab/process.ts';
import { callLocal } from '#platform/process/local-call.ts';
import type { Stage } from '../proof.ts';
import type { Flood } from './flood/config.ts';
import { runScript } from './script.ts';

const CROWD = 80;
const WITNESSES = 20;
const HOSTILE = 4;
/** Of each witness. */
export const KEYS_PER_SECOND = 4;
const OPEN_MAX_MS = 20_000;

export interface Edge {
  readonly bench: Bench;
  /** Users, by what they are here for. */
  readonly crowd: readonly string[];
  readonly witnesses: readonly string[];
  readonly hostile: readonly Person[];
  /** The load process of the witnesses; the crowd's is bench's own. */
  witness<C extends LoadCommand>(command: C, body: object | null): Promise<LoadAnswers[C]>;
  /** Runs floods side by side in a process of their own. @returns what each counted */
  floods<Counts extends readonly unknown[]>(...floods: { [I in keyof Counts]: Flood }): Promise<Counts>;
  /** A folder of this stage's own. */
  folder(name: string): string;
  /** Writes JSON into one. @returns its path */
  file(name: string, content: object): string;
  readonly signal: AbortSignal;
  down(): Promise<void>;
}

export const edgeStage: Stage<Edge> = { name: 'edge', up: bringUp, down: (edge) => edge.down() };

async function bringUp(folder: string, signal: AbortSignal): Promise<Edge> {
  const bench = await startBench({
    folder: join(folder, 'system'),
    people: CROWD + WITNESSES + HOSTILE,
    tier: '1Gbps',
    roundTripsMs: [2],
    edge: {},
    signal,
    say: () => {},
  });
  const own = (name: string) => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  const file = (name: string, content: object) => {
    const path = join(own(dirname(name)), basename(name));
    writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
    return path;
  };
  let witnessing: Running | null = null;
  const down = async () => {
    await witnessing?.stop();
    await bench.stop();
  };
  try {
    const users = bench.people.map(({ user }) => user);
    const crowd = users.slice(0, CROWD);
    const witnesses = users.slice(CROWD, CROWD + WITNESSES);
    for (const user of witnesses)
      cpSync(join(bench.credentials, user), join(own('witnesses'), user), { recursive: true });
    const socket = join(own('witness'), 'load.sock');
    const load = { gateway: bench.system.gateway, via: null, addresses: WITNESSES, stamped: true, socket };
    const config = file('witness/load.json', { ...load, credentials: own('witnesses') });
    const log = join(own('witness'), 'load.log');
    witnessing = await start('witness', 'bench/load/main.ts', ['--config', config], log, { signal });
    const witness: Edge['witness'] = (command, body) => callLocal(socket, command, body) as never;
    await Promise.all([
      everybodyIn((command, body) => bench.load(command, body), crowd),
      everybodyIn(witness, witnesses),
    ]);
    await witness('probe', { users: witnesses, perSecond: KEYS_PER_SECOND });
    return {
      ...{ bench, crowd, witnesses, witness, signal, down },
      hostile: bench.people.slice(CROWD + WITNESSES),
      folder: own,
      file,
      async floods(...floods) {
        return runScript(['evidence/edge/flood/main.ts', '--floods', JSON.stringify(floods)], signal);
      },
    };
  } catch (error) {
    await down();
    throw error;
  }
}

/** @throws Error if one cannot sign in and open the desktop: then nothing that follows would prove anything */
async function everybodyIn(load: Edge['witness'], users: readonly string[]): Promise<void> {
  for (const command of ['sign-in', 'open'] as const) {
    const { failures } = await load(command, { users });
    if (failures.length > 0) throw new Error(`${failures.length} of ${users.length} failed: ${failures[0]}`);
  }
}

/** Waits until every one of them works at the desktop. @returns how long that took, ms; null if it did not happen */
export async function untilOpen(load: Edge['witness'], count: number): Promise<number | null> {
  const began = performance.now();
  while (performance.now() - began < OPEN_MAX_MS) {
    const { open } = await load('status', null);
    if (open === count) return performance.now() - began;
    await delay(100);
  }
  return null;
}
