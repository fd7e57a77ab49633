// A rate with a burst: a bucket of tokens that refills with time. Pure: time is an argument (T09, T13, T18).

export class TokenBucket {
  readonly #perSecond: number;
  readonly #depth: number;
  #tokens: number;
  #at: number;

  /** Full at first. @param depth how many may come at once. @param nowMs a monotonic clock */
  constructor(perSecond: number, depth: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#depth = depth;
    this.#tokens = depth;
    this.#at = nowMs;
  }

  /** Takes one, on credit if there is none. @returns after how many ms the credit is paid back; 0 within the rate */
  take(nowMs: number): number {
    this.#refill(nowMs);
    this.#tokens--;
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / this.#perSecond) * 1000);
  }

  /** Takes one if there is one. */
  takeIfThere(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  isFull(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#tokens >= this.#depth;
  }

  #refill(nowMs: number): void {
    this.#tokens = Math.min(this.#depth, this.#tokens + ((nowMs - this.#at) / 1000) * this.#perSecond);
    this.#at = nowMs;
  }
}
