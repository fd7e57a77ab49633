import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineFees, lineSharePercent, type UsageRates, usageRatesSchema, usageYen } from '#broker/bill.ts';
import { TIER_LABELS, TIERS } from '#broker/tiers.ts';
import { addUsage, noUsage, type Usage } from '#broker/usage.ts';

const used = (wireBytes: number, sessionMs = 0): Usage => ({
  ...noUsage(),
  sessionMs,
  outward: { payloadBytes: 0, wireBytes },
});
const rates = (given: Partial<UsageRates>): UsageRates => usageRatesSchema.parse(given);

describe('the fee of the line', () => {
  it('is a twelfth of the year’s, rounded half up to one yen', () => {
    expect(lineFees('10Mbps')).toEqual({
      tier: '10Mbps',
      yearlyYen: { onePrefecture: 796_000, manyPrefectures: 3_076_000 },
      monthlyYen: { onePrefecture: 66_333, manyPrefectures: 256_333 },
      reducible: true,
    });
    // 811,000 / 12 = 67,583.33…; 14,476,000 / 12 = 1,206,333.33…; 9,106,000 / 12 = 758,833.33…
    expect(lineFees('50Mbps').monthlyYen.onePrefecture).toBe(67_583);
    expect(lineFees('500Mbps').monthlyYen.manyPrefectures).toBe(1_206_333);
    expect(lineFees('300Mbps').monthlyYen.manyPrefectures).toBe(758_833);
  });

  it('can be reduced up to 100 Mbps', () => {
    for (const tier of TIER_LABELS) expect(lineFees(tier).reducible).toBe(TIERS[tier].mbps <= 100);
  });
});

describe('a bill by usage', () => {
  it('adds the basic charge, gigabytes on the line and minutes, and rounds once, half up', () => {
    const all = rates({ basicYen: 5_000, perGigabyteYen: 120, perSessionMinuteYen: 0.5 });
    expect(usageYen(noUsage(), all)).toBe(5_000);
    expect(usageYen(used(2_500_000_000), all)).toBe(5_300);
    expect(usageYen(used(0, 90 * 60_000), all)).toBe(5_045);
    expect(usageYen({ ...used(1e9), inward: { payloadBytes: 0, wireBytes: 1e9 } }, all)).toBe(5_240);
    const half = rates({ perSessionMinuteYen: 0.5 });
    expect(usageYen(used(0, 60_000), half)).toBe(1);
    expect(usageYen(used(0, 59_999), half)).toBe(0);
  });

  it('is exact where floating point is not', () => {
    // 0.1 + 0.2 style: 3 GB at 0.1 yen and 1 minute at 0.2 yen are 0.5 yen, and so 1.
    expect(usageYen(used(3e9, 60_000), rates({ perGigabyteYen: 0.1, perSessionMinuteYen: 0.2 }))).toBe(1);
  });

  it('never differs from the exact sum by more than half a yen, and never falls as usage grows', () => {
    const usage = fc.record({ bytes: fc.integer({ min: 0, max: 1e15 }), ms: fc.integer({ min: 0, max: 1e11 }) });
    const price = fc.integer({ min: 0, max: 10_000_000 }).map((parts) => parts / 10_000);
    fc.assert(
      fc.property(usage, usage, price, price, (a, b, perGigabyteYen, perSessionMinuteYen) => {
        const given = rates({ perGigabyteYen, perSessionMinuteYen });
        const one = usageYen(used(a.bytes, a.ms), given);
        const exact = (a.bytes / 1e9) * perGigabyteYen + (a.ms / 60_000) * perSessionMinuteYen;
        expect(Math.abs(one - exact)).toBeLessThanOrEqual(0.5 + exact * 1e-12);
        const more = addUsage(used(a.bytes, a.ms), used(b.bytes, b.ms));
        expect(usageYen(more, given)).toBeGreaterThanOrEqual(one);
      }),
    );
  });

  it.each([
    [{ basicYen: -1 }],
    [{ perGigabyteYen: 0.00001 }],
    [{ perMinute: 1 }],
    [{ basicYen: '5' }],
    [{ basicYen: 1e9 }],
  ])('refuses the rates %j', (given) => {
    expect(usageRatesSchema.safeParse(given).success).toBe(false);
  });
});

describe('the share of the line', () => {
  it('is that of the busier direction over the whole month', () => {
    // 10 Mbit/s for 30 days carry 3.24 × 10¹² bytes a direction.
    const usage = { ...used(32_400_000_000), inward: { payloadBytes: 0, wireBytes: 1_000 } };
    expect(lineSharePercent(usage, '10Mbps', '2026-11')).toBeCloseTo(1, 9);
    expect(lineSharePercent(usage, '100Mbps', '2026-11')).toBeCloseTo(0.1, 9);
    expect(lineSharePercent(usage, '10Mbps', '2026-12')).toBeCloseTo(30 / 31, 9);
    expect(lineSharePercent(usage, '10Mbps', '2028-02')).toBeCloseTo(30 / 29, 9);
  });
});
