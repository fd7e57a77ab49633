// The nonces of passkey ceremonies. Each is good once, for two minutes, for one certificate and one purpose (T19). A
// certificate has one of each purpose at most, so that asking for many fills nothing: a newer one takes the place.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import type { Store } from '#platform/state/store.ts';
import { type Bytes, fromBase64Url } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { CEREMONY_NONCE_BYTES, ceremonyInput } from '#protocol/outer/ceremony.ts';
import { hashOf } from './cookie.ts';

export const CHALLENGE_LIFE_MS = 2 * 60_000;

export type Purpose = 'sign-in' | 'registration';

const row = z.strictObject({ hash: z.string(), expiresAt: z.number() });

export class Challenges {
  readonly #store: Store;
  readonly #now: () => number;

  /** @param now wall clock, ms */
  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** @returns a nonce, base64url of 32 bytes; the state keeps its hash */
  async issue(purpose: Purpose, thumbprint: string): Promise<string> {
    const nonce = randomBytes(CEREMONY_NONCE_BYTES).toString('base64url');
    const expiresAt = this.#now() + CHALLENGE_LIFE_MS;
    // Kept a little longer than it lives, so that a late one is told apart in the audit log.
    const kept = { expiresAt: expiresAt + CHALLENGE_LIFE_MS };
    await this.#store.put(keyOf(purpose, thumbprint), { hash: hashOf(nonce), expiresAt }, kept);
    return nonce;
  }

  /**
   * Spends what was issued, whatever comes of it.
   * @param nonce base64url of 32 bytes
   * @returns the challenge that the authenticator must have signed, 32 bytes
   * @throws PASSKEY_CHALLENGE
   */
  async spend(purpose: Purpose, thumbprint: string, nonce: string): Promise<Bytes> {
    const entry = await this.#store.get(keyOf(purpose, thumbprint));
    // Of several that read the entry, one deletes that version.
    if (!entry || !(await this.#store.delete(entry.key, entry.version))) {
      throw new Refusal('PASSKEY_CHALLENGE', 'none issued, or used');
    }
    const { hash, expiresAt } = row.parse(entry.value);
    if (this.#now() >= expiresAt) throw new Refusal('PASSKEY_CHALLENGE', 'expired');
    if (!timingSafeEqual(Buffer.from(hash), Buffer.from(hashOf(nonce)))) {
      throw new Refusal('PASSKEY_CHALLENGE', 'another one');
    }
    return Uint8Array.from(
      createHash('sha256')
        .update(ceremonyInput(fromBase64Url(nonce)))
        .digest(),
    );
  }
}

function keyOf(purpose: Purpose, thumbprint: string): string {
  return `challenge/${purpose}/${thumbprint}`;
}
