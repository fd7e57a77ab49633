// Secrets of second factors at rest. The key is a file kept apart from the state folder, so that a copy of the state
// alone gives no codes (B5, T16); the owner is authenticated with the secret, so that no row can be moved to another
// user or municipality (T17).
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { Failure } from '#platform/process/exit.ts';
import { createKeyFile, readKeyFile } from '#platform/process/key-files.ts';
import type { Store } from '#platform/state/store.ts';
import type { Bytes } from '#protocol/bytes.ts';
import type { Owner } from './owner.ts';

export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export const FACTOR_PREFIX = 'factor/';

/** AES-256-GCM with a random nonce: nonce 12 ‖ ciphertext ‖ tag 16, as base64. */
export class FactorSeal {
  readonly #key: Uint8Array;

  /** @param key 32 bytes */
  constructor(key: Uint8Array) {
    if (key.length !== KEY_BYTES) throw new RangeError(`a factor key has ${KEY_BYTES} bytes`);
    this.#key = key;
  }

  /** @param kind of factor; with the owner it is authenticated, but not part of the result */
  seal(kind: 'totp', owner: Owner, secret: Uint8Array): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(context(kind, owner));
    const body = Buffer.concat([cipher.update(secret), cipher.final()]);
    return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64');
  }

  /** @throws Error if it was sealed by another key, for another owner, or changed */
  open(kind: 'totp', owner: Owner, sealed: string): Bytes {
    const bytes = Buffer.from(sealed, 'base64');
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(context(kind, owner))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    const body = bytes.subarray(NONCE_BYTES, -TAG_BYTES);
    return Uint8Array.from(Buffer.concat([decipher.update(body), decipher.final()]));
  }

  /**
   * A value that stays the same for an owner, needs no row, and says nothing about the owner to who lacks the key: the user
   * handle of passkeys, and what goes into a password's hash besides the password (63B-4 §3.1.1.2).
   * @returns 32 bytes
   */
  derive(kind: 'user-handle' | 'password', owner: Owner): Bytes {
    return Uint8Array.from(createHmac('sha256', this.#key).update(context(kind, owner)).digest());
  }
}

function context(kind: string, { municipality, user }: Owner): Uint8Array {
  return Buffer.from(`telework/factor/1\0${kind}\0${municipality}\0${user}`);
}

/**
 * Reads the key (32 bytes, hex or base64), or makes it when the state holds no factor yet.
 * @returns made: true when it is new, so that the operator can be told to back it up apart from the state
 * @throws Failure if factors exist that the missing key had sealed: a new key would silently lock every user out
 */
export async function openFactorSeal(path: string, store: Store): Promise<{ seal: FactorSeal; made: boolean }> {
  const text = readKeyFile(path);
  if (text !== null) return { seal: new FactorSeal(parseKey(path, text)), made: false };
  if ((await store.list(FACTOR_PREFIX)).length > 0) {
    throw new Failure(`${path}: the factor key is missing, but the state holds factors sealed by it; restore the file`);
  }
  const key = randomBytes(KEY_BYTES);
  createKeyFile(path, `${key.toString('base64')}\n`);
  return { seal: new FactorSeal(key), made: true };
}

function parseKey(path: string, text: string): Uint8Array {
  const trimmed = text.trim();
  const encoding = /^[0-9a-fA-F]{64}$/.test(trimmed) ? 'hex' : /^[A-Za-z0-9+/]{43}=$/.test(trimmed) ? 'base64' : null;
  if (!encoding) throw new Failure(`${path}: expected ${KEY_BYTES} bytes as hex or base64`);
  return Buffer.from(trimmed, encoding);
}
