// The tiles that the client has as JPEG, at least in part. Once the screen rests they are sent again without loss.
import type { Patch } from './damage.ts';
import { type Size, tileRectangle } from './tiles.ts';

/** A tile in which nothing happened for this long counts as resting: a pause in a film is shorter, a reader slower. */
export const REST_MS = 500;

export class Refinement {
  readonly #screen: Size;
  /** Tile → when something of it was last sent, oldest first. */
  readonly #lossy = new Map<number, number>();

  constructor(screen: Size) {
    this.#screen = screen;
  }

  /** This patch is on its way to the client, encoded at `now`. */
  sent({ tile, area }: Patch, lossy: boolean, now: number): void {
    const whole = tileRectangle(tile, this.#screen);
    const stillLossy = lossy || (this.#lossy.has(tile) && (area.width < whole.width || area.height < whole.height));
    this.#lossy.delete(tile);
    if (stillLossy) this.#lossy.set(tile, now);
  }

  /** When the next tile will have rested; null if there is none to refine. */
  get dueAt(): number | null {
    for (const sentAt of this.#lossy.values()) return sentAt + REST_MS;
    return null;
  }

  /** Up to `count` rested tiles, whole and ascending. They stay on the list until sent() hears of them. */
  due(count: number, now: number): Patch[] {
    const rested: Patch[] = [];
    for (const [tile, sentAt] of this.#lossy) {
      if (rested.length >= count || sentAt + REST_MS > now) break;
      rested.push({ tile, area: tileRectangle(tile, this.#screen) });
    }
    return rested.sort((a, b) => a.tile - b.tile);
  }
}
