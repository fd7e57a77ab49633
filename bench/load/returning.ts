// What people do whose session was lost, all of them at the same moment: open the desktop again, and wait longer after each
// try that fails. Each waits a random time, as the processes do that dial again (platform/hop/redial.ts).
import { setTimeout as delay } from 'node:timers/promises';
import { backOffMs } from '#platform/hop/redial.ts';
import type { Returned } from './commands.ts';

/** Then they telephone. */
const TRIES_MAX = 8;
/** No wait is longer than 4 s: a person is more impatient than a process. */
const DOUBLINGS_MAX = 2;

/**
 * @param open one try. @param explained why it failed, in a line. @param random in [0, 1)
 * @returns null if none of the tries succeeded
 */
export async function comeBack(
  open: () => Promise<void>,
  explained: (error: unknown) => string,
  random: () => number,
): Promise<Returned | null> {
  const began = performance.now();
  const failures: string[] = [];
  while (failures.length < TRIES_MAX) {
    await delay(backOffMs(Math.min(failures.length, DOUBLINGS_MAX), random()));
    try {
      await open();
      return { ms: performance.now() - began, tries: failures.length + 1, failures };
    } catch (error) {
      failures.push(explained(error));
    }
  }
  return null;
}
