// The agent's own key: raw P-256, made on first start, used for nothing but the end-to-end handshake.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { Failure } from '#platform/process/exit.ts';
import type { Bytes } from '#protocol/bytes.ts';
import type { SigningKey } from '#protocol/inner/cipher.ts';
import { importSigningKey, newSigningKeyPem } from '#protocol/inner/cipher-node.ts';

/** Reads the key (PKCS #8 PEM), or makes it with mode 0600 when the file does not exist. @throws Failure */
export function openIdentity(path: string): SigningKey {
  try {
    return importSigningKey(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw failure(path, 'read', error);
  }
  const pem = newSigningKeyPem();
  try {
    writeFileSync(path, pem, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw failure(path, 'written', error);
  }
  return importSigningKey(pem);
}

function failure(path: string, what: string, error: unknown): Failure {
  return new Failure(
    `identityKey ${path} cannot be ${what} (${(error as NodeJS.ErrnoException).code ?? 'not a P-256 key'})`,
  );
}

/** What the office PC shows and a user compares or types: SHA-256 of the public key, 8 groups of 8 hex digits. */
export function fingerprint(publicKey: Bytes): string {
  return (createHash('sha256').update(publicKey).digest('hex').match(/.{8}/g) ?? []).join(' ');
}
