// The keys of one direction through its generations. The old secret and key are let go of at each step, so that what a
// process holds later does not open what was sent earlier.
import type { Bytes } from '../bytes.ts';
import type { Lane } from '../lanes.ts';
import type { Cipher } from './cipher.ts';
import { nextGeneration, trafficAead } from './keys.ts';
import { after, type MaybePromise } from './maybe-promise.ts';
import { type Place, RecordKey } from './records.ts';

export class Generations {
  readonly #cipher: Cipher;
  readonly #place: Place;
  #secret: Bytes;
  #key: MaybePromise<RecordKey>;

  constructor(cipher: Cipher, place: Place, secret: Bytes) {
    this.#cipher = cipher;
    this.#place = place;
    this.#secret = secret;
    this.#key = this.#makeKey();
  }

  seal(lane: Lane, sequence: number, plaintext: Uint8Array): MaybePromise<Bytes> {
    return after(this.#key, (key) => key.seal(lane, sequence, plaintext));
  }

  /** @throws RECORD_FORGED */
  open(sequence: number, record: Uint8Array): MaybePromise<Bytes> {
    return after(this.#key, (key) => key.open(sequence, record));
  }

  /** Must not overlap with another call. */
  next(): MaybePromise<void> {
    return after(nextGeneration(this.#cipher, this.#secret), (secret) => {
      this.#secret = secret;
      this.#key = this.#makeKey();
    });
  }

  #makeKey(): MaybePromise<RecordKey> {
    return after(trafficAead(this.#cipher, this.#secret), (aead) => new RecordKey(aead, this.#place));
  }
}
