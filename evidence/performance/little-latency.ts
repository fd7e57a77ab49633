// H2: what a relay adds to a record's way is small, told beside a plain relay on the same machine in the same run: speed is a
// ratio here, since a figure in milliseconds would judge the machine.
import * as z from 'zod';
import type { Judgement, Proof } from '../proof.ts';
import { benchResult } from './bench.ts';

const distribution = z.object({ p50: z.number(), p99: z.number() });
const relaySchema = z.object({
  residenceMs: distribution.nullable(),
  probeMs: z.object({ saturated: z.record(z.string(), distribution.nullable()) }),
});
export type LittleLatency = z.infer<typeof relaySchema>;

export const littleLatency: Proof<LittleLatency> = {
  name: 'h2-little-latency',
  requirements: ['H2'],
  claim: {
    ja: '満杯の中継を通る別のセッションの遅れは、単純な WebSocket 中継より小さい',
    en: 'Through a saturated relay, another session is delayed less than through a plain WebSocket relay',
  },
  tried: {
    ja: '同じ機械で、本中継と単純な中継を交互に満杯にし、小さな記録の往復を測りました。',
    en: 'Our relay and a plain one were saturated in turns on this machine, and small records of another session timed.',
  },
  needs: [],
  collect: (run) => benchResult(relaySchema, ['--scenario', 'relay', '--tier', '100Mbps', '--seconds', '1'], run),
  judge: judgeLatency,
};

export function judgeLatency({ residenceMs, probeMs }: LittleLatency): Judgement {
  const { us, ws } = probeMs.saturated;
  if (!us || !ws || !residenceMs) {
    const missing = { ja: '比べる値がそろいませんでした', en: 'a figure for the comparison is missing' };
    return { result: 'fail', seen: missing };
  }
  const figures = `p99 ${us.p99.toFixed(1)} ms, plain ws ${ws.p99.toFixed(1)} ms`;
  const inside = `p50 ${residenceMs.p50.toFixed(3)} ms, p99 ${residenceMs.p99.toFixed(3)} ms`;
  return {
    result: us.p99 < ws.p99 ? 'pass' : 'fail',
    seen: {
      ja: `満杯のときの往復: ${figures}。中継の中にいる時間 (100 Mbps): ${inside}`,
      en: `round trip while saturated: ${figures}; time inside the relay at 100 Mbps: ${inside}`,
    },
  };
}
