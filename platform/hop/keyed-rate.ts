// A rate for each of many: requests of one certificate, connections of one address (F8, T13, T25).
import { TokenBucket } from '#protocol/token-bucket.ts';

/** Whoever has more addresses than this is forgotten one by one, and costs no more memory. */
const KEYS_MAX = 16_384;

/** For each key a bucket that refills with `perSecond` up to `burst`. */
export class KeyedRate {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, TokenBucket>();
  #sweptAt = 0;

  /** @param now a monotonic clock, ms */
  constructor({ perSecond, burst, now }: { perSecond: number; burst: number; now: () => number }) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#now = now;
  }

  /** @returns false if this one is one too many */
  admit(key: string): boolean {
    const now = this.#now();
    this.#sweep(now);
    const bucket = this.#buckets.get(key) ?? this.#add(key, now);
    return bucket.takeIfThere(now);
  }

  /** Buckets that are not full. */
  get size(): number {
    return this.#buckets.size;
  }

  #add(key: string, now: number): TokenBucket {
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined && this.#buckets.size >= KEYS_MAX) this.#buckets.delete(oldest);
    const bucket = new TokenBucket(this.#perSecond, this.#burst, now);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** A bucket that is full again says nothing; forgetting it keeps the map as small as what is going on. */
  #sweep(now: number): void {
    const fullAfterMs = (this.#burst / this.#perSecond) * 1000;
    if (now - this.#sweptAt < fullAfterMs) return;
    this.#sweptAt = now;
    for (const [key, bucket] of this.#buckets) if (bucket.isFull(now)) this.#buckets.delete(key);
  }
}
