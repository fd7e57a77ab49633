// Keeps one dialled link up: dial, live, wait, dial again.

/** The first wait is at most this long; it doubles with each failure in a row. */
export const REDIAL_FIRST_MS = 1_000;
/** A peer that refuses at once is not asked in a loop. */
export const REDIAL_LEAST_MS = 50;
export const REDIAL_MOST_MS = 30_000;

export interface RedialOptions {
  /** In [0, 1). */
  random(): number;
  /** A monotonic clock in ms. */
  now(): number;
  /** Told after each end with what `once` threw (undefined if it just ended) and the wait before the next try. */
  ended(error: unknown, waitMs: number): void;
}

/**
 * Full jitter: after a restart all who were there come back, and no two moments of the wait shall see more of them than
 * any other (H5, T25).
 * @param failures in a row, 0 for the first
 * @param random in [0, 1)
 * @returns ms to wait, anything up to the doubled bound
 */
export function backOffMs(failures: number, random: number): number {
  const most = Math.min(REDIAL_MOST_MS, REDIAL_FIRST_MS * 2 ** Math.min(failures, 16));
  return Math.round(REDIAL_LEAST_MS + random * (most - REDIAL_LEAST_MS));
}

/**
 * Runs `once` for ever: it dials, uses the link, and resolves or rejects when the link is over. A link that lived longer
 * than the longest wait counts as a success and the waits begin anew.
 * @param once gets a signal that tells it to give up
 * @returns stops it: aborts the signal, and resolves when `once` is over
 */
export function redial(once: (signal: AbortSignal) => Promise<void>, options: RedialOptions): () => Promise<void> {
  const stopping = new AbortController();
  const run = async () => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const began = options.now();
      let error: unknown;
      try {
        await once(stopping.signal);
      } catch (reason) {
        error = reason;
      }
      if (stopping.signal.aborted) return;
      if (options.now() - began > REDIAL_MOST_MS) failures = 0;
      const waitMs = backOffMs(failures++, options.random());
      options.ended(error, waitMs);
      await sleep(waitMs, stopping.signal);
    }
  };
  const running = run();
  return () => {
    stopping.abort();
    return running;
  };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
