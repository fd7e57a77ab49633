import type { AnyProof } from '../proof.ts';

export const reachabilityProofs: readonly AnyProof[] = [];
