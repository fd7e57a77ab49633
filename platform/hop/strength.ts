// Which keys and signatures are strong enough, for certificates and revocation lists alike.
import type { KeyObject } from 'node:crypto';

export const RSA_MIN_BITS = 3072;
/** P-256, P-384, P-521 by OpenSSL's names. */
export const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/**
 * Signature OID → digest: RSA PKCS#1 v1.5 and ECDSA with SHA-256, -384, -512. MD5 and SHA-1 are left out on purpose;
 * so is RSASSA-PSS, whose OID does not tell the digest.
 */
const DIGESTS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};

/** RSA of at least 3072 bits, or one of the three NIST curves. */
export function isStrongKey(key: KeyObject): boolean {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === 'rsa') return (details?.modulusLength ?? 0) >= RSA_MIN_BITS;
  return key.asymmetricKeyType === 'ec' && CURVES.has(details?.namedCurve ?? '');
}

/** @returns the digest's name for node:crypto, or null for a signature that is too weak or unknown */
export function strongDigest(signatureOid: string): string | null {
  return Object.hasOwn(DIGESTS, signatureOid) ? (DIGESTS[signatureOid] ?? null) : null;
}
