// What people do whose session was lost, all of them at the same moment: open the desktop again, and wait longer after each
// try that fails. Each waits a random time, as the processes do that dial again (platform/hop/redial.ts).
import { backOffMs } from '#platform/hop/redial.ts';
import type { Returned } from './commands.ts';

/** Then they telephone. */
const TRIES_MAX = 8;
/** No wait is longer than 4 s: a person is more impatient than a process. */
const DOUBLINGS_MAX = 2;

export interface ReturningParts {
  /** One try. */
  open(): Promise<void>;
  /** Why it failed, in a line. */
  explained(error: unknown): string;
  /** In [0, 1). */
  random(): number;
  wait(ms: number): Promise<unknown>;
  /** A monotonic clock, ms. */
  now(): number;
}

/** @returns null if none of the tries succeeded */
export async function comeBack({ open, explained, random, wait, now }: ReturningParts): Promise<Returned | null> {
  const began = now();
  const failures: string[] = [];
  while (failures.length < TRIES_MAX) {
    await wait(backOffMs(Math.min(failures.length, DOUBLINGS_MAX), random()));
    try {
      await open();
      return { ms: now() - began, tries: failures.length + 1, failures };
    } catch (error) {
      failures.push(explained(error));
    }
  }
  return null;
}
