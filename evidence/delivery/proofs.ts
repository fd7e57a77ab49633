import type { AnyProof } from '../proof.ts';

export const deliveryProofs: readonly AnyProof[] = [];
