// Certificate revocation lists (RFC 5280 §5), version 2, built from the library's ASN.1 since it has none of its own.
import forge from 'node-forge';
import { keyIdentifierOf, type Signer } from './certificate.ts';
import { BACKDATE_MS, CRL_DAYS, DAY_MS, REVOCATION_REASONS, type RevocationReason } from './profile.ts';

const { asn1 } = forge;
type Asn1 = forge.asn1.Asn1;

export interface RevokedEntry {
  /** Hexadecimal. */
  serial: string;
  /** Milliseconds since 1970. */
  at: number;
  reason: RevocationReason;
}

/**
 *     CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue BIT STRING }
 *     TBSCertList ::= SEQUENCE { version v2(1), signature, issuer, thisUpdate, nextUpdate,
 *                                revokedCertificates OPTIONAL, [0] crlExtensions }
 *
 * @param number the CRL number: each list's is higher than the one before (RFC 5280 §5.2.3)
 * @returns PEM, `BEGIN X509 CRL` as OpenSSL wants it
 */
export function makeCrl(signer: Signer, revoked: readonly RevokedEntry[], number: number, now: number): string {
  const tbs = sequence(
    integer(1),
    sha256WithRsa(),
    forge.pki.distinguishedNameToAsn1(signer.certificate.subject),
    time(now - BACKDATE_MS),
    time(now + CRL_DAYS * DAY_MS),
    // An empty list must be absent (RFC 5280 §5.1.2.6).
    ...(revoked.length > 0 ? [sequence(...revoked.map(entry))] : []),
    explicit0(
      sequence(
        extension('2.5.29.35', sequence(implicit0(keyIdentifierOf(signer.certificate)))),
        extension('2.5.29.20', integer(number)),
      ),
    ),
  );
  const digest = forge.md.sha256.create().update(asn1.toDer(tbs).getBytes());
  const signature = primitive(asn1.Type.BITSTRING, `\x00${signer.key.sign(digest)}`);
  const der = asn1.toDer(sequence(tbs, sha256WithRsa(), signature)).getBytes();
  return forge.pem.encode({ type: 'X509 CRL', body: der }).replaceAll('\r', '');
}

function entry({ serial, at, reason }: RevokedEntry): Asn1 {
  const parts = [primitive(asn1.Type.INTEGER, forge.util.hexToBytes(serial)), time(at)];
  const code = REVOCATION_REASONS[reason];
  // "unspecified" is said by leaving the extension out (RFC 5280 §5.3.1).
  if (code !== 0) parts.push(sequence(extension('2.5.29.21', primitive(ENUMERATED, String.fromCharCode(code)))));
  return sequence(...parts);
}

const ENUMERATED: forge.asn1.Type = 10;

function extension(id: string, value: Asn1): Asn1 {
  return sequence(oid(id), primitive(asn1.Type.OCTETSTRING, asn1.toDer(value).getBytes()));
}

function sha256WithRsa(): Asn1 {
  return sequence(oid('1.2.840.113549.1.1.11'), primitive(asn1.Type.NULL, ''));
}

function sequence(...parts: Asn1[]): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, parts);
}

function primitive(type: forge.asn1.Type, value: string): Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, type, false, value);
}

function explicit0(part: Asn1): Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, 0, true, [part]);
}

function implicit0(value: string): Asn1 {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, 0, false, value);
}

function oid(id: string): Asn1 {
  return primitive(asn1.Type.OID, asn1.oidToDer(id).getBytes());
}

function integer(value: number): Asn1 {
  return primitive(asn1.Type.INTEGER, asn1.integerToDer(value).getBytes());
}

/** UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 §5.1.2.4). */
function time(ms: number): Asn1 {
  const date = new Date(ms);
  return date.getUTCFullYear() < 2050
    ? primitive(asn1.Type.UTCTIME, asn1.dateToUtcTime(date))
    : primitive(asn1.Type.GENERALIZEDTIME, asn1.dateToGeneralizedTime(date));
}
