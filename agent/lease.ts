// A session goes on only while the gateway keeps answering this agent's nonces. It ends LEASE_LIFE_MS after the agent
// *sent* the last nonce that was answered, so a relay gains nothing by holding leases back and dealing them out (T03, T06).
import { toBase64Url } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import type { Cipher } from '#protocol/inner/cipher.ts';
import { LEASE_INTERVAL_MS, LEASE_LIFE_MS, LEASE_NONCE_BYTES } from '#protocol/limits.ts';
import { type GrantKey, verifyLease } from '#protocol/outer/grant.ts';

/** Nonces older than this many are dead anyway. */
const OUTSTANDING_MAX = Math.ceil(LEASE_LIFE_MS / LEASE_INTERVAL_MS) + 1;

export class Lease {
  readonly #session: string;
  readonly #epoch: number;
  readonly #sentAt = new Map<string, number>();
  #answeredSentAt: number;

  /** @param nowMs a monotonic clock; the grant stands for the first lease */
  constructor(session: string, epoch: number, nowMs: number) {
    this.#session = session;
    this.#epoch = epoch;
    this.#answeredSentAt = nowMs;
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
  async answered(pins: readonly GrantKey[], lease: string, wallMs: number): Promise<void> {
    const claims = await verifyLease(pins, lease, wallMs);
    const sentAt = this.#sentAt.get(claims.nonce);
    if (claims.session !== this.#session || claims.epoch !== this.#epoch || sentAt === undefined) {
      throw new Refusal('GRANT_MISMATCH', 'lease');
    }
    this.#sentAt.delete(claims.nonce);
    this.#answeredSentAt = Math.max(this.#answeredSentAt, sentAt);
  }

  /** On the same clock. */
  get expiresAt(): number {
    return this.#answeredSentAt + LEASE_LIFE_MS;
  }
}
