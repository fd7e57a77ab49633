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

/** Damage to no more tiles than this is small: what a key changes, or a caret, not a film. */
const SMALL_TILES_MAX = 4;

export class Damage {
  readonly #screen: Size;
  /** In the order in which the tiles were first damaged, so that a busy corner cannot keep another waiting. */
  readonly #areas = new Map<number, Rectangle>();
  /** The same of tiles that small damage has hit; a tile is in one of the two. */
  readonly #small = new Map<number, Rectangle>();
  #superseded = 0;

  constructor(screen: Size) {
    this.#screen = screen;
  }

  /** In tiles. */
  get size(): number {
    return this.#areas.size + this.#small.size;
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
    const small = (right - left) * (bottom - top) <= SMALL_TILES_MAX;
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) this.#addToTile(row * columns + column, visible, small);
    }
  }

  #addToTile(tile: number, rectangle: Rectangle, small: boolean): void {
    const hit = intersect(rectangle, tileRectangle(tile, this.#screen));
    if (!hit) return;
    const before = this.#small.get(tile) ?? this.#areas.get(tile);
    const into = small || this.#small.has(tile) ? this.#small : this.#areas;
    into.set(tile, before ? cover(before, hit) : hit);
    if (into === this.#small) this.#areas.delete(tile);
    if (before) this.#superseded++;
  }

  addAll(): void {
    this.#small.clear();
    for (let tile = 0; tile < tileCount(this.#screen); tile++) this.#areas.set(tile, tileRectangle(tile, this.#screen));
  }

  /**
   * Removes the `count` tiles that wait longest; small damage comes last.
   * @returns them in ascending order, so that neighbours can be merged
   */
  take(count: number): Patch[] {
    const large = removed(this.#areas, count);
    return inOrder([...large, ...removed(this.#small, count - large.length)]);
  }

  /** As `take`, of small damage alone. Whoever takes it first takes turns with `take`, or a busy corner has the screen. */
  takeSmall(count: number): Patch[] {
    return inOrder(removed(this.#small, count));
  }
}

function removed(areas: Map<number, Rectangle>, count: number): Patch[] {
  const patches: Patch[] = [];
  for (const [tile, area] of areas) {
    if (patches.length >= count) break;
    patches.push({ tile, area });
    areas.delete(tile);
  }
  return patches;
}

const inOrder = (patches: Patch[]): Patch[] => patches.sort((a, b) => a.tile - b.tile);
