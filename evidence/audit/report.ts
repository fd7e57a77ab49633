// G8: the report that an auditor asks for, made offline from copies of the live system's logs, and refused for a changed one.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Judgement, Proof } from '../proof.ts';
import { audit, copyLogs, PROCESSES, sessionsIn } from './logs.ts';
import { shippedSystem } from './shipped-stage.ts';

const TABLES = ['days', 'failures', 'logs', 'policies', 'revocations', 'sessions'] as const;
type TableName = (typeof TABLES)[number];

export interface AuditorsReport {
  code: number | null;
  tables: Record<string, { bom: boolean; headings: string[]; rows: number }>;
  /** Sessions that the agent's log says were worked in, and those of them that the report has. */
  sessions: { worked: number; reported: number };
  /** Of one copy in which one byte was changed. */
  changed: { code: number | null; said: string; written: boolean };
}

export const reportProof: Proof<AuditorsReport> = {
  name: 'g8-report',
  requirements: ['G8'],
  claim: {
    ja: '利用者別・日別の利用、失敗、失効・取消し、方針の変更を、日本語の見出しの CSV で、検証できたログだけから作る',
    en: 'Use by user and day, failures, what was revoked and changes of policy as CSV with Japanese headings, from verified logs only',
  },
  tried: {
    ja: '動作中の 3 プロセスの監査ログの写しから npm run audit -- report を実行し、内容をログと照合した。1 バイト変えた写しでも試した',
    en: 'npm run audit -- report over copies of three live logs, held against the logs; and over a copy with one byte changed',
  },
  needs: [],

  async collect(run) {
    const { system } = await run.stage(shippedSystem);
    const copies = copyLogs(system, join(run.folder, 'logs'));
    const logs = PROCESSES.map((process) => copies[process]);
    const out = join(run.folder, 'report');
    const { code } = await audit(['report', '--out', out, ...logs], run.signal);
    const made = Object.fromEntries(
      readdirSync(out).map((file) => [file.replace(/\.csv$/, ''), readFileSync(join(out, file), 'utf8')]),
    );
    const worked = [...new Set(sessionsIn(copies.agent, 'session-started'))];

    const changed = join(run.folder, 'changed.jsonl');
    const bytes = readFileSync(join(copies.gateway, 'audit.jsonl'));
    const at = bytes.indexOf('tanaka');
    bytes[at] = 'T'.charCodeAt(0);
    writeFileSync(changed, bytes);
    const refusedOut = join(run.folder, 'refused');
    const refused = await audit(['report', '--out', refusedOut, changed], run.signal);
    return {
      code,
      tables: Object.fromEntries(Object.entries(made).map(([name, text]) => [name, shapeOf(text)])),
      sessions: { worked: worked.length, reported: worked.filter((id) => made.sessions?.includes(id)).length },
      changed: { ...refused, written: existsSync(refusedOut) },
    };
  },

  judge({ code, tables, sessions, changed }): Judgement {
    const filled: readonly TableName[] = ['days', 'failures', 'logs', 'policies', 'revocations', 'sessions'];
    const problems = [
      ...(code === 0 ? [] : [`it ended with ${code}`]),
      ...TABLES.filter((name) => !tables[name]).map((name) => `${name} is missing`),
      ...filled.filter((name) => tables[name]?.rows === 0).map((name) => `${name} is empty`),
      ...Object.entries(tables)
        .filter(
          ([, { bom, headings }]) => !bom || !headings.every((one) => /[\p{Script=Han}\p{Script=Katakana}]/u.test(one)),
        )
        .map(([name]) => `${name} has no Japanese headings, or no BOM`),
      ...(sessions.worked > 0 && sessions.reported === sessions.worked
        ? []
        : [`${sessions.reported} of ${sessions.worked} sessions are reported`]),
      ...(changed.code === 1 && !changed.written ? [] : ['a report is made of a log that was changed']),
    ];
    if (problems.length > 0) {
      const why = problems.slice(0, 5).join('; ');
      return { result: 'fail', seen: { ja: `報告書が要件どおりでない: ${why}`, en: why } };
    }
    const rows = TABLES.map((name) => `${name} ${tables[name]?.rows ?? 0}`).join(', ');
    return {
      result: 'pass',
      seen: {
        ja: `6 つの CSV（${rows} 行）。庁内側のログにある ${sessions.worked} セッションすべてを含む。変えたログからは作らない: ${changed.said}`,
        en: `Six CSV files (rows: ${rows}) hold all ${sessions.worked} sessions of the agent's log. None is made of a changed log: ${changed.said}`,
      },
    };
  },
};

function shapeOf(text: string): AuditorsReport['tables'][string] {
  const [first = '', ...rows] = text.replace(/^\ufeff/, '').split('\r\n');
  return {
    bom: text.startsWith('\ufeff'),
    headings: first.split(',').map((cell) => cell.replaceAll('"', '')),
    rows: rows.filter((row) => row !== '').length,
  };
}
