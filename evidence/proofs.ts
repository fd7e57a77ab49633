// Every proof there is, by what it looks at. The order is the one in which they run.
import { auditProofs } from './audit/proofs.ts';
import { deliveryProofs } from './delivery/proofs.ts';
import { edgeProofs } from './edge/proofs.ts';
import type { AnyProof } from './proof.ts';
import { reachabilityProofs } from './reachability/proofs.ts';
import { revocationProofs } from './revocation/proofs.ts';
import { secrecyProofs } from './secrecy/proofs.ts';
import { testedProofs } from './tested/proofs.ts';
import { tlsProofs } from './tls/proofs.ts';

export const PROOFS: readonly AnyProof[] = [
  ...reachabilityProofs,
  ...secrecyProofs,
  ...revocationProofs,
  ...tlsProofs,
  ...auditProofs,
  ...edgeProofs,
  ...deliveryProofs,
  ...testedProofs,
];
