// The tiers in which a line to LGWAN is contracted, and what each costs a provider.
//
// Source: "LGWAN-ASP接続料金について", seminar for LGWAN-ASP providers, January 2021, and "よくわかるLGWAN"; a private
// provider with two LGWAN routers. Yen a year, without tax. The network fee is waived for a service within one prefecture.
// These are public figures of a point in time: an invoice goes by the contract, not by this table.

export interface Tier {
  readonly mbps: number;
  /** What is paid a year, yen without tax. */
  readonly yearlyYen: {
    /** Use of the LGWAN itself, by tier. */
    readonly lgwanUsage: number;
    /** Use of the network between prefectures, by tier; not paid by a service within one prefecture. */
    readonly networkUsage: number;
    /** Everything that recurs: the tier's fees, the monitoring of two routers, the management of the ASP. */
    readonly totalOnePrefecture: number;
    readonly totalManyPrefectures: number;
  };
}

const ROUTER_MONITORING_YEN = 2 * 80_000;
const ASP_MANAGEMENT_YEN = 516_000;

function tier(mbps: number, lgwanUsage: number, networkUsage: number): Tier {
  const totalOnePrefecture = lgwanUsage + ROUTER_MONITORING_YEN + ASP_MANAGEMENT_YEN;
  const totalManyPrefectures = totalOnePrefecture + networkUsage;
  return { mbps, yearlyYen: { lgwanUsage, networkUsage, totalOnePrefecture, totalManyPrefectures } };
}

export const TIERS = {
  '10Mbps': tier(10, 120_000, 2_280_000),
  '50Mbps': tier(50, 135_000, 2_439_000),
  '100Mbps': tier(100, 150_000, 2_610_000),
  '200Mbps': tier(200, 420_000, 5_250_000),
  '300Mbps': tier(300, 570_000, 7_860_000),
  '500Mbps': tier(500, 750_000, 13_050_000),
  '1Gbps': tier(1_000, 1_548_000, 26_100_000),
} as const satisfies Record<string, Tier>;

export type TierLabel = keyof typeof TIERS;

export const TIER_LABELS = Object.keys(TIERS) as [TierLabel, ...TierLabel[]];

/** Since October 2020 tiers up to this one can get a reduced fee, if the service charges by usage (従量課金). */
export const REDUCED_FEE_MAX_MBPS = 100;

export const bytesPerSecondOf = (tier: TierLabel): number => (TIERS[tier].mbps * 1_000_000) / 8;
