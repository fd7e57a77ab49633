import { describe, expect, it } from 'vitest';
import { bytesPerSecondOf, REDUCED_FEE_MAX_MBPS, TIER_LABELS, TIERS } from '#broker/tiers.ts';

/** The totals as the source prints them; the table adds them up from its parts. */
const PRINTED = {
  '10Mbps': [796_000, 3_076_000],
  '50Mbps': [811_000, 3_250_000],
  '100Mbps': [826_000, 3_436_000],
  '200Mbps': [1_096_000, 6_346_000],
  '300Mbps': [1_246_000, 9_106_000],
  '500Mbps': [1_426_000, 14_476_000],
  '1Gbps': [2_224_000, 28_324_000],
};

describe('the contracted tiers', () => {
  it('add up to the totals that the source prints', () => {
    const totals = Object.fromEntries(
      TIER_LABELS.map((label) => {
        const { totalOnePrefecture, totalManyPrefectures } = TIERS[label].yearlyYen;
        return [label, [totalOnePrefecture, totalManyPrefectures]];
      }),
    );
    expect(totals).toEqual(PRINTED);
  });

  it('say in their label what they carry', () => {
    for (const label of TIER_LABELS) {
      const [, amount, unit] = /^(\d+)(M|G)bps$/.exec(label) ?? [];
      expect(TIERS[label].mbps).toBe(Number(amount) * (unit === 'G' ? 1_000 : 1));
      expect(bytesPerSecondOf(label)).toBe((TIERS[label].mbps * 1e6) / 8);
    }
    expect(TIER_LABELS.filter((label) => TIERS[label].mbps <= REDUCED_FEE_MAX_MBPS)).toHaveLength(3);
  });
});
