// Every proof there is, by what it looks at, in the order in which they run. Proofs of one topic share their stages.
import { auditProofs } from './audit/proofs.ts';
import { deliveryProofs } from './delivery/proofs.ts';
import { edgeProofs } from './edge/proofs.ts';
import { performanceProofs } from './performance/proofs.ts';
import type { AnyProof, Said } from './proof.ts';
import { reachabilityProofs } from './reachability/proofs.ts';
import { revocationProofs } from './revocation/proofs.ts';
import { secrecyProofs } from './secrecy/proofs.ts';
import { sourcesProofs } from './sources/proofs.ts';
import { testedProofs } from './tested/proofs.ts';
import { tlsProofs } from './tls/proofs.ts';

export interface Topic {
  readonly name: string;
  readonly title: Said;
  readonly proofs: readonly AnyProof[];
}

export const TOPICS: readonly Topic[] = [
  { name: 'reachability', title: { ja: 'IP の通り道', en: 'IP reachability' }, proofs: reachabilityProofs },
  { name: 'secrecy', title: { ja: '端末間の暗号', en: 'End-to-end secrecy' }, proofs: secrecyProofs },
  { name: 'revocation', title: { ja: '失効と切断', en: 'Revocation' }, proofs: revocationProofs },
  { name: 'tls', title: { ja: 'TLS と証明書', en: 'TLS and certificates' }, proofs: tlsProofs },
  { name: 'audit', title: { ja: '監査ログ', en: 'Audit log' }, proofs: auditProofs },
  { name: 'edge', title: { ja: '入口の負荷', en: 'Load on the edge' }, proofs: edgeProofs },
  { name: 'performance', title: { ja: '性能', en: 'Performance' }, proofs: performanceProofs },
  { name: 'delivery', title: { ja: '提供と文書', en: 'Delivery and papers' }, proofs: deliveryProofs },
  { name: 'sources', title: { ja: 'ソースの調べ', en: 'Search of the sources' }, proofs: sourcesProofs },
  { name: 'tested', title: { ja: '試験による証明', en: 'Proven by tests' }, proofs: testedProofs },
];
