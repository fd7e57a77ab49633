// When have the pixels of what was typed arrived? Nobody tells a client, so it looks: parts of the screen that change by
// themselves (a clock, a caret, a film) are found before typing; a change anywhere else after a key is the answer to it,
// and when nothing else has changed for a while, all of it is there. Pure: time is an argument.

/** Caret and clock come round within this. */
export const OBSERVE_MS = 1_300;
/** This long without a change elsewhere means that the answer is complete. */
export const QUIET_MS = 400;
const TILE = 32;

interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

export class Settling {
  readonly #restless = new Set<number>();
  #typedAt: number | null = null;
  #answeredAt: number | null = null;
  #changedAt = 0;

  /** Something was drawn. While nothing is typed, it changed by itself. @param nowMs monotonic */
  drawn(region: Region, nowMs: number): void {
    for (const tile of tilesOf(region)) {
      if (this.#typedAt === null) {
        this.#restless.add(tile);
      } else if (!this.#restless.has(tile)) {
        this.#answeredAt ??= nowMs;
        this.#changedAt = nowMs;
      }
    }
  }

  /** The observation is over, and the first key goes out now. */
  typed(nowMs: number): void {
    this.#typedAt = nowMs;
  }

  /** From the first key to the first change that belongs to it; null while there was none. */
  get inputToPixelMs(): number | null {
    return this.#answeredAt === null || this.#typedAt === null ? null : this.#answeredAt - this.#typedAt;
  }

  /** @param lastKeyMs when the last key went out */
  settled(lastKeyMs: number, nowMs: number): boolean {
    return this.#answeredAt !== null && nowMs - Math.max(this.#changedAt, lastKeyMs) >= QUIET_MS;
  }
}

/** Places on a grid that is wider than any screen. */
function* tilesOf({ x, y, width, height }: Region): Generator<number> {
  for (let row = Math.floor(y / TILE); row * TILE < y + height; row++) {
    for (let column = Math.floor(x / TILE); column * TILE < x + width; column++) yield row * 65_536 + column;
  }
}
