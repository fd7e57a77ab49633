// What the relay scenario (bench/peers) found, as it stands in the report's JSON.
import * as z from 'zod';
import { amount, count, distributionSchema, share } from './figures.ts';

const perPeer = <T extends z.ZodType>(of: T) => z.record(z.string(), of.nullable());

/** One relay hop beside its peers (bench/peers). A peer that is not there is null everywhere and named in `peers`. */
export const relaySchema = z.strictObject({
  scenario: z.literal('relay'),
  /** Saturated, CPU seconds for 10^9 payload bytes: us, nginx, haproxy, ws, … */
  cpuSecondsPerGB: perPeer(amount),
  peers: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      version: z.string().nullable(),
      openssl: z.string().nullable(),
      /** What it does differently from the others, as far as it matters for a comparison. */
      note: z.string(),
      /** Why it was not measured; null if it was. */
      missing: z.string().nullable(),
    }),
  ),
  runs: z.array(
    z.strictObject({
      peer: z.string(),
      /** "saturated" or a tier. */
      load: z.string(),
      round: count,
      bytes: count,
      seconds: amount,
      cpuSeconds: amount,
      cpuSecondsPerGB: amount,
      /** Of the relay's core. */
      cpuShare: share,
      /** Saturated, but the relay's core was not: its figure is of the relay all the same, its rate is not. */
      generatorBound: z.boolean(),
      /** Of the rate that was offered; null if saturated. */
      carriedShare: share.nullable(),
      residentMiB: amount,
    }),
  ),
  /** us / peer, the median of the ratios of adjacent runs: load → peer → ratio. */
  ratios: z.record(z.string(), perPeer(amount)),
  /** 64-byte probes of another session. */
  probeMs: z.strictObject({ idle: perPeer(distributionSchema), saturated: perPeer(distributionSchema) }),
  /** Of our relay at 100 Mbps without shaping, from a record being read to the kernel having taken it. */
  residenceMs: distributionSchema.nullable(),
  /** At 100 Mbps, from the source's write to the sink's last byte of a record; "direct" is the way without a relay. */
  oneWayMs: perPeer(distributionSchema),
  method: z.strictObject({
    recordBytes: count,
    secondsPerRun: amount,
    rounds: count,
    /** Relay on one core, everything else on another. */
    pinned: z.boolean(),
    /** Probes run before the load on their core, so that they measure the relay and not the load. */
    probesFirst: z.boolean(),
    certificates: z.string(),
    suite: z.string(),
  }),
});
