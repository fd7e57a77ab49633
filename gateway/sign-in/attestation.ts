// Whether a hardware authenticator's maker vouches for it: the path from its attestation certificate to a configured root
// (L3 §7.1 steps 21 to 24). The library's own path check is not used: it downloads revocation lists from addresses in
// certificates, and a gateway dials nobody but its broker (T08).
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Failure } from '#platform/process/exit.ts';
import { Refusal } from '#protocol/codes.ts';

/** The authenticator's own, and two authorities below the root. */
const PATH_MAX = 3;

/** @throws Failure in one line if the file is no list of certificate authorities in PEM */
export function readAttestationRoots(path: string): X509Certificate[] {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Failure(`${path}: no certificate in it`);
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch {
      throw new Failure(`${path}: a certificate in it cannot be read`);
    }
  });
}

/**
 * Names, signatures, times, and that each issuer is an authority. Not verified: revocation, which makers tell elsewhere.
 * @param x5c DER, the authenticator's certificate first
 * @throws FACTOR_NOT_ADDED
 */
export function checkAttestationPath(
  x5c: readonly Uint8Array[],
  roots: readonly X509Certificate[],
  nowMs: number,
): void {
  const path = readPath(x5c);
  for (const [i, certificate] of path.entries()) {
    if (!isValidAt(certificate, nowMs)) throw untrusted('run out');
    if (roots.some((root) => isValidAt(root, nowMs) && isIssuedBy(certificate, root))) return;
    const issuer = path[i + 1];
    if (!issuer?.ca || !isIssuedBy(certificate, issuer)) break;
  }
  throw untrusted('leads to no configured root');
}

function readPath(x5c: readonly Uint8Array[]): X509Certificate[] {
  if (x5c.length === 0 || x5c.length > PATH_MAX) throw untrusted('length of the path');
  try {
    return x5c.map((der) => new X509Certificate(der));
  } catch {
    throw untrusted('unreadable');
  }
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isValidAt(certificate: X509Certificate, nowMs: number): boolean {
  return nowMs >= certificate.validFromDate.getTime() && nowMs < certificate.validToDate.getTime();
}

function untrusted(detail: string): Refusal {
  return new Refusal('FACTOR_NOT_ADDED', `attestation: ${detail}`);
}
