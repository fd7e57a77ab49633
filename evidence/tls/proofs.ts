import type { AnyProof } from '../proof.ts';

export const tlsProofs: readonly AnyProof[] = [];
