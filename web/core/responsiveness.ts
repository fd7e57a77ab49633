// How long the screen takes to answer the user, as the page can see it: from a press to the first update that can have
// been made after it, drawn. An estimate: that this update shows the press is likely, not certain.

/** A press that changes nothing is forgotten. */
const ANSWER_MAX_MS = 3_000;

export class Responsiveness {
  #pressedAt: number | null = null;
  #answer: number | null = null;
  #inputToPixelMs: number | null = null;

  /** The newest measurement; null before the first. */
  get inputToPixelMs(): number | null {
    return this.#inputToPixelMs;
  }

  pressed(now: number): void {
    if (this.#pressedAt !== null && now - this.#pressedAt < ANSWER_MAX_MS) return;
    this.#pressedAt = now;
    this.#answer = null;
  }

  /**
   * The first bytes of an update have come.
   * @param update its number
   * @param roundTripMs what an answer needs at least; null if it is not known: whatever was under way would pass for it
   */
  began(update: number, now: number, roundTripMs: number | null): void {
    if (this.#pressedAt === null || this.#answer !== null) return;
    if (roundTripMs === null) this.#pressedAt = null;
    else if (now - this.#pressedAt >= roundTripMs) this.#answer = update;
  }

  /** Everything up to this update is drawn. */
  drawn(update: number, now: number): void {
    if (this.#pressedAt === null || this.#answer === null || update < this.#answer) return;
    if (now - this.#pressedAt < ANSWER_MAX_MS) this.#inputToPixelMs = now - this.#pressedAt;
    this.#pressedAt = null;
    this.#answer = null;
  }
}
