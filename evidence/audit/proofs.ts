import { type AnyProof, listed } from '../proof.ts';
import { liveEventsProof } from './events.ts';
import { failClosedProof } from './fail-closed.ts';
import { harmlessProof } from './harmless.ts';
import { hiddenSessionProof } from './hidden.ts';
import { reportProof } from './report.ts';
import { rotationProof } from './rotation.ts';
import { tamperProof } from './tamper.ts';

export const auditProofs: readonly AnyProof[] = [
  listed(tamperProof),
  listed(rotationProof),
  listed(hiddenSessionProof),
  listed(liveEventsProof),
  listed(harmlessProof),
  listed(reportProof),
  // Last on its stage: it takes the collector away.
  listed(failClosedProof),
];
