import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { comeBack } from '#bench/load/returning.ts';

describe('a person whose session was lost', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const explained = (error: unknown) => String(error);

  it('waits before the first try, longer after each that fails, and never longer than 4 s', async () => {
    const at: number[] = [];
    const open = async () => {
      at.push(performance.now());
      if (at.length < 6) throw 'not yet';
    };
    const began = performance.now();
    const back = comeBack(open, explained, () => 0.999);
    await vi.advanceTimersByTimeAsync(60_000);
    const waits = at.map((time, i) => Math.round((time - (at[i - 1] ?? began)) / 100) / 10);
    expect(waits).toEqual([1, 2, 4, 4, 4, 4]);
    expect(await back).toMatchObject({ tries: 6, failures: Array(5).fill('not yet') });
  });

  it('gives up in the end', async () => {
    const back = comeBack(
      () => Promise.reject('never'),
      explained,
      () => 0,
    );
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await back).toBeNull();
  });
});
