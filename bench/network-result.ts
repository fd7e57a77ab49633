// What the network scenario found, as it stands in the report's JSON.
import * as z from 'zod';
import { amount, count, distributionSchema, processSchema, share } from './figures.ts';

/** One session that fills a line of 10 Mbps between two hosts, under what the kernel does to the cable. */
export const networkSchema = z.strictObject({
  scenario: z.literal('network'),
  mbps: amount,
  seconds: amount,
  baseRoundTripMs: amount,
  lines: z.array(
    z.strictObject({
      /** Whose rate it is: the broker's shaper, or the kernel's token bucket behind a broker that does not hold back. */
      rate: z.enum(['shaper', 'tbf']),
      /** Of 1,000 packets, in both directions. */
      lostPerMille: count,
      /** In the kernel's own words; null if it was measured. */
      missing: z.string().nullable(),
      figures: z
        .strictObject({
          /** By the kernel at the cable, up to the IP header, over the contract. */
          utilisation: share,
          keyRoundTripMs: distributionSchema,
          stalenessMs: distributionSchema,
          /** Wire bytes towards the client by the broker's rule; and by the kernel, up to the IP header. */
          ourBytes: count,
          kernelBytes: count,
          kernelPackets: count,
          /** kernelBytes / ourBytes */
          ratio: z.number().min(0).nullable(),
          /** What came from the client meanwhile, mostly acknowledgements; by the kernel, up to the IP header. */
          inwardBytes: count,
          lostPackets: count,
          processes: z.array(processSchema),
        })
        .nullable(),
    }),
  ),
});
