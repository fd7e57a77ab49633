// Bytes of the last whole second, for whoever asks now and then: counting a byte costs an addition.

const SPAN_MS = 1_000;

export class Throughput {
  #span = Number.NEGATIVE_INFINITY;
  #current = 0;
  #last = 0;

  add(bytes: number, nowMs: number): void {
    this.#turn(nowMs);
    this.#current += bytes;
  }

  bytesPerSecond(nowMs: number): number {
    this.#turn(nowMs);
    return (this.#last * 1000) / SPAN_MS;
  }

  #turn(nowMs: number): void {
    const span = Math.floor(nowMs / SPAN_MS);
    if (span === this.#span) return;
    this.#last = span === this.#span + 1 ? this.#current : 0;
    this.#current = 0;
    this.#span = span;
  }
}
