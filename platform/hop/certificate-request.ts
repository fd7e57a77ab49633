// Reading a certificate request (PKCS#10, RFC 2986): what the enrolment listener and the authority check alike. Only its
// public key is ever used; what else it says is nobody's word (T21).
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import forge from 'node-forge';
import { Refusal } from '#protocol/codes.ts';
import { requestNumber } from '#protocol/enrolment.ts';

export const REQUEST_MAX_CHARACTERS = 65_536;
const RSA_MIN_BITS = 3072;
/** Above it a stranger's request costs more to verify than it is worth (T14). */
const RSA_MAX_BITS = 8192;
/** sha256WithRSAEncryption and its two longer brothers (RFC 8017 A.2.4). SHA-1 and MD5 are left out on purpose. */
const SIGNATURES = new Set(['1.2.840.113549.1.1.11', '1.2.840.113549.1.1.12', '1.2.840.113549.1.1.13']);
const SAN_DNS = 2;

export interface CertificateRequest {
  publicKey: KeyObject;
  /** The DNS names that it asks for, as they stand there. Not verified, any text. */
  wantedHosts: readonly string[];
}

/**
 * Checks, in this order: size, readable PKCS#10, RSA of 3072 to 8192 bits with exponent 65537, signed with SHA-256 or
 * longer, and signed by that very key (the asker holds the private half).
 * @param pem with nothing but one request in it
 * @throws REQUEST_MALFORMED, REQUEST_WEAK, REQUEST_SIGNATURE; the detail is a sentence for people
 */
export function readCertificateRequest(
  pem: string,
  maxCharacters: number = REQUEST_MAX_CHARACTERS,
): CertificateRequest {
  const request = parse(pem, maxCharacters);
  const key = request.publicKey as forge.pki.rsa.PublicKey;
  const bits = key.n.bitLength();
  if (bits < RSA_MIN_BITS) throw weak(`an RSA key of ${bits} bits is too weak, ${RSA_MIN_BITS} are required`);
  if (bits > RSA_MAX_BITS) throw weak(`an RSA key of ${bits} bits is too large, ${RSA_MAX_BITS} are enough`);
  if (key.e.toString(10) !== '65537') throw weak('the RSA exponent must be 65537');
  if (!SIGNATURES.has(request.signatureOid ?? '')) throw weak('the request is not signed with SHA-256 or longer');
  if (!isSignedByOwnKey(request)) {
    throw new Refusal('REQUEST_SIGNATURE', "the request's signature does not match its key");
  }
  return { publicKey: createPublicKey(forge.pki.publicKeyToPem(key)), wantedHosts: hostsOf(request) };
}

function weak(detail: string): Refusal {
  return new Refusal('REQUEST_WEAK', detail);
}

function parse(pem: string, maxCharacters: number): forge.pki.CertificateSigningRequest {
  if (pem.length > maxCharacters) throw new Refusal('REQUEST_MALFORMED', 'too large for a certificate request');
  try {
    return forge.pki.certificationRequestFromPem(pem, true);
  } catch {
    throw new Refusal('REQUEST_MALFORMED', 'not a certificate request (PKCS#10, PEM) with an RSA key');
  }
}

function isSignedByOwnKey(request: forge.pki.CertificateSigningRequest): boolean {
  try {
    return request.verify();
  } catch {
    return false;
  }
}

function hostsOf(request: forge.pki.CertificateSigningRequest): string[] {
  const wanted = request.getAttribute({ name: 'extensionRequest' })?.extensions ?? [];
  const names = wanted.find((one: { name?: string }) => one.name === 'subjectAltName')?.altNames ?? [];
  return names.filter((one: { type: number }) => one.type === SAN_DNS).map((one: { value: string }) => one.value);
}

/** SHA-256 of the key's SPKI, 32 bytes. */
export function keyDigest(key: KeyObject): Uint8Array<ArrayBuffer> {
  const digest = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
  return Uint8Array.from(digest);
}

/** The number by which people know the request of this key. */
export function numberOfKey(key: KeyObject): string {
  return requestNumber(keyDigest(key));
}
