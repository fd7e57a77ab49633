// Proofs that need nothing of the machine, collected as in a run.

import type { Run } from '#evidence/proof.ts';
import { c3Grammar } from '#evidence/reachability/c3-grammar.ts';

const run: Run = {
  folder: '/nonexistent',
  signal: new AbortController().signal,
  progress() {},
  stage: () => Promise.reject(new Error('no stage here')),
};

export const c3 = () => c3Grammar.collect(run);
