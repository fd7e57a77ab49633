// Where a process runs: on which core, how urgently, and that it ends with the benchmark.
import { accessSync, constants } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** The relay has a core of its own, so that its cost is not mixed with that of the load. */
export type Placement = 'relay' | 'load' | 'probe';

const CORES: Readonly<Record<Placement, string>> = { relay: '1', load: '0', probe: '0' };

/**
 * Before what else the machine does, or its wake-ups are on the relay's bill; and probes before the load, or they wait
 * behind it on their own core and measure that.
 */
const NICENESS: Readonly<Record<Placement, string>> = { relay: '-10', load: '-10', probe: '-15' };

/** @returns the absolute path of a program of the system, or null */
export function program(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export const canPin = (): boolean => availableParallelism() > 1 && program('taskset') !== null;

/** Only root may. */
export const canRunFirst = (): boolean => process.getuid?.() === 0 && program('nice') !== null;

/** @returns the command line that runs `name` at its place; each of these programs becomes the next, under one pid */
export function placed(placement: Placement, name: string, args: readonly string[]): [string, string[]] {
  const line = [
    // If the benchmark is killed, what it started must not stay behind.
    ...(program('setpriv') ? ['setpriv', '--pdeathsig', 'KILL', '--'] : []),
    ...(canPin() ? ['taskset', '-c', CORES[placement]] : []),
    ...(canRunFirst() ? ['nice', '-n', NICENESS[placement]] : []),
    name,
    ...args,
  ];
  return [line[0] as string, line.slice(1)];
}
