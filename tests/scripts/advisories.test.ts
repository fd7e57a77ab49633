import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type Ran, run, runScript } from '#tests/support/run-script.ts';

const ROOT = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'telework-advisories-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
const ws: string = packages['node_modules/ws'].version;

let folders = 0;
/** @param files what the folder holds: a text as it is, or an advisory */
function scan(files: Record<string, unknown>, ...args: string[]): Promise<Ran> {
  const from = join(scratch, String(folders++));
  mkdirSync(from);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(from, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return run(process.execPath, [join(ROOT, 'scripts/advisories.mjs'), '--from', from, ...args]);
}

const advisory = (events: object[], more: object = {}, name = 'ws', ecosystem = 'npm') => ({
  ...{ id: 'TEST-1', modified: '2026-11-01T00:00:00Z', summary: 'made up' },
  affected: [{ package: { ecosystem, name }, ranges: [{ type: 'SEMVER', events }] }],
  ...more,
});

describe('a scan without a network', () => {
  it.each<[string, unknown]>([
    ['everything is affected', advisory([{ introduced: '0' }])],
    ['this version began it', advisory([{ introduced: ws }])],
    ['it is the last affected', advisory([{ introduced: '0' }, { last_affected: ws }])],
    ['it was fixed only later', advisory([{ introduced: '1.0.0' }, { fixed: '999.0.0' }])],
    ['it came back', advisory([{ fixed: '2.0.0' }, { introduced: '0' }, { introduced: '3.0.0' }])],
    [
      'the version is listed',
      { ...advisory([]), affected: [{ package: { ecosystem: 'npm', name: 'ws' }, versions: [ws] }] },
    ],
  ])('finds a package of the product where %s', async (_, content) => {
    const { exitCode, stdout } = await scan({ 'a.json': content });
    expect(stdout).toContain(`product  unknown  ws  ${ws}  TEST-1  made up`);
    expect(exitCode).toBe(1);
  });

  it.each<[string, unknown]>([
    ['this version fixed it', advisory([{ introduced: '0' }, { fixed: ws }])],
    ['it begins later', advisory([{ introduced: '999.0.0' }])],
    ['it ended before', advisory([{ introduced: '0' }, { last_affected: '1.0.0' }])],
    ['it is of another ecosystem', advisory([{ introduced: '0' }], {}, 'ws', 'PyPI')],
    ['it is of a package that is not there', advisory([{ introduced: '0' }], {}, 'left-pad')],
    ['it was withdrawn', advisory([{ introduced: '0' }], { withdrawn: '2026-11-02T00:00:00Z' })],
    [
      'its ranges are commits',
      {
        ...advisory([]),
        affected: [
          { package: { ecosystem: 'npm', name: 'ws' }, ranges: [{ type: 'GIT', events: [{ introduced: '0' }] }] },
        ],
      },
    ],
  ])('finds nothing where %s', async (_, content) => {
    const { exitCode, stdout } = await scan({ 'a.json': content });
    expect(stdout).toMatch(/^\d+ packages, 1 advisories, the newest of 2026-11-01T00:00:00Z: 0 hits\n$/);
    expect(exitCode).toBe(0);
  });

  it('tells development apart, and says how severe', async () => {
    const severe = advisory([{ introduced: '0' }], { database_specific: { severity: 'HIGH' } }, 'vitest');
    const { exitCode, stdout } = await scan({ 'a.json': severe }, '--json');
    expect(JSON.parse(stdout).hits).toMatchObject([{ part: 'development', severity: 'high', name: 'vitest' }]);
    expect(exitCode).toBe(0);
  });

  it('shows nothing that a terminal would obey', async () => {
    const { stdout } = await scan({ 'a.json': advisory([{ introduced: '0' }], { summary: 'a\u001b[2Jb\r\nc\u202e' }) });
    expect(['\u001b', '\r', '\u202e'].filter((control) => stdout.includes(control))).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['there is no advisory', { 'readme.txt': 'x' }],
    ['a file is no JSON', { 'a.json': '{' }],
    ['a file is no advisory', { 'a.json': { id: 7 } }],
    ['a file is too large', { 'a.json': ' '.repeat(5 * 1024 * 1024) }],
  ])('is no clean result when %s', async (_, files) => {
    expect(await scan(files)).toMatchObject({ exitCode: 3, stdout: '', stderr: expect.stringMatching(/^.+\n$/) });
  });
});

describe('the order of versions', () => {
  it('is that of Semantic Versioning', async () => {
    const ordered = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.1',
      '1.2.0',
      '1.10.0',
      '2.0.0',
    ];
    const shuffled = fc.sample(fc.shuffledSubarray(ordered, { minLength: ordered.length }), 20);
    const source = `
      const { compareVersions } = await import('${join(ROOT, 'scripts/semver.mjs')}');
      console.log(JSON.stringify(${JSON.stringify(shuffled)}.map((list) => list.sort(compareVersions))));
      console.log(compareVersions('1.0.0+a', '1.0.0+b'), compareVersions('v1.2', '1.2.0'));
    `;
    const [sorted, equal] = (await runScript(source)).stdout.split('\n');
    for (const list of JSON.parse(sorted as string)) expect(list).toEqual(ordered);
    expect(equal).toBe('0 0');
  });
});
