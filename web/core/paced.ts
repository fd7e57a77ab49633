// What goes out on a lane of limited rate, in order. While it waits, what came later may be merged into it.
import { TokenBucket } from '#protocol/token-bucket.ts';

/** A little below the lane's rate, so that no relay ever slows this client down. */
const SHARE = 0.95;

export interface PacedOptions<T> {
  perSecond: number;
  now(): number;
  after(ms: number, callback: () => void): () => void;
  send(item: T): void;
  /** @returns what stands for both while `waiting` has not gone, or null to keep both */
  merge(waiting: T, item: T): T | null;
}

export class Paced<T> {
  readonly #options: PacedOptions<T>;
  readonly #bucket: TokenBucket;
  #waiting: T[] = [];
  #timer: (() => void) | null = null;

  constructor(options: PacedOptions<T>) {
    this.#options = options;
    // The burst of one second is half of what the relays allow.
    this.#bucket = new TokenBucket(options.perSecond * SHARE, options.perSecond, options.now());
  }

  /** How many wait. */
  get length(): number {
    return this.#waiting.length;
  }

  put(item: T): void {
    const last = this.#waiting.at(-1);
    const merged = last === undefined ? null : this.#options.merge(last, item);
    if (merged === null) this.#waiting.push(item);
    else this.#waiting[this.#waiting.length - 1] = merged;
    this.#flush();
  }

  /** Nothing goes out any more. */
  close(): void {
    this.#timer?.();
    this.#waiting = [];
  }

  #flush(): void {
    const { now, after, send, perSecond } = this.#options;
    if (this.#timer) return;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#bucket.takeIfThere(now())) {
        this.#timer = after(1000 / perSecond, () => {
          this.#timer = null;
          this.#flush();
        });
        return;
      }
      this.#waiting.shift();
      send(next);
    }
  }
}
