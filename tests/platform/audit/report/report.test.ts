import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENTS } from '#platform/audit/events.ts';
import { toCsv } from '#platform/audit/report/csv.ts';
import { FAILURES, REVOCATIONS } from '#platform/audit/report/words.ts';
import { run } from '#tests/support/run-script.ts';
import { writeLogs } from './day-in-the-life.ts';

const GOLDEN = join(import.meta.dirname, 'golden');
const TABLES = ['days', 'failures', 'logs', 'policies', 'revocations', 'sessions'];

let folder: string;
let logs: Record<'gateway' | 'broker' | 'agent', string>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tw-report-'));
  logs = writeLogs(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const audit = (...args: string[]) => run(process.execPath, ['platform/audit/main.ts', ...args]);
const report = (...args: string[]) => audit('report', ...args);
const csv = (out: string, table: string) => readFileSync(join(out, `${table}.csv`), 'utf8');

describe('the auditor’s report', () => {
  it('is the files that were looked at by a person, from three logs in any order', async () => {
    const out = join(folder, 'all');
    const { exitCode, stderr } = await report('--out', out, logs.agent, logs.gateway, logs.broker);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(readdirSync(out).sort()).toEqual(TABLES.map((name) => `${name}.csv`));
    for (const table of TABLES) {
      // TW_GOLDEN=1 writes them anew, to be looked at before they are kept.
      if (process.env.TW_GOLDEN === '1') cpSync(join(out, `${table}.csv`), join(GOLDEN, `${table}.csv`));
      expect(csv(out, table), table).toBe(csv(GOLDEN, table));
    }
  });

  it('keeps to the days and to the municipality that were asked for', async () => {
    const { stdout } = await report('--json', '--from', '2026-04-03', '--to', '2026-04-03', logs.gateway);
    const made = JSON.parse(stdout);
    expect(made.sessions.map((row: { user: string }) => row.user)).toEqual(['sato']);
    expect(made.failures).toEqual([]);
    expect(made.days).toEqual([expect.objectContaining({ day: '2026-04-03', user: 'sato', sessions: 1, signIns: 1 })]);

    const one = JSON.parse((await report('--json', '--municipality', '132012', logs.gateway)).stdout);
    expect(one.sessions).toHaveLength(1);
    expect([...one.failures, ...one.revocations, ...one.policies]).toEqual([]);
  });

  it('puts the files of one log together, and says what an anchor proves', async () => {
    // The log went over midnight, UTC.
    const files = readdirSync(logs.gateway).filter((name) => name.endsWith('.jsonl'));
    expect(files).toEqual(['audit-000000000001.jsonl', 'audit.jsonl']);
    const whole = JSON.parse((await report('--json', logs.gateway)).stdout);
    const paths = files.toReversed().map((name) => join(logs.gateway, name));
    expect(JSON.parse((await report('--json', ...paths)).stdout)).toEqual(whole);
    expect(whole.logs).toEqual([expect.objectContaining({ source: 'ゲートウェイ gw-1', tail: '証明できません' })]);
  });

  it('is not made of a log that does not verify, and never over another one', async () => {
    const changed = join(folder, 'changed.jsonl');
    const text = readFileSync(join(logs.gateway, 'audit-000000000001.jsonl'), 'utf8');
    writeFileSync(changed, text.replace('tanaka', 'suzuki'));
    const out = join(folder, 'refused');
    const refused = await report('--out', out, logs.broker, changed);
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /^\S*changed\.jsonl: changed \(line 4: .*\); no report is made of a log that does not verify\n$/,
    );
    expect(() => readdirSync(out)).toThrow('ENOENT');

    const again = join(folder, 'again');
    await report('--out', again, logs.broker);
    const second = await report('--out', again, logs.broker);
    expect(second).toMatchObject({ exitCode: 1 });
    expect(second.stderr).toMatch(/^\S*again\/logs\.csv: cannot be written \(EEXIST\)\n$/);
  });

  it.each([
    [['report'], 2],
    [['report', 'x'], 2],
    [['report', '--json', '--out', 'y', 'x'], 2],
    [['report', '--json', '--from', '2026-02-30', 'x'], 2],
    [['report', '--json', '--to', 'today', 'x'], 2],
    [['report', '--json', '--municipality', '13', 'x'], 2],
    [['report', '--json', '/nowhere/audit.jsonl'], 3],
    [['report', '--help'], 0],
  ])('says what is wrong in one line: %j', async (args, code) => {
    const { exitCode, stderr } = await audit(...args);
    expect(exitCode).toBe(code);
    expect(stderr.split('\n').length).toBe(code === 0 ? 1 : 2);
  });

  it('has a word for every refusal and for everything that takes a right away', () => {
    const names = Object.keys(EVENTS);
    expect(names.filter((name) => name.endsWith('-refused') && !(name in FAILURES))).toEqual([]);
    expect(names.filter((name) => /-(?:revoked|withdrawn|disabled)$/.test(name) && !(name in REVOCATIONS))).toEqual([
      'policy-change-withdrawn', // stands among the policies
    ]);
  });
});

describe('a cell of a CSV file', () => {
  /** As a spreadsheet reads it: RFC 4180 §2, every cell of text quoted. */
  function readBack(text: string): string[][] {
    expect(text.startsWith('\ufeff')).toBe(true);
    return text
      .slice(1)
      .split('\r\n')
      .slice(0, -1)
      .map((line) =>
        [...line.matchAll(/(?:^|,)"((?:[^"]|"")*)"(?=,|$)/g)].map(([, cell = '']) => cell.replaceAll('""', '"')),
      );
  }

  it('is never a formula, a second row or a second column, whatever a name holds (G6)', () => {
    const unit = fc.constantFrom(
      '=',
      '+',
      '-',
      '@',
      '＝',
      '＋',
      '－',
      '＠',
      '"',
      "'",
      ',',
      ';',
      '\r',
      '\n',
      '\t',
      ' ',
      '\u0000',
      '\u001b',
      '\u202e',
      '\u2028',
      'a',
      '市',
      '|',
      '\ufeff',
    );
    fc.assert(
      fc.property(fc.array(fc.string({ unit }), { minLength: 1, maxLength: 4 }), (cells) => {
        const [row = [], ...more] = readBack(toCsv([], [cells])).slice(1);
        expect(more).toEqual([]);
        expect(row.length).toBe(cells.length);
        for (const cell of row) {
          expect(cell).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
          expect(cell).not.toMatch(/^[\s"]*[=+\-@＝＋－＠]/u);
        }
      }),
    );
  });
});
