import { describe, expect, it } from 'vitest';
import { type AuditorsReport, reportProof } from '#evidence/audit/report.ts';

describe("the proof of the auditor's report (G8)", () => {
  const table = { bom: true, headings: ['日付', '利用者'], rows: 2 };
  const names = ['days', 'failures', 'logs', 'policies', 'revocations', 'sessions'];
  const good: AuditorsReport = {
    code: 0,
    tables: Object.fromEntries(names.map((name) => [name, table])),
    sessions: { worked: 3, reported: 3 },
    changed: { code: 1, said: 'changed', written: false },
  };

  it('passes when all tables are there, filled, Japanese, and hold every session', () => {
    expect(reportProof.judge(good).result).toBe('pass');
  });

  it.each<[string, AuditorsReport]>([
    ['a command that failed', { ...good, code: 3 }],
    ...names.map((name): [string, AuditorsReport] => [`no ${name}`, without(name)]),
    ...names.map((name): [string, AuditorsReport] => [`empty ${name}`, replaced(name, { ...table, rows: 0 })]),
    ['English headings', replaced('days', { ...table, headings: ['day', '利用者'] })],
    ['no BOM', replaced('days', { ...table, bom: false })],
    ['a session that is left out', { ...good, sessions: { worked: 3, reported: 2 } }],
    ['no session at all', { ...good, sessions: { worked: 0, reported: 0 } }],
    ['a report of a changed log', { ...good, changed: { code: 0, said: '', written: true } }],
    ['a refusal that leaves a report', { ...good, changed: { ...good.changed, written: true } }],
  ])('fails on %s', (_, seen) => {
    expect(reportProof.judge(seen).result).toBe('fail');
  });

  function without(name: string): AuditorsReport {
    const { [name]: _, ...tables } = good.tables;
    return { ...good, tables };
  }

  function replaced(name: string, by: AuditorsReport['tables'][string]): AuditorsReport {
    return { ...good, tables: { ...good.tables, [name]: by } };
  }
});
