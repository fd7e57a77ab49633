// The four files behind every TLS end, read and checked together.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import * as z from 'zod';
import { Refusal } from '#protocol/codes.ts';
import { filePath } from '../process/config.ts';
import { Failure } from '../process/exit.ts';
import { requireKeyFile } from '../process/key-files.ts';
import { CRL_FILE_MAX_BYTES, RevocationList } from './revocation.ts';
import { isStrongKey } from './strength.ts';

/** Absolute paths of PEM files. Read anew at every reload and every dial. */
export interface TlsFiles {
  /** Own private key. */
  key: string;
  /** Own certificate, then the chain if there is one. */
  certificate: string;
  /** Who may sign the peer: the self-signed authorities of ONE kind, or an external chain up to its root. */
  authorities: string;
  /** A CRL of every one of those. */
  revocations: string;
}

export type OwnFiles = Pick<TlsFiles, 'key' | 'certificate'>;
export type TrustFiles = Pick<TlsFiles, 'authorities' | 'revocations'>;

/** Of a listener that asks nobody for a certificate. */
export const ownFilesSchema = z.strictObject({ key: filePath, certificate: filePath });
export const tlsFilesSchema = ownFilesSchema.extend({ authorities: filePath, revocations: filePath });

/** Who may sign a peer, and whom they revoked. */
export interface Trust {
  readonly authorities: readonly X509Certificate[];
  readonly revocations: RevocationList;
}

export interface LoadedOwn {
  readonly own: X509Certificate;
  /** What a secure context is made of. */
  readonly pem: { key: string; cert: string };
}

export interface LoadedTrust {
  readonly trust: Trust;
  readonly pem: { ca: string[]; crl: string };
}

export interface LoadedTls {
  readonly trust: Trust;
  readonly own: X509Certificate;
  readonly pem: LoadedOwn['pem'] & LoadedTrust['pem'];
}

const PEM_MAX_BYTES = 256 * 1024;

/** @throws Failure with one line that names the file that is missing, unreadable, too weak, too open or does not fit */
export function loadTls(files: TlsFiles): LoadedTls {
  return loadTlsOf(readOwn(files), files, files);
}

/** Of a listener that asks nobody for a certificate. @throws Failure as loadTls does */
export function loadOwn(files: OwnFiles): LoadedOwn {
  return ownOf(readOwn(files), files);
}

/** Of a client that has no certificate yet. @throws Failure as loadTls does */
export function loadTrustOnly(files: TrustFiles): LoadedTrust {
  const { crl, ...trust } = readTrust(files);
  return { trust, pem: { ca: trust.authorities.map(String), crl } };
}

/**
 * The same for an own key and certificate that do not stand in two PEM files, such as those of a .p12.
 * @param pair PEM
 * @param named what the messages call the two
 * @throws Failure as loadTls does
 */
export function loadTlsOf(
  pair: { key: string; certificate: string },
  trusted: TrustFiles,
  named: { key: string; certificate: string },
): LoadedTls {
  const { own, pem } = ownOf(pair, named);
  const { trust, pem: trustPem } = loadTrustOnly(trusted);
  return { trust, own, pem: { ...pem, ...trustPem } };
}

/** @throws Failure as loadTls does */
export function loadTrust(files: TrustFiles): Trust {
  return loadTrustOnly(files).trust;
}

function readOwn(files: OwnFiles): { key: string; certificate: string } {
  return { key: requireKeyFile(files.key), certificate: readPem(files.certificate, PEM_MAX_BYTES) };
}

function ownOf(pair: { key: string; certificate: string }, named: OwnFiles): LoadedOwn {
  const own = readCertificates(named.certificate, pair.certificate)[0] as X509Certificate;
  if (!isKeyOf(pair.key, own, named.key)) throw new Failure(`${named.key} is not the key of ${named.certificate}`);
  return { own, pem: { key: pair.key, cert: pair.certificate } };
}

/** Of a peer whose authority publishes no list. @returns at least one. @throws Failure as loadTls does */
export function loadAuthorities(path: string): X509Certificate[] {
  const authorities = readCertificates(path, readPem(path, PEM_MAX_BYTES));
  for (const authority of authorities) {
    if (!authority.ca) throw new Failure(`${path} holds a certificate that is not an authority's`);
    if (!isStrongKey(authority.publicKey)) throw new Failure(`${path} holds an authority with a weak key`);
  }
  return authorities;
}

/** Both files once, so that OpenSSL and we never go by different lists. */
function readTrust({ authorities: path, revocations }: TrustFiles): Trust & { crl: string } {
  const authorities = loadAuthorities(path);
  const crl = readPem(revocations, CRL_FILE_MAX_BYTES);
  try {
    return { authorities, revocations: RevocationList.parse(crl, authorities), crl };
  } catch (error) {
    if (error instanceof Refusal) throw new Failure(`${revocations}: ${error.detail}`);
    throw error;
  }
}

function readPem(path: string, maxBytes: number): string {
  try {
    if (statSync(path).size <= maxBytes) return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  throw new Failure(`${path}: larger than ${maxBytes} bytes`);
}

/** @returns at least one */
function readCertificates(path: string, pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Failure(`${path}: holds no certificate`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    throw new Failure(`${path}: holds a certificate that cannot be read`);
  }
}

function isKeyOf(key: string, certificate: X509Certificate, path: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    throw new Failure(`${path}: holds no private key that can be read`);
  }
}
