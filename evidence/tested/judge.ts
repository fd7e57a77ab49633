import type { Judgement } from '../proof.ts';
import type { Tested } from './vitest.ts';

/** Passes if every file that was asked for ran, each with a test, and all of them passed: a skipped one proves nothing. */
export function judgeTests({ asked, files, tests }: Tested): Judgement {
  const complaints = [
    ...asked.filter((path) => !files.some((file) => file.path === path)).map((path) => `${path}: did not run`),
    ...files.filter(({ passed }) => passed === 0).map(({ path }) => `${path}: no test passed`),
    ...tests.filter(({ status }) => status !== 'passed').map(({ name, status }) => `${status}: ${name}`),
  ];
  if (complaints.length > 0) {
    const first = complaints.slice(0, 3).join('; ');
    return { result: 'fail', seen: { ja: `合格しない試験があります: ${first}`, en: `not all passed: ${first}` } };
  }
  const count = tests.length;
  return {
    result: 'pass',
    seen: {
      ja: `${files.length} ファイルの ${count} 件の試験がすべて合格しました`,
      en: `all ${count} tests in ${files.length} ${files.length === 1 ? 'file' : 'files'} passed`,
    },
  };
}
