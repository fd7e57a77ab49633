// Bytes that may be sent now: they grow with time up to a depth, and a record may run them into debt. Unlike the
// TokenBucket of the lanes it is looked at without taking, and its rate changes while it runs. Pure: time is an argument.

/** What rounding may leave of a wait that is over; without it a caller could be told to wait for ever less. */
const WAIT_MIN_MS = 0.001;

export class Credit {
  #bytesPerMs = 0;
  #depth = 0;
  #debtMax = 0;
  #bytes = 0;
  #at: number;

  /** Empty, and without a rate until `change` gives it one. */
  constructor(nowMs: number) {
    this.#at = nowMs;
  }

  /** Something may be sent while this is not below zero. */
  left(nowMs: number): number {
    this.#bytes = Math.min(this.#depth, this.#bytes + (nowMs - this.#at) * this.#bytesPerMs);
    this.#at = nowMs;
    return this.#bytes;
  }

  spend(bytes: number, nowMs: number): void {
    this.#bytes = Math.max(-this.#debtMax, this.left(nowMs) - bytes);
  }

  /** Until the debt is paid; 0 if there is none. */
  waitMs(nowMs: number): number {
    const left = this.left(nowMs);
    return left >= 0 ? 0 : Math.max(WAIT_MIN_MS, -left / this.#bytesPerMs);
  }

  /**
   * From now on; what has grown until now stays, up to the new depth, and so does a debt.
   * @param depth bytes that are carried over at most
   * @param debtMax bytes of debt that are remembered at most
   */
  change(bytesPerSecond: number, depth: number, nowMs: number, debtMax = Number.POSITIVE_INFINITY): void {
    this.left(nowMs);
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#depth = depth;
    this.#debtMax = debtMax;
    this.#bytes = Math.min(this.#bytes, depth);
  }
}
