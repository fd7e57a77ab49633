// Which tiles the client does not have as they are now. Only the place is kept, never the pixels: what is sent is read
// when it is sent, so however long a tile waits, it goes once and with its newest content.
import type { Rectangle } from '../desktop/desktop.ts';
import { intersect } from '../desktop/rectangle.ts';
import { type Size, TILE_SIDE, tileColumns, tileCount } from './tiles.ts';

export class Damage {
  readonly #screen: Size;
  /** In the order in which they were first damaged, so that a busy corner cannot keep another waiting. */
  readonly #tiles = new Set<number>();

  constructor(screen: Size) {
    this.#screen = screen;
  }

  get size(): number {
    return this.#tiles.size;
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
      for (let column = left; column < right; column++) this.#tiles.add(row * columns + column);
    }
  }

  addAll(): void {
    for (let tile = 0; tile < tileCount(this.#screen); tile++) this.#tiles.add(tile);
  }

  /** Removes the `count` tiles that wait longest. @returns them in ascending order, so that neighbours can be merged */
  take(count: number): number[] {
    const taken: number[] = [];
    for (const tile of this.#tiles) {
      if (taken.length >= count) break;
      taken.push(tile);
      this.#tiles.delete(tile);
    }
    return taken.sort((a, b) => a - b);
  }
}
