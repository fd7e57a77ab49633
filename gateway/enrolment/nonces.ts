// Numbers that are good once and for a minute, so that a proof cannot be shown again. Kept in memory: a client whose number
// was lost in a restart asks for another. The listener's rate bounds how many there are.
import { randomBytes } from 'node:crypto';
import { type Bytes, fromBase64Url, toBase64Url } from '#protocol/bytes.ts';
import { ENROLMENT_NONCE_BYTES } from '#protocol/enrolment.ts';
import { ENROLMENT_NONCE_LIFE_MS } from '#protocol/limits.ts';

export class Nonces {
  readonly #now: () => number;
  /** base64url → until when, in the order of their making, which is that of their ends. */
  readonly #open = new Map<string, number>();

  /** @param now a monotonic clock, ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  make(): string {
    this.#sweep();
    const nonce = toBase64Url(randomBytes(ENROLMENT_NONCE_BYTES));
    this.#open.set(nonce, this.#now() + ENROLMENT_NONCE_LIFE_MS);
    return nonce;
  }

  /** @returns its bytes, or null if it is not ours, too old or used */
  spend(nonce: string): Bytes | null {
    this.#sweep();
    return this.#open.delete(nonce) ? fromBase64Url(nonce) : null;
  }

  #sweep(): void {
    for (const [nonce, end] of this.#open) {
      if (end > this.#now()) return;
      this.#open.delete(nonce);
    }
  }
}
