// The tiles that the client has as JPEG. Once the screen rests they are sent again without loss.

/** A tile in which nothing happened for this long counts as resting: a pause in a film is shorter, a reader slower. */
export const REST_MS = 500;

export class Refinement {
  /** Tile → when it was last sent, oldest first. Whatever damages it later makes it go anew, which leaves from here. */
  readonly #lossy = new Map<number, number>();

  get size(): number {
    return this.#lossy.size;
  }

  /** These tiles are on their way to the client, encoded at `now`, those in `lossy` as JPEG. */
  sent(tiles: readonly number[], lossy: readonly number[], now: number): void {
    for (const tile of tiles) this.#lossy.delete(tile);
    for (const tile of lossy) this.#lossy.set(tile, now);
  }

  /** When the next tile will have rested; null if there is none to refine. */
  get dueAt(): number | null {
    for (const sentAt of this.#lossy.values()) return sentAt + REST_MS;
    return null;
  }

  /** Up to `count` rested tiles, ascending. They stay on the list until sent() hears of them. */
  due(count: number, now: number): number[] {
    const rested: number[] = [];
    for (const [tile, sentAt] of this.#lossy) {
      if (rested.length >= count || sentAt + REST_MS > now) break;
      rested.push(tile);
    }
    return rested.sort((a, b) => a - b);
  }
}
