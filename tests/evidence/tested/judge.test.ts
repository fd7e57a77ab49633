import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judgeTests } from '#evidence/tested/judge.ts';
import { PROVEN_BY_TESTS } from '#evidence/tested/table.ts';
import { observed, type Tested } from '#evidence/tested/vitest.ts';
import { ROOT } from '#lab/process.ts';

const GOOD: Tested = {
  asked: ['tests/a.test.ts'],
  files: [{ path: 'tests/a.test.ts', passed: 2, failed: 0, skipped: 0 }],
  tests: [
    { name: 'a holds', status: 'passed' },
    { name: 'b holds', status: 'passed' },
  ],
};

describe('the judge of tests', () => {
  it('passes if all that was asked for ran and passed', () => {
    expect(judgeTests(GOOD)).toMatchObject({ result: 'pass', seen: { en: 'all 2 tests in 1 file passed' } });
  });

  it.each<[string, Partial<Tested>]>([
    ['one failed', { tests: [{ name: 'a holds', status: 'failed' }] }],
    ['one was skipped', { tests: [...GOOD.tests, { name: 'c', status: 'skipped' }] }],
    ['a file did not run', { asked: ['tests/a.test.ts', 'tests/b.test.ts'] }],
    ['a file has no test', { files: [{ path: 'tests/a.test.ts', passed: 0, failed: 0, skipped: 0 }], tests: [] }],
    ['nothing ran', { files: [], tests: [] }],
  ])('fails if %s', (_, over) => {
    expect(judgeTests({ ...GOOD, ...over }).result).toBe('fail');
  });
});

it('a report of vitest is read test by test', () => {
  const assertionResults = ['passed', 'failed', 'pending'].map((status) => ({ fullName: `it ${status}`, status }));
  const json = JSON.stringify({ testResults: [{ name: join(ROOT, 'tests/a.test.ts'), assertionResults }] });
  expect(observed(['tests/a.test.ts'], json)).toEqual({
    asked: ['tests/a.test.ts'],
    files: [{ path: 'tests/a.test.ts', passed: 1, failed: 1, skipped: 1 }],
    tests: assertionResults.map(({ fullName, status }) => ({ name: fullName, status })),
  });
});

describe('the files of the table', () => {
  it.each([...new Set(PROVEN_BY_TESTS.flatMap(({ files }) => files))])('%s is there', (path) => {
    expect(existsSync(join(ROOT, path))).toBe(true);
  });
});
