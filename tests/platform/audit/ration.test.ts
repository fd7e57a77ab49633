import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Ration, Rations } from '#platform/audit/ration.ts';

describe('rationed events (T13, T25)', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const rationed = () => {
    const written: string[] = [];
    const ration = new Ration({ perSecond: 1, burst: 3, now: () => performance.now() });
    const knock = (times: number) => {
      for (let i = 0; i < times; i++) ration.spend((more) => written.push(more));
    };
    return { written, knock };
  };

  it('are written one by one up to the burst, then counted, and the count comes with the next', async () => {
    const { written, knock } = rationed();
    knock(10);
    expect(written).toEqual(['', '', '']);
    await vi.advanceTimersByTimeAsync(1_000);
    knock(1);
    expect(written.at(-1)).toBe(' (7 more were not written one by one)');
  });

  it('are told of although nothing comes after the flood: the last of them, with the count of the others', async () => {
    const { written, knock } = rationed();
    knock(10);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(written).toEqual(['', '', '', ' (6 more were not written one by one)']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(written.length).toBe(4);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of one kind do not hide those of another', () => {
    const written: string[] = [];
    const rations = new Rations({ perSecond: 1, burst: 3, now: () => performance.now() });
    for (let i = 0; i < 100; i++) rations.spend('flood', () => written.push('flood'));
    rations.spend('rare', () => written.push('rare'));
    expect(written).toEqual(['flood', 'flood', 'flood', 'rare']);
  });

  it('add up: what was written and what is told is all that came', async () => {
    const { written, knock } = rationed();
    for (const times of [1, 5, 2, 40, 1]) {
      knock(times);
      await vi.advanceTimersByTimeAsync(1_700);
    }
    await vi.advanceTimersByTimeAsync(60_000);
    const told = written.reduce((sum, more) => sum + 1 + Number(/\((\d+) more/.exec(more)?.[1] ?? 0), 0);
    expect(told).toBe(49);
  });
});
