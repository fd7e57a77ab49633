// How fast a line delivers, from acknowledgements: the most of the last few rounds. Each rate is measured from the ack that
// was the newest when the acknowledged record was sent, so that it covers at least a round trip.

/** A rate over less time would say more of how acks bunch than of the line. */
const SPAN_MIN_MS = 32;
const ROUNDS = 4;

/** Something was acknowledged. */
export interface Point {
  /** When, ms. */
  readonly at: number;
  /** When the newest record that it names was sent, ms. */
  readonly sentAt: number;
  /** All bytes acknowledged by then. */
  readonly arrived: number;
}

export class ArrivalRate {
  /** Back to the ack that the next rate is measured from. */
  #points: Point[] = [];
  #best = 0;
  /** Of the rounds before, newest first. */
  #bests: number[] = [];
  #value = 0;

  /** bytes/s; 0 before the first measurement. */
  get value(): number {
    return this.#value;
  }

  /** Something was measured in this round. */
  get measured(): boolean {
    return this.#best > 0;
  }

  add(point: Point): void {
    this.#points.push(point);
    const before = Math.min(point.sentAt, point.at - SPAN_MIN_MS);
    while (this.#points[1] && this.#points[1].at <= before) this.#points.shift();
    const from = this.#points[0];
    if (!from || from.at > before) return;
    // Acks that were held up together come too fast; what they name was not sent faster than it was sent.
    const ms = Math.max(point.at - from.at, point.sentAt - from.sentAt);
    this.#best = Math.max(this.#best, ((point.arrived - from.arrived) / ms) * 1000);
    this.#value = Math.max(this.#best, ...this.#bests);
  }

  /** What was acknowledged up to now says nothing about the line. */
  restart(): void {
    this.#points = [];
  }

  /** The line has changed: this is its rate now, whatever was measured. */
  replace(value: number): void {
    this.#points = [];
    this.#best = 0;
    this.#bests = [value];
    this.#value = value;
  }

  /** A round without a measurement is none: what was known stays known. */
  endRound(): void {
    if (!this.measured) return;
    this.#bests = [this.#best, ...this.#bests].slice(0, ROUNDS - 1);
    this.#best = 0;
  }
}
