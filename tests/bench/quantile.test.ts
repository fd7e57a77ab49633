import { describe, expect, it } from 'vitest';
import { quantile } from '#bench/handshakes.ts';

describe('a quantile', () => {
  it.each([
    [[1], 0.5, 1],
    [[1, 2, 3, 4], 0.5, 3],
    [[1, 2, 3, 4], 0.99, 4],
    [[1, 2, 3, 4], 0, 1],
  ])('of %j at %d is %d', (values, q, expected) => {
    expect(quantile(values, q)).toBe(expected);
  });

  it('of nothing does not exist', () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});
