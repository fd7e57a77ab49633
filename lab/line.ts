// One direction of a line as arithmetic: what goes in comes out in order, not faster than the rate, and later by the
// delay. Time is an argument, and lateness does not add up: whoever looks a millisecond late gets what came meanwhile.

export interface LineShape {
  /** Infinity: not limited. 0: the line is stalled. */
  readonly bytesPerSecond: number;
  /** One way. */
  readonly delayMs: number;
}

/** A line takes no more in while this much time of its rate waits for it. */
const WAITING_MAX_MS = 5;
/** Bytes on their way: 1 Gbps over 250 ms. Only a line without a rate can come near it. */
const FLYING_MAX_BYTES = 32 * 1024 * 1024;

interface Entry<T> {
  readonly item: T;
  readonly bytes: number;
  /** Waiting: when it came. Flying: when it arrives. */
  readonly at: number;
}

export class Line<T> {
  #shape: LineShape;
  #waiting: Entry<T>[] = [];
  #flying: Entry<T>[] = [];
  #waitingBytes = 0;
  #flyingBytes = 0;
  /** Up to when the line is busy with what has passed the bottleneck. */
  #busyUntil = Number.NEGATIVE_INFINITY;
  #lastArrival = Number.NEGATIVE_INFINITY;

  constructor(shape: LineShape) {
    this.#shape = shape;
  }

  get heldBytes(): number {
    return this.#waitingBytes + this.#flyingBytes;
  }

  /** Nothing more should be pushed for now. */
  get full(): boolean {
    const { bytesPerSecond } = this.#shape;
    const most = Number.isFinite(bytesPerSecond) ? (bytesPerSecond * WAITING_MAX_MS) / 1000 : FLYING_MAX_BYTES;
    return (this.#waitingBytes > 0 && this.#waitingBytes >= most) || this.#flyingBytes >= FLYING_MAX_BYTES;
  }

  /** Holds for what has not passed the bottleneck yet; what flies keeps its time. */
  reshape(shape: LineShape, now: number): void {
    this.#advance(now);
    this.#shape = shape;
    this.#busyUntil = Math.max(this.#busyUntil, now);
  }

  push(item: T, bytes: number, now: number): void {
    this.#waiting.push({ item, bytes, at: now });
    this.#waitingBytes += bytes;
  }

  /** @returns what has arrived by `now`, in order */
  take(now: number): T[] {
    this.#advance(now);
    const first = this.#flying.findIndex(({ at }) => at > now);
    const arrived = this.#flying.splice(0, first < 0 ? this.#flying.length : first);
    for (const { bytes } of arrived) this.#flyingBytes -= bytes;
    return arrived.map(({ item }) => item);
  }

  /** When there is something to do next; null if not before the next push or reshape. */
  get nextAt(): number | null {
    const passes = this.#waiting.length > 0 && this.#shape.bytesPerSecond > 0 ? this.#busyUntil : null;
    const arrives = this.#flying[0]?.at ?? null;
    return passes === null || arrives === null ? (passes ?? arrives) : Math.min(passes, arrives);
  }

  /** Whatever could begin to pass by `now` passes; it began when the line was free and it was there. */
  #advance(now: number): void {
    const { bytesPerSecond, delayMs } = this.#shape;
    if (bytesPerSecond === 0) return;
    while (this.#busyUntil <= now) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#waitingBytes -= next.bytes;
      this.#flyingBytes += next.bytes;
      this.#busyUntil = Math.max(this.#busyUntil, next.at) + (next.bytes / bytesPerSecond) * 1000;
      this.#lastArrival = Math.max(this.#lastArrival, this.#busyUntil + delayMs);
      this.#flying.push({ item: next.item, bytes: next.bytes, at: this.#lastArrival });
    }
  }
}
