import { describe, expect, it } from 'vitest';
import { TokenBucket } from '#protocol/token-bucket.ts';

describe('a token bucket', () => {
  it('lets a burst through at once and says how long the next one is owed', () => {
    const bucket = new TokenBucket(10, 3, 0);
    expect([1, 2, 3].map(() => bucket.take(0))).toEqual([0, 0, 0]);
    expect(bucket.take(0)).toBe(100);
    expect(bucket.take(0)).toBe(200);
  });

  it('gives the full rate for as long as it lasts', () => {
    const bucket = new TokenBucket(10, 1, 0);
    for (let i = 0; i < 1_000; i++) expect(bucket.take(i * 100)).toBe(0);
  });

  it('refills with time, never beyond its depth', () => {
    const bucket = new TokenBucket(10, 2, 0);
    expect(bucket.isFull(0)).toBe(true);
    expect([bucket.takeIfThere(0), bucket.takeIfThere(0), bucket.takeIfThere(0)]).toEqual([true, true, false]);
    expect(bucket.isFull(199)).toBe(false);
    expect(bucket.isFull(3_600_000)).toBe(true);
    expect([1, 2, 3].map(() => bucket.takeIfThere(3_600_000))).toEqual([true, true, false]);
  });

  it('takes nothing when it refuses', () => {
    const bucket = new TokenBucket(1, 1, 0);
    bucket.takeIfThere(0);
    for (let i = 0; i < 100; i++) expect(bucket.takeIfThere(0)).toBe(false);
    expect(bucket.takeIfThere(1_000)).toBe(true);
  });
});
