// Reading a certificate request. Only its public key is used; what else it says is shown, never believed.
import { createPublicKey } from 'node:crypto';
import forge from 'node-forge';
import { Failure } from '#platform/process/exit.ts';
import { RSA_BITS } from './profile.ts';

const REQUEST_MAX_CHARACTERS = 65_536;
/** sha256WithRSAEncryption and its two longer brothers (RFC 8017 A.2.4). SHA-1 and MD5 are left out on purpose. */
const SIGNATURES = new Set(['1.2.840.113549.1.1.11', '1.2.840.113549.1.1.12', '1.2.840.113549.1.1.13']);

export interface CheckedRequest {
  /** SPKI, PEM. */
  publicKey: string;
  /** The names a server asks for. Not verified: the operator decides with --dns. */
  wantedHosts: readonly string[];
}

/**
 * Checks, in this order: readable PKCS#10, RSA of at least 3072 bits with exponent 65537, signed with SHA-256 or
 * longer, and signed by that very key (the asker holds the private half).
 * @param name of the file, for the message
 * @throws Failure
 */
export function checkRequest(pem: string, name: string): CheckedRequest {
  const request = parse(pem, name);
  const key = request.publicKey as forge.pki.rsa.PublicKey;
  const bits = key.n.bitLength();
  if (bits < RSA_BITS) throw new Failure(`${name}: an RSA key of ${bits} bits is too weak, ${RSA_BITS} are required`);
  if (key.e.toString(10) !== '65537') throw new Failure(`${name}: the RSA exponent must be 65537`);
  if (!SIGNATURES.has(request.signatureOid ?? ''))
    throw new Failure(`${name}: the request is not signed with SHA-256 or longer`);
  if (!isSignedByOwnKey(request)) throw new Failure(`${name}: the request's signature does not match its key`);
  const spki = forge.pki.publicKeyToPem(key);
  return { publicKey: createPublicKey(spki).export({ type: 'spki', format: 'pem' }), wantedHosts: hostsOf(request) };
}

function parse(pem: string, name: string): forge.pki.CertificateSigningRequest {
  if (pem.length > REQUEST_MAX_CHARACTERS) throw new Failure(`${name} is too large for a certificate request`);
  try {
    return forge.pki.certificationRequestFromPem(pem, true);
  } catch {
    throw new Failure(`${name} is not a certificate request (PKCS#10, PEM) with an RSA key`);
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
  return names
    .filter((one: { type: number }) => one.type === 2)
    .map((one: { value: string }) => one.value)
    .filter((value: string) => HOST_NAME.test(value))
    .slice(0, 16);
}

/** RFC 1123 labels, lower case. No wildcard: each listener has its own certificate. */
export const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
