// Bytes of late: what counts less the longer ago it was. Pure: time is an argument.

/** After this time a byte counts for 1/e. Long enough to tell a video from a page that is turned, short enough to forget. */
const FADES_MS = 500;

export class Recent {
  #bytes = 0;
  #at: number;

  constructor(nowMs: number) {
    this.#at = nowMs;
  }

  bytes(nowMs: number): number {
    this.#bytes *= Math.exp((this.#at - nowMs) / FADES_MS);
    this.#at = nowMs;
    return this.#bytes;
  }

  add(bytes: number, nowMs: number): void {
    this.#bytes = this.bytes(nowMs) + bytes;
  }

  /** To no less than this. */
  raise(bytes: number, nowMs: number): void {
    this.#bytes = Math.max(this.bytes(nowMs), bytes);
  }
}
