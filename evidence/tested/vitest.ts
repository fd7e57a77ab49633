// Runs test files of this tree and tells what each test came to.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import * as z from 'zod';
import { ROOT } from '#lab/process.ts';
import { NotRun } from '../proof.ts';

export interface TestedFile {
  path: string;
  passed: number;
  failed: number;
  skipped: number;
}

export interface Tested {
  /** Those that were asked for. */
  asked: string[];
  /** Those that were run. */
  files: TestedFile[];
  /** Full names of the tests, with what became of them. */
  tests: { name: string; status: string }[];
}

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

/**
 * @param files paths below the project's folder
 * @param report where vitest's own JSON report is kept
 * @throws NotRun where vitest is not installed, as in a package without development tools
 */
export async function runTests(files: readonly string[], report: string, signal: AbortSignal): Promise<Tested> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  if (!existsSync(vitest)) {
    throw new NotRun({ ja: '試験の道具がありません (npm ci)', en: 'the test tools are not installed (npm ci)' });
  }
  const args = [vitest, 'run', '--reporter=json', `--outputFile.json=${report}`, ...files];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: 'ignore',
    env: { ...process.env, TW_STRICT: '1', TW_LONG: files.every(isLong) ? '1' : '' },
    signal,
    killSignal: 'SIGTERM',
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  return observed(files, readFileSync(report, 'utf8'));
}

const isLong = (path: string) => path.endsWith('.long.test.ts');

/** @param json vitest's report. @throws ZodError */
export function observed(asked: readonly string[], json: string): Tested {
  const { testResults } = reportSchema.parse(JSON.parse(json));
  return {
    asked: [...asked],
    files: testResults.map(({ name, assertionResults }) => {
      const count = (status: string) => assertionResults.filter((test) => test.status === status).length;
      const [passed, failed] = [count('passed'), count('failed')];
      return { path: relative(ROOT, name), passed, failed, skipped: assertionResults.length - passed - failed };
    }),
    tests: testResults.flatMap(({ assertionResults }) =>
      assertionResults.map(({ fullName, status }) => ({ name: fullName, status })),
    ),
  };
}
