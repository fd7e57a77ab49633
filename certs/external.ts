// An outside authority (a municipality's own, say) may take the place of the user authority if it meets the profile.
// This checks what tls.ts will demand of it, before somebody is locked out by it.
import { X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import { checkStrength, checkTrust, type PeerIdentity, readIdentity } from '#platform/hop/peer-certificate.ts';
import { strongDigest } from '#platform/hop/strength.ts';
import { loadTrust, type Trust } from '#platform/hop/tls-files.ts';
import { Failure } from '#platform/process/exit.ts';
import { Refusal } from '#protocol/codes.ts';
import { readText } from './files.ts';

/**
 * Checks, in this order: every certificate of the chain is an authority with a strong key, and each has a list signed by
 * itself (loadTrust); every list is current; every authority is current, strongly signed and may sign certificates and
 * lists; all of them lead to one self-signed root in the file, since OpenSSL accepts no shorter end.
 * @throws Failure with one line
 */
export function checkExternal(chain: string, crl: string, now: number): Trust {
  const trust = loadTrust({ authorities: chain, revocations: crl });
  if (!trust.revocations.isCurrent(now)) throw new Failure(`${crl}: a list has run out or has not begun`);
  for (const authority of trust.authorities) checkAuthority(authority, chain, now);
  const roots = trust.authorities.filter((one) => one.checkIssued(one));
  if (roots.length !== 1) throw new Failure(`${chain} must hold exactly one self-signed root, not ${roots.length}`);
  for (const authority of trust.authorities) {
    const issued = trust.authorities.some((one) => authority.checkIssued(one) && authority.verify(one.publicKey));
    if (!issued) throw new Failure(`${chain}: ${nameOf(authority)} is signed by none of the others`);
  }
  return trust;
}

function checkAuthority(authority: X509Certificate, chain: string, now: number): void {
  const from = authority.validFromDate.getTime();
  if (now < from || now > authority.validToDate.getTime()) {
    throw new Failure(`${chain}: ${nameOf(authority)} is not valid now`);
  }
  if (strongDigest(authority.signatureAlgorithmOid) === null) {
    throw new Failure(
      `${chain}: ${nameOf(authority)} is signed with ${authority.signatureAlgorithm ?? 'an unknown algorithm'}`,
    );
  }
  if ((keyUsageOf(authority) & SIGNS_CERTIFICATES_AND_LISTS) !== SIGNS_CERTIFICATES_AND_LISTS) {
    throw new Failure(`${chain}: the key usage of ${nameOf(authority)} lacks keyCertSign or cRLSign`);
  }
}

/**
 * Checks one certificate of that authority as a listener for users would.
 * @throws Failure with the reason
 */
export function checkSample(trust: Trust, path: string, now: number): PeerIdentity {
  const pem = readText(path, 'the sample');
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    throw new Failure(`${path} is not a certificate`);
  }
  try {
    checkTrust(trust, certificate, now);
    checkStrength(certificate);
    return readIdentity(certificate, { kind: 'user', role: 'client' });
  } catch (error) {
    if (error instanceof Refusal) throw new Failure(`${path} would be refused: ${error.message}`);
    throw error;
  }
}

/** First byte of the KeyUsage bit string (RFC 5280 §4.2.1.3): bit 5 is keyCertSign, bit 6 cRLSign. */
const SIGNS_CERTIFICATES_AND_LISTS = 0x06;

/** @returns the first byte of the key usage, 0 if the extension is absent */
function keyUsageOf(certificate: X509Certificate): number {
  const { asn1 } = forge;
  const [tbs] = valuesOf(asn1.fromDer(certificate.raw.toString('binary')));
  // [3] EXPLICIT SEQUENCE OF Extension
  const wrapper = valuesOf(tbs).find(
    (part) => part.tagClass === asn1.Class.CONTEXT_SPECIFIC && Number(part.type) === 3,
  );
  const keyUsage = valuesOf(valuesOf(wrapper)[0])
    .map(valuesOf)
    .find(([id]) => id && asn1.derToOid(String(id.value)) === '2.5.29.15');
  const octets = keyUsage?.at(-1);
  // OCTET STRING holding BIT STRING: tag, length, unused bits, first byte.
  return octets && typeof octets.value === 'string' ? octets.value.charCodeAt(3) || 0 : 0;
}

function valuesOf(part: forge.asn1.Asn1 | undefined): forge.asn1.Asn1[] {
  return Array.isArray(part?.value) ? part.value : [];
}

function nameOf(authority: X509Certificate): string {
  return authority.subject.replaceAll('\n', ', ');
}
