// What a peer's certificate must be beyond OpenSSL's checks: issued by one of our authorities, not on their newest
// list, strong, and of the right kind and role (T11).
import { createHash, type X509Certificate } from 'node:crypto';
import { Refusal } from '#protocol/codes.ts';
import { type CertificateKind, type Identity, parseIdentityUri } from '#protocol/names.ts';
import { isStrongKey, strongDigest } from './strength.ts';
import type { Trust } from './tls-files.ts';

/** A peer as its certificate names it. */
export interface PeerIdentity extends Identity {
  /** SHA-256 of the certificate's DER, base64url (x5t#S256 of RFC 8705). */
  thumbprint: string;
  /** Upper-case hexadecimal without leading zeros, as RevocationList takes it. */
  serial: string;
  /** Milliseconds since 1970. */
  notAfter: number;
}

export interface ExpectedPeer {
  kind: CertificateKind;
  role: 'client' | 'server';
}

/**
 * Issuer, times and revocation against the newest files. The handshake checked them too; this holds for later calls.
 * @throws CERTIFICATE_UNTRUSTED, REVOCATION_UNKNOWN, CERTIFICATE_REVOKED, CERTIFICATE_NOT_YET_VALID, CERTIFICATE_EXPIRED
 */
export function checkTrust({ authorities, revocations }: Trust, certificate: X509Certificate, now: number): void {
  // By signature, not by name: a stranger's authority may call itself like ours.
  const issued = authorities.some((one) => certificate.checkIssued(one) && certificate.verify(one.publicKey));
  if (!issued) throw new Refusal('CERTIFICATE_UNTRUSTED', 'not issued by an authority of this kind');
  if (!revocations.isCurrent(now)) throw new Refusal('REVOCATION_UNKNOWN', 'the revocation list has run out');
  if (revocations.isRevoked(certificate.serialNumber)) throw new Refusal('CERTIFICATE_REVOKED');
  if (now < certificate.validFromDate.getTime()) throw new Refusal('CERTIFICATE_NOT_YET_VALID');
  if (now > certificate.validToDate.getTime()) throw new Refusal('CERTIFICATE_EXPIRED');
}

/** RSA below 3072 bits, other curves than NIST's, SHA-1 and MD5 are refused. @throws CERTIFICATE_WEAK */
export function checkStrength(certificate: X509Certificate): void {
  if (!isStrongKey(certificate.publicKey)) throw new Refusal('CERTIFICATE_WEAK', 'key');
  if (strongDigest(certificate.signatureAlgorithmOid) === null) throw new Refusal('CERTIFICATE_WEAK', 'signature');
}

/**
 * Usage and identity. Says nothing about who signed the certificate, or how strongly.
 * @throws CERTIFICATE_WRONG_USAGE, CERTIFICATE_WRONG_KIND
 */
export function readIdentity(certificate: X509Certificate, expect: ExpectedPeer): PeerIdentity {
  checkUsage(certificate, expect.role);
  const identity = readSanUri(certificate);
  if (identity.kind !== expect.kind)
    throw new Refusal('CERTIFICATE_WRONG_KIND', `${identity.kind}, not ${expect.kind}`);
  return {
    ...identity,
    thumbprint: createHash('sha256').update(certificate.raw).digest('base64url'),
    serial: certificate.serialNumber.toUpperCase(),
    notAfter: certificate.validToDate.getTime(),
  };
}

/** RFC 5280 §4.2.1.12. */
const EXTENDED_KEY_USAGE = { client: '1.3.6.1.5.5.7.3.2', server: '1.3.6.1.5.5.7.3.1' } as const;

/** A certificate without the extension may be used for anything by RFC 5280; here it is refused. */
function checkUsage(certificate: X509Certificate, role: 'client' | 'server'): void {
  if (certificate.ca) throw new Refusal('CERTIFICATE_WRONG_USAGE', 'an authority is no peer');
  // Node calls the extended key usages keyUsage; it is undefined when the extension is absent.
  const usages: readonly string[] | undefined = certificate.keyUsage;
  if (!usages?.includes(EXTENDED_KEY_USAGE[role])) throw new Refusal('CERTIFICATE_WRONG_USAGE', `not for a ${role}`);
}

/** Exactly one URI of ours. Several would let issuer and reader pick different ones. */
function readSanUri(certificate: X509Certificate): Identity {
  const names = certificate.subjectAltName ?? '';
  // Node quotes an entry that holds a comma or a quote; no name of our profile needs that, so nothing is unquoted here.
  if (names.includes('"')) throw new Refusal('CERTIFICATE_WRONG_KIND', 'a subject alternative name needs quoting');
  const ours = names.split(', ').filter((name) => name.toLowerCase().startsWith('uri:urn:telework:'));
  const identity = ours.length === 1 ? parseIdentityUri(String(ours[0]).slice('URI:'.length)) : null;
  if (!identity) throw new Refusal('CERTIFICATE_WRONG_KIND', `${ours.length} identity URIs, or a malformed one`);
  return identity;
}
