import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distribution, jain, median, quantile } from '#bench/statistics.ts';

const samples = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 });

describe('a quantile', () => {
  it.each([
    [[1], 0.5, 1],
    [[1, 2, 3, 4], 0.5, 2],
    [[1, 2, 3, 4], 0.75, 3],
    [[1, 2, 3, 4], 0.76, 4],
    [[1, 2, 3, 4], 0, 1],
    [[1, 2, 3, 4], 1, 4],
    // The nearest-rank example of the textbooks: 15, 20, 35, 40, 50.
    [[15, 20, 35, 40, 50], 0.3, 20],
    [[15, 20, 35, 40, 50], 0.4, 20],
    [[15, 20, 35, 40, 50], 0.5, 35],
  ])('of %j at %d is %d', (values, q, expected) => {
    expect(quantile(values, q)).toBe(expected);
  });

  it('of nothing does not exist', () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });

  it('is a sample that at least that share does not exceed', () => {
    fc.assert(
      fc.property(samples, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, q) => {
        const sorted = values.toSorted((a, b) => a - b);
        const found = quantile(sorted, q);
        const notAbove = values.filter((value) => value <= found).length;
        const below = values.filter((value) => value < found).length;
        expect(notAbove / values.length).toBeGreaterThanOrEqual(q - 1e-9);
        expect(below / values.length).toBeLessThan(q + 1e-9);
      }),
    );
  });
});

describe('a distribution', () => {
  it('has the quantiles of all samples, in any order', () => {
    const values = Array.from({ length: 1_000 }, (_, i) => 1_000 - i);
    expect(distribution(values)).toMatchObject({ count: 1_000, p50: 500, p90: 900, p95: 950, p99: 990, max: 1_000 });
  });

  it('of no sample says so instead of zero', () => {
    const nothing = { count: 0, p50: null, p90: null, p95: null, p99: null, max: null, percentiles: [] };
    expect(distribution([])).toEqual(nothing);
  });

  it('never falls from one percentile to the next', () => {
    fc.assert(
      fc.property(samples, (values) => {
        const { percentiles } = distribution(values);
        expect(percentiles).toHaveLength(101);
        expect(percentiles).toEqual(percentiles.toSorted((a, b) => a - b));
      }),
    );
  });
});

describe("Jain's index", () => {
  it.each([
    [[5, 5, 5, 5], 1],
    [[1, 0, 0, 0], 0.25],
    [[1, 2, 3], 36 / 42],
    [[0, 0], 1],
  ])('of %j is %d', (shares, expected) => {
    expect(jain(shares)).toBeCloseTo(expected, 12);
  });

  it('of one share does not exist: it is fair to nobody', () => {
    expect(jain([7])).toBeNull();
    expect(jain([])).toBeNull();
  });

  it('lies between 1/n and 1, whatever the unit', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 2, maxLength: 50 }), (shares) => {
        const index = jain(shares) ?? Number.NaN;
        expect(index).toBeGreaterThanOrEqual(1 / shares.length - 1e-9);
        expect(index).toBeLessThanOrEqual(1 + 1e-9);
        expect(jain(shares.map((share) => share * 8))).toBeCloseTo(index, 9);
      }),
    );
  });
});

it.each([
  [[], null],
  [[3], 3],
  [[4, 1, 3], 3],
  [[4, 1, 3, 2], 2.5],
])('the median of %j is %j', (values, expected) => {
  expect(median(values)).toBe(expected);
});
