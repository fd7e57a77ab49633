import { type AnyProof, listed } from '../proof.ts';
import { hiddenSessionProof } from './hidden.ts';
import { rotationProof } from './rotation.ts';
import { tamperProof } from './tamper.ts';

export const auditProofs: readonly AnyProof[] = [
  listed(tamperProof),
  listed(rotationProof),
  listed(hiddenSessionProof),
];
