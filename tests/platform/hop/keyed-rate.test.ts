import { describe, expect, it } from 'vitest';
import { KeyedRate } from '#platform/hop/keyed-rate.ts';

describe('a rate for each of many (T13, T25)', () => {
  it('refills with time, up to the burst, and leaves nothing in memory', () => {
    let now = 0;
    const rate = new KeyedRate({ perSecond: 2, burst: 4, now: () => now });
    const admitted = () => Array.from({ length: 10 }, () => rate.admit('a')).filter(Boolean).length;
    expect(admitted()).toBe(4);
    now += 500;
    expect(admitted()).toBe(1);
    now += 60_000;
    expect(admitted()).toBe(4);
    for (let i = 0; i < 1_000; i++) rate.admit(`certificate-${i}`);
    now += 60_000;
    rate.admit('b');
    expect(rate.size).toBe(1);
  });

  it('remembers so many and no more, whoever comes from however many addresses', () => {
    const rate = new KeyedRate({ perSecond: 1, burst: 2, now: () => 0 });
    for (let i = 0; i < 20_000; i++) rate.admit(`address-${i}`);
    expect(rate.size).toBe(16_384);
    expect([rate.admit('address-19999'), rate.admit('address-19999')]).toEqual([true, false]);
  });
});
