// The few statistics that the report speaks of, over all samples, never over a part of them.
import type { Distribution } from './result.ts';

/**
 * The nearest-rank quantile: the smallest sample that at least `q` of all samples do not exceed.
 * @param sorted ascending. @param q 0 to 1. @throws RangeError if there is no sample
 */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
  if (value === undefined) throw new RangeError('no samples');
  return value;
}

/** @returns null without a sample; the mean of the middle two for an even number */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  if (upper === undefined) return null;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[(sorted.length >> 1) - 1] as number)) / 2;
}

/**
 * Jain's fairness index (R. Jain et al., DEC-TR-301, 1984): 1 if all get the same, 1/n if one gets everything.
 * @returns null for fewer than two; 1 if nobody got anything
 */
export function jain(shares: readonly number[]): number | null {
  if (shares.length < 2) return null;
  const sum = shares.reduce((total, one) => total + one, 0);
  const squares = shares.reduce((total, one) => total + one * one, 0);
  return squares === 0 ? 1 : (sum * sum) / (shares.length * squares);
}

/** @param values in any order; in milliseconds or bytes, rounded to a thousandth */
export function distribution(values: Iterable<number>): Distribution {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return NOTHING;
  const at = (q: number) => Math.round(quantile(sorted, q) * 1000) / 1000;
  return {
    count: sorted.length,
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    max: at(1),
    percentiles: Array.from({ length: 101 }, (_, i) => at(i / 100)),
  };
}

export const NOTHING: Distribution = {
  count: 0,
  p50: null,
  p90: null,
  p95: null,
  p99: null,
  max: null,
  percentiles: [],
};
