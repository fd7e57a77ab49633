// Who stands for a report: one signature over SHA256SUMS, which names every file of it. A key of the run shows only that
// nothing changed since, and that to whoever kept its fingerprint; a reviewer's own key shows who ran it.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Failure } from '#platform/process/exit.ts';

export interface Signer {
  /** A key of this run, made for it and then forgotten; or the one that the reviewer gave. */
  readonly by: 'run' | 'reviewer';
  readonly key: KeyObject;
}

/** @param path PEM, or null for a key of the run. @throws Failure */
export function signerOf(path: string | null): Signer {
  if (path === null) return { by: 'run', key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey };
  return { by: 'reviewer', key: supported(readKey(path, createPrivateKey, 'an unencrypted private key'), path) };
}

/** @param path PEM. @throws Failure */
export const publicKeyOf = (path: string): KeyObject => supported(readKey(path, createPublicKey, 'a public key'), path);

function readKey(path: string, parse: (pem: Buffer) => KeyObject, what: string): KeyObject {
  try {
    return parse(readFileSync(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') {
      throw new Failure(`--key ${path}: cannot be read (${code})`, 2);
    }
    throw new Failure(`--key ${path}: ${what} in PEM is expected`, 2);
  }
}

function supported(key: KeyObject, path: string): KeyObject {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ed25519' || (type === 'ec' && details?.namedCurve === 'prime256v1')) return key;
  throw new Failure(`--key ${path}: an EC P-256 or Ed25519 key is expected`, 2);
}

const digestOf = (key: KeyObject) => (key.asymmetricKeyType === 'ed25519' ? null : 'sha256');

export interface Signature {
  by: Signer['by'];
  algorithm: 'ECDSA P-256 SHA-256' | 'Ed25519';
  /** SHA-256 of the public key's SubjectPublicKeyInfo, hex. */
  keyFingerprint: string;
  publicKey: string;
  /** SHA-256 of SHA256SUMS, hex. */
  digest: string;
  /** Over SHA256SUMS, base64; DER for ECDSA, as openssl takes it. */
  value: string;
}

export function signSums({ by, key }: Signer, sums: string): Signature {
  const publicKey = createPublicKey(key);
  return {
    by,
    algorithm: key.asymmetricKeyType === 'ed25519' ? 'Ed25519' : 'ECDSA P-256 SHA-256',
    keyFingerprint: fingerprintOf(publicKey),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    digest: sha256(sums),
    value: sign(digestOf(key), Buffer.from(sums), key).toString('base64'),
  };
}

export const isSigned = (sums: Buffer, value: Buffer, key: KeyObject): boolean =>
  verify(digestOf(key), sums, key, value);

export const fingerprintOf = (publicKey: KeyObject): string =>
  sha256(publicKey.export({ type: 'spki', format: 'der' }));

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
