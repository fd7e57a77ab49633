// The certificates of the negative matrix, and the good one beside them. Each bad one differs from it in one thing.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OddOptions, oddCertificate, oddSigner, readSigner, type Signer } from '#lab/odd-certificates.ts';
import type { CertificateKind } from '#protocol/names.ts';
import type { Said } from '../proof.ts';
import { type Ground, identityOf, type KeyPair, REVOKED_SERIAL } from './ground.ts';

export type Role = 'client' | 'server';

/** What is wrong with it, and the reason that must stand in the audit log of whoever refuses it. */
export const BAD = {
  expired: { reason: 'CERTIFICATE_EXPIRED', ja: '期限切れ', en: 'expired' },
  notYet: { reason: 'CERTIFICATE_NOT_YET_VALID', ja: '有効期間の開始前', en: 'not yet valid' },
  otherUsage: { reason: 'CERTIFICATE_WRONG_USAGE', ja: '用途(EKU)違い', en: 'for the other usage (EKU)' },
  noUsage: { reason: 'CERTIFICATE_WRONG_USAGE', ja: '用途(EKU)なし', en: 'without an extended key usage' },
  otherKind: { reason: 'CERTIFICATE_UNTRUSTED', ja: '別の種類、連鎖付き', en: 'of another kind, with its chain' },
  otherName: { reason: 'CERTIFICATE_WRONG_KIND', ja: '別の種類の名前', en: 'with a name of another kind' },
  noName: { reason: 'CERTIFICATE_WRONG_KIND', ja: '識別名なし', en: 'without an identity' },
  sameCa: { reason: 'CERTIFICATE_UNTRUSTED', ja: '同じ名前の別の認証局', en: 'by another authority of the same name' },
  sameCaChain: { reason: 'CERTIFICATE_UNTRUSTED', ja: '同上、連鎖付き', en: 'the same, with its chain' },
  selfSigned: { reason: 'CERTIFICATE_UNTRUSTED', ja: '自己署名', en: 'self-signed' },
  revoked: { reason: 'CERTIFICATE_REVOKED', ja: '失効済み', en: 'revoked' },
  rsa2048: { reason: 'CERTIFICATE_WEAK', ja: 'RSA 2048 ビット', en: 'RSA of 2048 bits' },
  sha1: { reason: 'CERTIFICATE_WEAK', ja: 'SHA-1 署名', en: 'signed with SHA-1' },
} as const satisfies Record<string, { reason: string } & Said>;

export type BadName = keyof typeof BAD;
export const BAD_NAMES = Object.keys(BAD) as readonly BadName[];

const DAY_MS = 86_400_000;
const USAGE = { client: 'clientAuth', server: 'serverAuth' } as const;

export interface Certified extends KeyPair {
  /** PEM: the certificate, then what is sent along. */
  readonly cert: string;
}

/**
 * @param kind and role of who shows them
 * @param hosts stand in a server's
 * @param name of the identity
 */
export function certificatesOf(
  ground: Ground,
  kind: CertificateKind,
  role: Role,
  hosts: readonly string[] = role === 'server' ? ['localhost', '127.0.0.1'] : [],
  name = 'probe',
): Record<BadName | 'good', Certified> {
  const { key, weakKey, system } = ground;
  const authority = readSigner(system.pki.dir, kind);
  const good: OddOptions = { uris: [identityOf(kind, name)], usage: [USAGE[role]], hosts };
  const made = (change: OddOptions, { by = authority as Signer | null, pair = key, chain = '' } = {}): Certified => ({
    ...pair,
    cert: oddCertificate(by, pair, { ...good, ...change }) + chain,
  });
  const other: CertificateKind = kind === 'agent' ? 'hop' : 'agent';
  const otherChain = readFileSync(join(system.pki.dir, other, 'ca.cert.pem'), 'utf8');
  const namesake = namesakeOf(authority, key);
  return {
    good: made({}),
    expired: made({ fromMs: -2 * DAY_MS, untilMs: -DAY_MS }),
    notYet: made({ fromMs: DAY_MS, untilMs: 2 * DAY_MS }),
    otherUsage: made({ usage: [USAGE[role === 'client' ? 'server' : 'client']] }),
    noUsage: made({ usage: null }),
    otherKind: made({ uris: [identityOf(other)] }, { by: readSigner(system.pki.dir, other), chain: otherChain }),
    otherName: made({ uris: [identityOf(other)] }),
    noName: made({ uris: [], hosts: ['localhost', ...hosts] }),
    sameCa: made({}, { by: namesake }),
    sameCaChain: made({}, { by: namesake, chain: namesake.pem }),
    selfSigned: made({}, { by: null }),
    revoked: made({ serial: REVOKED_SERIAL }),
    rsa2048: made({}, { pair: weakKey }),
    sha1: made({ digest: 'sha1' }),
  };
}

/** An authority that calls itself like ours and has another key. */
function namesakeOf({ certificate }: Signer, key: KeyPair): Signer & { pem: string } {
  return oddSigner(null, key, { subject: certificate.subject.attributes });
}
