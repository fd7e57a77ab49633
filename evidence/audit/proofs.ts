import type { AnyProof } from '../proof.ts';

export const auditProofs: readonly AnyProof[] = [];
