import type { AnyProof } from '../proof.ts';

export const edgeProofs: readonly AnyProof[] = [];
