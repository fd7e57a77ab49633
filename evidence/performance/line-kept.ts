// H1: the contracted line is filled by who has the bytes, and never exceeded by more than the stated burst.
import * as z from 'zod';
import { Contract } from '#broker/shaping/contract.ts';
import type { Judgement, Proof } from '../proof.ts';
import { benchResult } from './bench.ts';

const TIER = '10Mbps';
const SECONDS = 3;
/** What must arrive for the run to be a saturating one at all; how much more it is, the benchmark says. */
const FILLED = 0.9;

const fillSchema = z.object({
  tier: z.literal(TIER),
  runs: z.array(
    z.object({
      sessions: z.int(),
      seconds: z.number(),
      utilisation: z.number(),
      goodputShare: z.number(),
    }),
  ),
});
export type LineKept = z.infer<typeof fillSchema>;

export const lineKept: Proof<LineKept> = {
  name: 'h1-line-kept',
  requirements: ['H1'],
  claim: {
    ja: '契約帯域は使い切れ、決めた瞬間量のほかは超えない',
    en: 'The contracted line is filled, and exceeded by nothing but the stated burst',
  },
  tried: {
    ja: `${TIER} の回線を 1 セッションと多数のセッションで満たし、電線上の量を測りました。全品目は npm run bench が測ります。`,
    en: `One session and many filled a line of ${TIER}, and the wire bytes were counted; npm run bench measures every tier.`,
  },
  needs: [],
  collect: (run) => benchResult(fillSchema, ['--scenario', 'fill', '--tier', TIER, '--seconds', String(SECONDS)], run),
  judge: judgeLine,
};

export function judgeLine({ runs }: LineKept): Judgement {
  const contract = new Contract({ tier: TIER, municipalities: {}, others: { ceiling: 1 } });
  const ceiling = (seconds: number) => 1 + contract.burstBytes / (contract.bytesPerSecond * seconds);
  const holds = runs.every((one) => one.utilisation <= ceiling(one.seconds) && one.utilisation >= FILLED);
  const figures = runs.map(({ sessions, utilisation }) => `${sessions}: ${(utilisation * 100).toFixed(1)} %`);
  return {
    result: holds && runs.length > 0 ? 'pass' : 'fail',
    seen: {
      ja: `回線の利用率 (セッション数: 割合): ${figures.join('、')}`,
      en: `use of the line (sessions: share): ${figures.join(', ')}`,
    },
  };
}
