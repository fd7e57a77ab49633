// What the line costs the provider, and what usage would cost a municipality. Yen without tax.
import * as z from 'zod';
import { bytesPerSecondOf, REDUCED_FEE_MAX_MBPS, TIERS, type TierLabel } from './tiers.ts';
import type { Usage } from './usage.ts';

/** Rates are kept in ten-thousandths of a yen, so that a bill is exact. */
const PARTS = 10_000;

const rate = z
  .number()
  .min(0)
  .max(10_000_000)
  .refine((yen) => Math.abs(yen * PARTS - Math.round(yen * PARTS)) < 1e-6, 'at most four decimals of a yen')
  .default(0);

/** The key "usageRates" of broker.json: what the provider charges each municipality for a month. */
export const usageRatesSchema = z.strictObject({
  basicYen: rate,
  /** 10⁹ bytes on the line, both directions together. */
  perGigabyteYen: rate,
  perSessionMinuteYen: rate,
});

export type UsageRates = z.infer<typeof usageRatesSchema>;

const BYTES_PER_GIGABYTE = 1_000_000_000n;
const MS_PER_MINUTE = 60_000n;

/** A month of one municipality: one exact sum, rounded once, half up. */
export function usageYen({ inward, outward, sessionMs }: Usage, rates: UsageRates): number {
  const parts = (yen: number) => BigInt(Math.round(yen * PARTS));
  const bytes = BigInt(inward.wireBytes) + BigInt(outward.wireBytes);
  const denominator = BigInt(PARTS) * BYTES_PER_GIGABYTE * MS_PER_MINUTE;
  const numerator =
    parts(rates.basicYen) * BYTES_PER_GIGABYTE * MS_PER_MINUTE +
    bytes * parts(rates.perGigabyteYen) * MS_PER_MINUTE +
    BigInt(sessionMs) * parts(rates.perSessionMinuteYen) * BYTES_PER_GIGABYTE;
  return Number((2n * numerator + denominator) / (2n * denominator));
}

export interface LineFees {
  tier: TierLabel;
  /** A service within one prefecture, or for several. */
  yearlyYen: { onePrefecture: number; manyPrefectures: number };
  /** A twelfth, rounded half up to one yen as the fee table's own rule is. */
  monthlyYen: { onePrefecture: number; manyPrefectures: number };
  /** Whether the tier can get the reduced fee if the service charges by usage. */
  reducible: boolean;
}

export function lineFees(tier: TierLabel): LineFees {
  const { mbps, yearlyYen } = TIERS[tier];
  const [one, many] = [yearlyYen.totalOnePrefecture, yearlyYen.totalManyPrefectures];
  return {
    tier,
    yearlyYen: { onePrefecture: one, manyPrefectures: many },
    monthlyYen: { onePrefecture: Math.round(one / 12), manyPrefectures: Math.round(many / 12) },
    reducible: mbps <= REDUCED_FEE_MAX_MBPS,
  };
}

/** Of what the line can carry in the whole month, the part that was used in the busier direction; percent. */
export function lineSharePercent({ inward, outward }: Usage, tier: TierLabel, month: string): number {
  const [year = 0, number = 0] = month.split('-').map(Number);
  const days = new Date(Date.UTC(year, number, 0)).getUTCDate();
  return (100 * Math.max(inward.wireBytes, outward.wireBytes)) / (bytesPerSecondOf(tier) * days * 86_400);
}
