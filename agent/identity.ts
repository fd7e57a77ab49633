// The agent's own key: raw P-256, made on first start, used for nothing but the end-to-end handshake.
import { createHash } from 'node:crypto';
import { Failure } from '#platform/process/exit.ts';
import { createKeyFile, readKeyFile } from '#platform/process/key-files.ts';
import type { Bytes } from '#protocol/bytes.ts';
import type { SigningKey } from '#protocol/inner/cipher.ts';
import { importSigningKey, newSigningKeyPem } from '#protocol/inner/cipher-node.ts';
import { formatFingerprint } from '#protocol/inner/fingerprint.ts';

/**
 * Reads the key (PKCS #8 PEM), or makes it with mode 0600 when the file does not exist.
 * @throws Failure if it is no P-256 key, or others than its owner may use it
 */
export function openIdentity(path: string): SigningKey {
  const found = readKeyFile(path);
  const pem = found ?? newSigningKeyPem();
  if (found === null) createKeyFile(path, pem);
  try {
    return importSigningKey(pem);
  } catch (error) {
    throw new Failure(`${path}: ${(error as Error).message}`);
  }
}

/** What the office PC shows and a user compares. */
export function fingerprint(publicKey: Bytes): string {
  return formatFingerprint(createHash('sha256').update(publicKey).digest());
}
