// When have the pixels of what was typed arrived? Nobody tells a client, so it looks. A screen also changes by itself:
// carets blink, films move, and a whole tile comes again for one pixel in it. So each small cell of the screen remembers
// the looks it has had. A cell with many looks before typing moves by itself and does not count; in every other cell a
// look that it never had is an effect of typing. Pure: time is an argument.
import type { Region } from '#protocol/inner/screen/rectangle.ts';
import type { Framebuffer } from '#rfb/framebuffer.ts';

/** How long to watch before the first key: a caret must have shown both of its looks. */
export const OBSERVE_MS = 1_300;
/** This long without a new look means that the answer is complete. */
export const QUIET_MS = 400;

const CELL = 16;
/** With and without a caret, and one more for luck; a cell with more before typing moves by itself. */
const BLINKING_LOOKS_MAX = 3;
/** Looks that one cell remembers; from then on it counts as moving, too. */
const LOOKS_MAX = 64;
/**
 * So many new looks after the last key are no answer any more: a film that stood still while the machine was busy. What
 * moves slowly close to such a cell belongs to the same film.
 */
const LATE_LOOKS_MAX = 3;
const LATE_NEIGHBOURS = 4;
/** Cells lie on a grid that is wider than any screen. */
const GRID = 65_536;

export class Settling {
  readonly #looks = new Map<number, Set<number>>();
  readonly #restless = new Set<number>();
  #typedAt: number | null = null;
  #answeredAt: number | null = null;
  #lastKeyAt: number | null = null;
  /** After the last key: cell → how many new looks, and when the last one came. */
  readonly #late = new Map<number, { count: number; at: number }>();

  /** @param picture as it stands before anything is watched */
  constructor(picture: Framebuffer) {
    this.drawn(picture, { x: 0, y: 0, width: picture.width, height: picture.height }, 0);
  }

  /** `region` of the picture was drawn. While nothing is typed, it changed by itself. @param nowMs monotonic */
  drawn(picture: Framebuffer, region: Region, nowMs: number): void {
    const words = new Uint32Array(picture.pixels.buffer, picture.pixels.byteOffset, picture.width * picture.height);
    for (let row = Math.floor(region.y / CELL); row * CELL < region.y + region.height; row++) {
      for (let column = Math.floor(region.x / CELL); column * CELL < region.x + region.width; column++) {
        const cell = row * GRID + column;
        const isNew = this.#remember(cell, lookOf(words, picture, column * CELL, row * CELL));
        if (!isNew || this.#typedAt === null) continue;
        this.#answeredAt ??= nowMs;
        if (this.#lastKeyAt !== null) this.#changedLate(cell, nowMs);
      }
    }
  }

  /** The observation is over, and the first key goes out now. */
  typed(nowMs: number): void {
    this.#typedAt = nowMs;
    for (const [cell, looks] of this.#looks) if (looks.size > BLINKING_LOOKS_MAX) this.#restless.add(cell);
  }

  /** The last key has gone out. */
  lastKey(nowMs: number): void {
    this.#lastKeyAt = nowMs;
  }

  /** From the first key to the first change that belongs to it; null while there was none. */
  get inputToPixelMs(): number | null {
    return this.#answeredAt === null || this.#typedAt === null ? null : this.#answeredAt - this.#typedAt;
  }

  settled(nowMs: number): boolean {
    if (this.#answeredAt === null || this.#lastKeyAt === null) return false;
    let quietSince = Math.max(this.#answeredAt, this.#lastKeyAt);
    for (const { at } of this.#late.values()) quietSince = Math.max(quietSince, at);
    return nowMs - quietSince >= QUIET_MS;
  }

  #changedLate(cell: number, nowMs: number): void {
    const count = (this.#late.get(cell)?.count ?? 0) + 1;
    this.#late.set(cell, { count, at: nowMs });
    if (count <= LATE_LOOKS_MAX) return;
    for (let row = -LATE_NEIGHBOURS; row <= LATE_NEIGHBOURS; row++) {
      for (let column = -LATE_NEIGHBOURS; column <= LATE_NEIGHBOURS; column++) {
        const neighbour = cell + row * GRID + column;
        this.#restless.add(neighbour);
        this.#late.delete(neighbour);
      }
    }
  }

  /** @returns whether a cell that counts has never looked like this */
  #remember(cell: number, look: number): boolean {
    if (this.#restless.has(cell)) return false;
    const looks = this.#looks.get(cell) ?? new Set<number>();
    if (looks.has(look)) return false;
    this.#looks.set(cell, looks.add(look));
    if (looks.size > LOOKS_MAX) this.#restless.add(cell);
    return true;
  }
}

/** FNV-1a over the pixels of a cell: a chance meeting of two looks does no harm. */
function lookOf(words: Uint32Array, { width, height }: Framebuffer, left: number, top: number): number {
  let hash = 0x811c_9dc5;
  const bottom = Math.min(top + CELL, height);
  const right = Math.min(left + CELL, width);
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) hash = Math.imul(hash ^ (words[y * width + x] as number), 0x0100_0193);
  }
  return hash;
}
