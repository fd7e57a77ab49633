// How much of the damage may be encoded now. While the window is full nothing is: damage piles up, and what goes later
// is fresh.
import { UNDRAWN_MAX_UPDATES } from '#protocol/limits.ts';

/** An update of more tiles would be too large before its bytes are known: content may change from text to film. */
const TILES_MAX = 64;
/** Below this the estimate would say more of what was than of what comes. */
const TILE_MIN_BYTES = 512;

/** Guesses what a tile costs from what the last ones did. */
export class TileCost {
  #mean: number;

  /** @param guess bytes a tile, to begin with */
  constructor(guess: number) {
    this.#mean = guess;
  }

  /**
   * How many tiles fill `room` bytes; the last one may pass it. A window that is left a little empty for the sake of its
   * edge is a line that is not full, and that nothing can be learned about.
   */
  filling(room: number): number {
    if (room <= 0) return 0;
    return Math.min(TILES_MAX, Math.ceil(room / this.#mean));
  }

  /** Dearer tiles are believed at once, cheaper ones bit by bit: too small an update is harmless, too large a one late. */
  learn(bytes: number, tiles: number): void {
    const cost = bytes / tiles;
    this.#mean = Math.max(TILE_MIN_BYTES, cost, 0.75 * this.#mean + 0.25 * cost);
  }
}

/** Follows updates from the last byte sent to "drawn". */
export class DrawnUpdates {
  /** The last record of each update that the client has not acknowledged yet. */
  readonly #underWay: number[] = [];
  #received = 0;
  #drawn = 0;

  /** @param lastRecord the sequence number of the record that ends the update */
  sent(lastRecord: number): void {
    this.#underWay.push(lastRecord);
  }

  /** @param drawn in all; a client that claims more than it can have received gains nothing */
  acked(sequence: number, drawn: number): void {
    while (this.#underWay.length > 0 && (this.#underWay[0] as number) <= sequence) {
      this.#underWay.shift();
      this.#received++;
    }
    this.#drawn = Math.min(drawn, this.#received);
  }

  /** The client has received as many updates as it may without having drawn them; another would only grow its queue. */
  get full(): boolean {
    return this.#received - this.#drawn >= UNDRAWN_MAX_UPDATES;
  }
}
