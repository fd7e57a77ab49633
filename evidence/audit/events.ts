// G1: what the logs of the live system hold after a day's work: every success and failure with its factor, every decision, begin
// and end, what administrators did, and what was tried past the rules; who, when, where, what.
import { EVENTS, type EventName } from '#platform/audit/events.ts';
import type { Judgement, Proof } from '../proof.ts';
import { copyLogs, type Line, PROCESSES, type ProcessName, parse, readLines } from './logs.ts';
import { shippedSystem } from './shipped-stage.ts';

/** What a day holds, with the fields that say who, where and what. */
export const EXPECTED: Readonly<Record<ProcessName, Partial<Record<EventName, readonly string[]>>>> = {
  gateway: {
    'user-created': ['municipality', 'user', 'by'],
    'entitlement-granted': ['municipality', 'user', 'desktop', 'by'],
    'entitlement-withdrawn': ['municipality', 'user', 'desktop', 'by'],
    'factor-added': ['municipality', 'user', 'factor'],
    'enrolment-requested': ['municipality', 'user', 'request', 'address'],
    'enrolment-certified': ['municipality', 'user', 'serial'],
    'sign-in-succeeded': ['municipality', 'user', 'factors', 'address'],
    'sign-in-refused': ['municipality', 'user', 'factor', 'reason', 'address'],
    'certificate-refused': ['reason', 'address'],
    'identity-header-ignored': ['header', 'user', 'address'],
    'bypass-attempt': ['reason', 'address'],
    'desktop-opened': ['municipality', 'user', 'desktop', 'session', 'mode', 'address'],
    'open-refused': ['municipality', 'user', 'desktop', 'reason', 'address'],
    'relay-started': ['municipality', 'user', 'desktop', 'session'],
    'relay-ended': ['municipality', 'user', 'desktop', 'session', 'code', 'seconds'],
    'session-end-asked': ['session', 'by'],
    'session-revoked': ['municipality', 'user', 'session', 'reason'],
    'policy-changed': ['municipality', 'policy', 'policyBefore', 'by'],
  },
  broker: {
    'agent-connected': ['municipality', 'agent', 'serial', 'address'],
    'gateway-connected': ['gateway', 'serial', 'address'],
    'session-paired': ['municipality', 'desktop', 'session', 'agent'],
    'session-ended': ['session', 'code'],
  },
  agent: {
    'pairing-code-issued': ['municipality', 'user', 'desktop', 'by'],
    'pairing-made': ['municipality', 'user', 'desktop', 'proof'],
    'offer-accepted': ['municipality', 'user', 'desktop', 'session'],
    'user-verified': ['municipality', 'user', 'desktop', 'proof'],
    'session-started': ['municipality', 'user', 'desktop', 'session'],
    'session-ended': ['municipality', 'user', 'desktop', 'session', 'reason'],
  },
};

export interface LiveEvents {
  /** Process → event → how many, and the fields that every one of them has. */
  seen: Record<ProcessName, Record<string, { count: number; fields: string[] }>>;
  /** Lines whose time is not in UTC, or that are not of their process. */
  odd: string[];
  /** Types in the closed list. */
  listed: number;
}

export const liveEventsProof: Proof<LiveEvents> = {
  name: 'g1-events',
  requirements: ['G1'],
  claim: {
    ja: '認証の成否と要素、認可の判断、開始と終了、強制終了、方針の変更、不正の試みが、誰・いつ・どこ・何とともに記録される',
    en: 'Sign-ins and their factors, decisions, begins and ends, kicks, changes of policy and attempts at a bypass are recorded: who, when, where, what',
  },
  tried: {
    ja: '動作中の 3 プロセスで登録・サインイン・接続・誤ったコード・証明書なしの接続・利用者を名乗るヘッダー・方針変更・管理者による強制終了を行い、監査ログの種類と項目を調べた',
    en: 'Enrolment, sign-in, sessions, a wrong code, strangers, an identity header, a change of policy and a kick at three live processes; then types and fields of their logs were looked at',
  },
  needs: [],

  async collect(run) {
    const { system } = await run.stage(shippedSystem);
    const copies = copyLogs(system, run.folder);
    const odd: string[] = [];
    const seen = {} as LiveEvents['seen'];
    for (const process of PROCESSES) {
      const lines = readLines(copies[process]).flatMap(({ lines }) => lines.map(parse));
      seen[process] = Object.fromEntries(
        [...Map.groupBy(lines, ({ event }) => event)].map(([event, all]) => [event, summary(all)]),
      );
      odd.push(...lines.filter((line) => !isDated(line, process)).map((line) => JSON.stringify(line).slice(0, 200)));
    }
    return { seen, odd, listed: Object.keys(EVENTS).length };
  },

  judge({ seen, odd, listed }): Judgement {
    const missing = PROCESSES.flatMap((process) =>
      Object.entries(EXPECTED[process]).flatMap(([event, fields]) => {
        const found = seen[process][event];
        if (!found) return [`${process}: no ${event}`];
        const without = fields.filter((field) => !found.fields.includes(field));
        return without.length > 0 ? [`${process}: ${event} without ${without.join(', ')}`] : [];
      }),
    );
    const problems = [...missing, ...odd.map((line) => `odd: ${line}`)];
    if (problems.length > 0) {
      const why = problems.slice(0, 5).join('; ');
      return { result: 'fail', seen: { ja: `記録に不足がある: ${why}`, en: why } };
    }
    const types = new Set(PROCESSES.flatMap((process) => Object.keys(seen[process])));
    const count = PROCESSES.flatMap((process) => Object.values(seen[process])).reduce((sum, one) => sum + one.count, 0);
    const names = [...types].sort().join(', ');
    return {
      result: 'pass',
      seen: {
        ja: `${count} 件、${listed} 種類のうち ${types.size} 種類を記録した（残りは試験が 1 種類ずつ起こす）: ${names}`,
        en: `${count} events of ${types.size} of the ${listed} types (a test makes each of the others happen): ${names}`,
      },
    };
  },
};

function summary(lines: readonly Line[]): { count: number; fields: string[] } {
  const names = Object.keys(lines[0]?.fields ?? {});
  const common = names.filter((name) => lines.every(({ fields }) => Object.hasOwn(fields, name)));
  return { count: lines.length, fields: common.sort() };
}

function isDated(line: Line & { time?: unknown; source?: unknown }, process: ProcessName): boolean {
  const { time, source } = line;
  return (
    typeof time === 'string' &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time) &&
    String(source).startsWith(process)
  );
}
