// Bytes of the last whole span of time, for whoever asks now and then: counting a byte costs an addition.

export class Throughput {
  readonly #spanMs: number;
  #span = Number.NEGATIVE_INFINITY;
  #current = 0;
  #last = 0;

  constructor(spanMs: number) {
    this.#spanMs = spanMs;
  }

  add(bytes: number, nowMs: number): void {
    this.#turn(nowMs);
    this.#current += bytes;
  }

  bytesPerSecond(nowMs: number): number {
    this.#turn(nowMs);
    return (this.#last * 1000) / this.#spanMs;
  }

  #turn(nowMs: number): void {
    const span = Math.floor(nowMs / this.#spanMs);
    if (span === this.#span) return;
    this.#last = span === this.#span + 1 ? this.#current : 0;
    this.#current = 0;
    this.#span = span;
  }
}
