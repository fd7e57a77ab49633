// The life of a process that serves: start, a clean stop, one line when something is wrong.
import { setTimeout as delay } from 'node:timers/promises';
import { exitCodeOf, lineOf } from './exit.ts';

/** One stop function that hangs must not keep the others from running. */
const STOP_STEP_MAX_MS = 5_000;

export interface Life {
  /** Registers what to undo at the end. Undone last first, each once, whatever ended the process. */
  onStop(stop: () => Promise<void> | void): void;
  /** Aborted when the stop begins. */
  readonly stopping: AbortSignal;
  /** Ends the process because of something found while it runs: one line, every stop function, exit 1. */
  fail(error: unknown): void;
}

/**
 * Runs `main`, which sets up and returns; the process then lives until SIGINT, SIGTERM or a failure. A second signal
 * during the stop ends it at once. An uncaught error still runs the stop functions, since keys held down at a desktop
 * must be let go, and then exits 1.
 *
 * With TW_STOP_WITH_STDIN=1 the end of stdin stops it as well, so that whoever spawned it can die without orphans.
 */
export function runProcess(name: string, main: (life: Life) => Promise<void>): void {
  const stops: (() => Promise<void> | void)[] = [];
  const stopping = new AbortController();

  async function end(exitCode: number): Promise<void> {
    if (stopping.signal.aborted) return;
    stopping.abort();
    let worst = exitCode;
    for (let stop = stops.pop(); stop; stop = stops.pop()) {
      try {
        await withinTime(stop);
      } catch (error) {
        say(error);
        worst ||= 1;
      }
    }
    process.exit(worst);
  }

  function say(error: unknown): void {
    process.stderr.write(`${name}: ${lineOf(error)}\n`);
  }

  function fail(error: unknown): void {
    say(error);
    void end(exitCodeOf(error));
  }

  function signalled(): void {
    if (stopping.signal.aborted) process.exit(1);
    void end(0);
  }

  // Whoever read our lines may be gone. Unheard, the error would be uncaught, and saying that would raise it again.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
  process.on('SIGINT', signalled);
  process.on('SIGTERM', signalled);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  if (process.env.TW_STOP_WITH_STDIN === '1') {
    process.stdin.on('end', () => void end(0)).on('error', () => void end(0));
    process.stdin.resume();
  }

  const life: Life = { onStop: (stop) => stops.push(stop), stopping: stopping.signal, fail };
  void Promise.resolve()
    .then(() => main(life))
    .catch(fail);
}

async function withinTime(stop: () => Promise<void> | void): Promise<void> {
  const cancel = new AbortController();
  const late = delay(STOP_STEP_MAX_MS, null, { signal: cancel.signal }).then(() => {
    throw new Error(`a stop step took longer than ${STOP_STEP_MAX_MS} ms`);
  });
  late.catch(() => {}); // cancelled when the step was in time
  try {
    await Promise.race([Promise.resolve(stop()), late]);
  } finally {
    cancel.abort();
  }
}
