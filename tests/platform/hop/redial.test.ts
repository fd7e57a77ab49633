import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backOffMs, REDIAL_FIRST_MS, REDIAL_LEAST_MS, REDIAL_MOST_MS, redial } from '#platform/hop/redial.ts';

describe('the back-off', () => {
  it('doubles its bound up to a ceiling, and is anything below it', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (failures, random) => {
        const bound = Math.min(REDIAL_MOST_MS, REDIAL_FIRST_MS * 2 ** failures);
        const wait = backOffMs(failures, random);
        expect(wait).toBeGreaterThanOrEqual(REDIAL_LEAST_MS);
        expect(wait).toBeLessThanOrEqual(bound);
      }),
    );
  });

  it('spreads a thousand peers evenly over the whole bound (H5)', () => {
    const tenths = new Array<number>(10).fill(0);
    // Evenly spaced, as a thousand independent draws are.
    for (let i = 0; i < 1_000; i++) {
      const tenth = Math.min(9, Math.floor((backOffMs(3, i / 1_000) / (REDIAL_FIRST_MS * 8)) * 10));
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    expect(Math.max(...tenths)).toBeLessThan(115);
    expect(Math.min(...tenths)).toBeGreaterThan(85);
  });
});

describe('redialling', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const start = (once: (signal: AbortSignal) => Promise<void>) => {
    const ends: { error: unknown; waitMs: number }[] = [];
    const stop = redial(once, {
      random: () => 0.5,
      now: () => performance.now(),
      ended: (error, waitMs) => ends.push({ error, waitMs }),
    });
    return { ends, stop };
  };

  it('tries again after each failure, later each time, and tells why', async () => {
    let tries = 0;
    const { ends, stop } = start(async () => {
      throw new Error(`try ${++tries}`);
    });
    await vi.advanceTimersByTimeAsync(525 + 1_025 + 2_025);
    expect(ends.map(({ waitMs }) => waitMs)).toEqual([525, 1_025, 2_025, 4_025]);
    expect(ends[3]?.error).toEqual(new Error('try 4'));
    await stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('begins anew after a link that lived, not after one that two processes with one certificate fight for', async () => {
    const lives = [1_000, 1_000, 1_000, REDIAL_MOST_MS + 1, 1_000];
    const { ends, stop } = start(() => new Promise((resolve) => setTimeout(resolve, lives.shift() ?? 1e9)));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ends.map(({ waitMs }) => waitMs)).toEqual([525, 1_025, 2_025, 525, 1_025]);
    void stop();
  });

  it('stops at once and waits for the link to be over', async () => {
    let over = false;
    const { ends, stop } = start(
      (signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => {
            over = true;
            resolve();
          }),
        ),
    );
    await stop();
    expect(over).toBe(true);
    expect(ends).toEqual([]);
  });
});
