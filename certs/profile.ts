// The certificate profile: which kinds and roles exist, how strong, how long. README.md says it for people.
import type { CertificateKind } from '#protocol/names.ts';

export type Role = 'client' | 'server';

/** Which roles each kind may have. A user is never a server, and the public listener never a client. */
export const ROLES: Readonly<Record<CertificateKind, readonly Role[]>> = {
  user: ['client'],
  'gateway-server': ['server'],
  hop: ['client', 'server'],
  agent: ['client', 'server'],
  admin: ['client', 'server'],
};

export const KINDS = Object.keys(ROLES) as readonly CertificateKind[];

/** Kinds whose clients belong to one municipality; everything else is the operator's and carries "-". */
export function belongsToMunicipality(kind: CertificateKind, role: Role): boolean {
  return role === 'client' && (kind === 'user' || kind === 'agent');
}

export const RSA_BITS = 3072;
export const AUTHORITY_DAYS = 3650;
export const LEAF_DAYS = 365;
/** A longer life would outlive the review of who may still have one. */
export const LEAF_DAYS_MAX = 730;
export const CRL_DAYS = 7;

/** Hosts' clocks differ; a certificate or CRL made now must not be refused elsewhere as not yet valid. */
export const BACKDATE_MS = 5 * 60_000;
export const DAY_MS = 86_400_000;

/** RFC 5280 §5.3.1. removeFromCRL (8) belongs to delta CRLs, which we do not make; 7 is unused. */
export const REVOCATION_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  privilegeWithdrawn: 9,
  aACompromise: 10,
} as const;

export type RevocationReason = keyof typeof REVOCATION_REASONS;
