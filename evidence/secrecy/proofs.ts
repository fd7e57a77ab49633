import type { AnyProof } from '../proof.ts';

export const secrecyProofs: readonly AnyProof[] = [];
