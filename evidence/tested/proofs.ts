import type { AnyProof } from '../proof.ts';

export const testedProofs: readonly AnyProof[] = [];
