import type { AnyProof } from '../proof.ts';

export const revocationProofs: readonly AnyProof[] = [];
