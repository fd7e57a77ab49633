// A system command on one of the lab's hosts, such as ip or nft, run to its end.
import { execFileSync } from 'node:child_process';
import { Failure } from '#platform/process/exit.ts';
import type { Place } from './process.ts';

const COMMAND_MAX_MS = 5_000;

/** @returns its stdout. @throws Failure with the first line that it wrote to stderr */
export function commandOn(place: Place, program: string, args: readonly string[], input = ''): string {
  const [first, rest] = place(program, args);
  try {
    return execFileSync(first, rest, { input, timeout: COMMAND_MAX_MS, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: Buffer | string };
    const words = String(stderr ?? '').trim() || message;
    throw new Failure(words.split('\n', 1)[0] ?? words, 3);
  }
}
