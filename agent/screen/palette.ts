// Counts colours and gives each pixel the number of its colour, in one pass and without allocating.
import { PALETTE_MAX_COLOURS } from '#protocol/inner/screen/tight-format.ts';

/** Four slots a colour keep the probes short. A power of two: see HASH_SHIFT. */
const SLOTS = PALETTE_MAX_COLOURS * 4;
/** Leaves as many of the 32 bits as number the slots. */
const HASH_SHIFT = 32 - Math.log2(SLOTS);

/** The colours of a growing part of a strip of pixels. */
export class Palette {
  /** In order of appearance, as they stand in memory (0xAABBGGRR); the first `count` are valid. */
  readonly colours = new Uint32Array(PALETTE_MAX_COLOURS);
  count = 0;
  /** For each pixel added, at its place in the strip, the number of its colour. */
  readonly indexes: Uint8Array;
  /** Open addressing: a slot is taken if its stamp is the present one, so that nothing has to be cleared. */
  readonly #keys = new Uint32Array(SLOTS);
  readonly #numbers = new Uint8Array(SLOTS);
  readonly #stamps = new Uint32Array(SLOTS);
  #stamp = 0;

  /** @param maxPixels of a strip */
  constructor(maxPixels: number) {
    this.indexes = new Uint8Array(maxPixels);
  }

  /** Forgets all colours. */
  clear(): void {
    this.#stamp = (this.#stamp + 1) >>> 0;
    this.count = 0;
  }

  /**
   * Adds the columns from `left` to before `right` of a strip of `stride` pixels a row.
   * @returns false if all together have more than 256 colours: then `count` is what it was, and clear() must follow
   */
  add(strip: Uint32Array, stride: number, rows: number, left: number, right: number): boolean {
    const before = this.count;
    let last = -1;
    let number = 0;
    for (let row = 0; row < rows; row++) {
      for (let at = row * stride + left; at < row * stride + right; at++) {
        const pixel = strip[at] as number;
        if (pixel !== last) {
          number = this.#numberOf(pixel);
          if (number < 0) {
            this.count = before;
            return false;
          }
          last = pixel;
        }
        this.indexes[at] = number;
      }
    }
    return true;
  }

  /** @returns the colour's number, or -1 if there is no room for another */
  #numberOf(pixel: number): number {
    // The high bits of the product depend on all bits of the colour.
    let slot = Math.imul(pixel, 0x9e37_79b1) >>> HASH_SHIFT;
    while (this.#stamps[slot] === this.#stamp) {
      if (this.#keys[slot] === pixel) return this.#numbers[slot] as number;
      slot = (slot + 1) % SLOTS;
    }
    if (this.count === PALETTE_MAX_COLOURS) return -1;
    this.#stamps[slot] = this.#stamp;
    this.#keys[slot] = pixel;
    this.#numbers[slot] = this.count;
    this.colours[this.count] = pixel;
    return this.count++;
  }
}
