import { join } from 'node:path';
import { type AnyProof, listed } from '../proof.ts';
import { judgeTests } from './judge.ts';
import { type ByTests, PROVEN_BY_TESTS } from './table.ts';
import { runTests } from './vitest.ts';

export const testedProofs: readonly AnyProof[] = PROVEN_BY_TESTS.map(byTests);

function byTests({ name, requirements, claim, files, needs = [] }: ByTests): AnyProof {
  return listed({
    ...{ name, requirements, claim, needs },
    tried: {
      ja: `試験を実行しました: ${files.join('、')}`,
      en: `these tests were run: ${files.join(', ')}`,
    },
    collect: ({ folder, signal }) => runTests(files, join(folder, 'tests.json'), signal),
    judge: judgeTests,
  });
}
