// G3: a session that the gateway does not write down stands in the logs of the other zones, and the comparison names it.
import { join } from 'node:path';
import * as z from 'zod';
import type { Judgement, Proof } from '../proof.ts';
import { withHiddenGateway } from './hidden-gateway.ts';
import { audit, copyLogs, type ProcessName, sessionsIn } from './logs.ts';
import { auditSystem } from './stage.ts';

const comparison = z.looseObject({
  sessions: z.int(),
  findings: z.array(
    z.looseObject({ kind: z.string(), session: z.string(), in: z.array(z.string()), missing: z.array(z.string()) }),
  ),
});
type Comparison = z.infer<typeof comparison> & { code: number | null };

export interface Hiding {
  /** After a session of an honest gateway. */
  before: Comparison;
  /** After one more session, which the gateway did not write down. */
  after: Comparison;
  /** By the agent's log. */
  hidden: string[];
  /** The gateway's log verifies by itself: nothing in it was changed. */
  gatewayVerifies: boolean;
}

export const hiddenSessionProof: Proof<Hiding> = {
  name: 'g3-hidden-session',
  requirements: ['G3'],
  claim: {
    ja: 'ゲートウェイが記録せずに始めたセッションは、中継と庁内側のログとの照合で見つかる',
    en: 'A session that the gateway starts without writing it down is found in the logs of broker and agent',
  },
  tried: {
    ja: '正しいゲートウェイのセッションの後、同じ鍵と状態を持つが監査ログに何も書かないゲートウェイを動かし、利用者がセッションを行った。3 者のログを npm run audit -- compare で前後に照合した',
    en: 'After a session of an honest gateway, one with the same keys and state that writes nothing served another session; the three logs were compared before and after',
  },
  needs: [],

  async collect(run) {
    const { system, work } = await run.stage(auditSystem);
    const compared = async (copies: Record<ProcessName, string>): Promise<Comparison> => {
      const zones = ['gateway', 'broker', 'agent'] as const;
      const args = zones.flatMap((zone) => [`--${zone}`, copies[zone]]);
      // One machine, one clock.
      const { code, said } = await audit(['compare', ...args, '--skew', '0', '--json'], run.signal);
      return { ...comparison.parse(JSON.parse(said)), code };
    };
    const honest = copyLogs(system, join(run.folder, 'before'));
    const before = await compared(honest);
    run.progress(0.3, 'a session that the gateway hides');
    await system.processes.gateway.stop();
    await withHiddenGateway(join(system.folder, 'gateway', 'gateway.json'), () => work(0));
    await system.restart('gateway');
    run.progress(0.8, 'npm run audit -- compare');
    const copies = copyLogs(system, join(run.folder, 'after'));
    const known = sessionsIn(honest.agent, 'session-started');
    return {
      before,
      after: await compared(copies),
      hidden: sessionsIn(copies.agent, 'session-started').filter((session) => !known.includes(session)),
      gatewayVerifies: (await audit(['verify', copies.gateway], run.signal)).code === 0,
    };
  },

  judge({ before, after, hidden, gatewayVerifies }): Judgement {
    const [session] = hidden;
    const [finding, ...others] = after.findings;
    const problems = [
      ...(before.code === 0 && before.sessions > 0 && before.findings.length === 0
        ? []
        : ['the logs of the honest gateway do not fit together']),
      ...(hidden.length === 1 ? [] : [`the agent saw ${hidden.length} sessions of the hostile gateway, not one`]),
      ...(gatewayVerifies
        ? []
        : ['the log of the gateway does not verify by itself, so hiding was not what was shown']),
      ...(after.code === 1 && finding && others.length === 0
        ? []
        : ['the comparison did not find one thing and say so']),
      ...(finding?.kind === 'hidden' && finding.session === session && String(finding.missing) === 'gateway'
        ? []
        : ['it did not name the hidden session']),
    ];
    if (problems.length > 0) {
      const why = problems.join('; ');
      return { result: 'fail', seen: { ja: `隠されたセッションを示せない: ${why}`, en: why } };
    }
    return {
      result: 'pass',
      seen: {
        ja: `正しい ${before.sessions} セッションでは不一致なし。隠されたセッション ${session} を、${finding?.in.join(' と ')} の記録から指摘した。ゲートウェイのログは単独では正しいと判定される`,
        en: `No finding among ${before.sessions} honest sessions; the hidden one, ${session}, was named from the logs of ${finding?.in.join(' and ')}, while the gateway's log alone verifies`,
      },
    };
  },
};
