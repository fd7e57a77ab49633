// A session goes on only while the gateway keeps answering this agent's nonces. It ends LEASE_LIFE_MS after the agent
// *sent* the last nonce that was answered, so a relay gains nothing by holding leases back and dealing them out (T06, T26).
import { toBase64Url } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import type { Cipher } from '#protocol/inner/cipher.ts';
import { LEASE_INTERVAL_MS, LEASE_LIFE_MS, LEASE_NONCE_BYTES } from '#protocol/limits.ts';
import { type GrantKey, signerOf, verifyLease } from '#protocol/outer/grant.ts';

/** Nonces older than this many are dead anyway. */
const OUTSTANDING_MAX = Math.ceil(LEASE_LIFE_MS / LEASE_INTERVAL_MS) + 1;

/** The pins of this moment; they may change at any other. */
export interface Pinned {
  readonly pins: readonly GrantKey[];
}

export class Lease {
  readonly #session: string;
  readonly #epoch: number;
  readonly #sentAt = new Map<string, number>();
  #answeredSentAt: number;
  #signer: string;

  /**
   * The grant stands for the first lease.
   * @param signer kid of the key that signed it
   * @param nowMs a monotonic clock
   */
  constructor(session: string, epoch: number, signer: string, nowMs: number) {
    this.#session = session;
    this.#epoch = epoch;
    this.#signer = signer;
    this.#answeredSentAt = nowMs;
  }

  /** The kid of the key on whose word the session goes on: a roll-over carries it from one key to the next. */
  get signer(): string {
    return this.#signer;
  }

  /** A fresh nonce to send now, base64url. */
  nonce(cipher: Cipher, nowMs: number): string {
    const nonce = toBase64Url(cipher.random(LEASE_NONCE_BYTES));
    this.#sentAt.set(nonce, nowMs);
    for (const oldest of this.#sentAt.keys()) {
      if (this.#sentAt.size <= OUTSTANDING_MAX) break;
      this.#sentAt.delete(oldest);
    }
    return nonce;
  }

  /**
   * @param wallMs the wall clock, for the lease's own times
   * @throws GRANT_SIGNATURE, GRANT_EXPIRED, GRANT_MALFORMED; GRANT_MISMATCH for another session, epoch or nonce
   */
  async answered(pinned: Pinned, lease: string, wallMs: number): Promise<void> {
    const claims = await verifyLease(pinned.pins, lease, wallMs);
    const signer = signerOf(lease);
    // The pin may have been taken out while the signature was checked.
    if (!pinned.pins.some(({ kid }) => kid === signer)) throw new Refusal('GRANT_SIGNATURE', 'its pin was taken out');
    const sentAt = this.#sentAt.get(claims.nonce);
    if (claims.session !== this.#session || claims.epoch !== this.#epoch || sentAt === undefined) {
      throw new Refusal('GRANT_MISMATCH', 'lease');
    }
    this.#sentAt.delete(claims.nonce);
    // One that was held back moves neither the time nor the signer.
    if (sentAt < this.#answeredSentAt) return;
    this.#answeredSentAt = sentAt;
    this.#signer = signer;
  }

  /** On the same clock. */
  get expiresAt(): number {
    return this.#answeredSentAt + LEASE_LIFE_MS;
  }
}
