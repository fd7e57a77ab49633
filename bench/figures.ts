// The kinds of figures that a result is made of.
import * as z from 'zod';

export const count = z.int().min(0);
export const amount = z.number().min(0);
export const share = z.number().min(0);

/** Of all samples: nothing is thinned out before the quantiles are taken. All null when there was no sample. */
export const distributionSchema = z.strictObject({
  count,
  p50: z.number().nullable(),
  p90: z.number().nullable(),
  p95: z.number().nullable(),
  p99: z.number().nullable(),
  max: z.number().nullable(),
  /** The quantiles 0, 0.01 … 1, for plots; empty when there was no sample. */
  percentiles: z.array(z.number()).max(101),
});

/** One process of the system under test, over the measured time. CPU from the kernel's accounting. */
export const processSchema = z.strictObject({
  /** gateway, broker, replay (agents), load (clients), link (the delay, in bench's own process or beside the clients), counters
   * (on the broker's host) or bench; and `others`: whatever else ran on the machine meanwhile. */
  name: z.string(),
  cpuSeconds: amount,
  /** Of one core: cpuSeconds / seconds. */
  cpuShare: share,
  /** Of the time, summed over its threads: it could have run, and others had the cores. Of `others` it is not known: 0. */
  waitShare: share,
  rssMiB: amount,
});

/** A value over time, one every `everyMs` from the beginning of the measured time. */
export const seriesSchema = z.strictObject({ everyMs: amount, values: z.array(z.number()).max(20_000) });
