// What the client does not have as it is now: for each tile the smallest rectangle that holds all damage to it. Only the
// place is kept, never the pixels: what is sent is read when it is sent, so however long a tile waits, it goes once and
// with its newest content.
import type { Rectangle } from '../desktop/desktop.ts';
import { cover, intersect } from '../desktop/rectangle.ts';
import { type Size, TILE_SIDE, tileColumns, tileCount, tileRectangle } from './tiles.ts';

/** A tile, or the part of one that has to be sent. */
export interface Patch {
  readonly tile: number;
  readonly area: Rectangle;
}

export class Damage {
  readonly #screen: Size;
  /** In the order in which the tiles were first damaged, so that a busy corner cannot keep another waiting. */
  readonly #areas = new Map<number, Rectangle>();
  #superseded = 0;

  constructor(screen: Size) {
    this.#screen = screen;
  }

  /** In tiles. */
  get size(): number {
    return this.#areas.size;
  }

  /** How often a tile was damaged again while it waited: what it held in between was never sent. */
  get superseded(): number {
    return this.#superseded;
  }

  /** What lies outside the screen is ignored: after a resize, a desktop's last words may be about the old size. */
  add(rectangle: Rectangle): void {
    const visible = intersect(rectangle, { x: 0, y: 0, ...this.#screen });
    if (!visible) return;
    const left = Math.floor(visible.x / TILE_SIDE);
    const top = Math.floor(visible.y / TILE_SIDE);
    const right = Math.ceil((visible.x + visible.width) / TILE_SIDE);
    const bottom = Math.ceil((visible.y + visible.height) / TILE_SIDE);
    const columns = tileColumns(this.#screen);
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) this.#addToTile(row * columns + column, visible);
    }
  }

  #addToTile(tile: number, rectangle: Rectangle): void {
    const hit = intersect(rectangle, tileRectangle(tile, this.#screen));
    const before = this.#areas.get(tile);
    if (!hit) return;
    this.#areas.set(tile, before ? cover(before, hit) : hit);
    if (before) this.#superseded++;
  }

  addAll(): void {
    for (let tile = 0; tile < tileCount(this.#screen); tile++) this.#areas.set(tile, tileRectangle(tile, this.#screen));
  }

  /** Removes the `count` tiles that wait longest. @returns them in ascending order, so that neighbours can be merged */
  take(count: number): Patch[] {
    const taken: Patch[] = [];
    for (const [tile, area] of this.#areas) {
      if (taken.length >= count) break;
      taken.push({ tile, area });
      this.#areas.delete(tile);
    }
    return taken.sort((a, b) => a.tile - b.tile);
  }
}
