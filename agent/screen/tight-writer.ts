// Tight rectangles as bytes; protocol/inner/screen/tight-format.ts has the layout.
import { deflateSync } from 'node:zlib';
import type { Bytes } from '#protocol/bytes.ts';
import { Encoding } from '#protocol/inner/profile.ts';
import {
  indexBytes,
  PALETTE_FILTER,
  TIGHT_COPY,
  TIGHT_FILL,
  TIGHT_JPEG,
  TIGHT_LENGTH_MAX,
  TIGHT_PALETTE,
  UNCOMPRESSED_BELOW_BYTES,
} from '#protocol/inner/screen/tight-format.ts';
import type { Rectangle } from '../desktop/desktop.ts';

/**
 * Measured over whole 1280×800 screens: level 5 gives the bytes of level 6 within 0.1 % in two thirds of its time; level 4
 * costs 1 % more bytes on text, level 1 6 %, each for little time. A smaller window or less memory saves nothing.
 */
const DEFLATE = { level: 5 } as const;

/** Collects the rectangles of one job. */
export class TightWriter {
  #bytes = new Uint8Array(64 * 1024);
  #length = 0;
  #rectangles = 0;

  get rectangles(): number {
    return this.#rectangles;
  }

  /** A copy of exactly what was written, in memory of its own, so that it can be transferred. */
  bytes(): Bytes {
    return this.#bytes.slice(0, this.#length);
  }

  /** @param colour 0xAABBGGRR */
  fill(rectangle: Rectangle, colour: number): void {
    this.#head(rectangle, TIGHT_FILL);
    this.#colour(colour);
  }

  /** @param jpeg a whole JPEG of exactly the rectangle's size */
  jpeg(rectangle: Rectangle, jpeg: Uint8Array): void {
    this.#head(rectangle, TIGHT_JPEG);
    this.#counted(jpeg);
  }

  /** @param pixels 0xAABBGGRR each, row by row without gaps */
  copy(rectangle: Rectangle, pixels: Uint32Array): void {
    const rgb = new Uint8Array(rectangle.width * rectangle.height * 3);
    for (let i = 0, to = 0; to < rgb.length; i++, to += 3) {
      const pixel = pixels[i] as number;
      rgb[to] = pixel;
      rgb[to + 1] = pixel >>> 8;
      rgb[to + 2] = pixel >>> 16;
    }
    this.#head(rectangle, TIGHT_COPY);
    this.#data(rgb);
  }

  /** @param colours 2 to 256 of 0xAABBGGRR. @param indexes a colour's number for each pixel, row by row */
  palette(rectangle: Rectangle, colours: Uint32Array, indexes: Uint8Array): void {
    this.#head(rectangle, TIGHT_PALETTE);
    this.#u8(PALETTE_FILTER);
    this.#u8(colours.length - 1);
    for (const colour of colours) this.#colour(colour);
    const { width, height } = rectangle;
    this.#data(colours.length === 2 ? packBits(width, height, indexes) : indexes);
  }

  #head({ x, y, width, height }: Rectangle, control: number): void {
    this.#rectangles++;
    for (const field of [x, y, width, height]) {
      this.#u8(field >>> 8);
      this.#u8(field);
    }
    for (let shift = 24; shift >= 0; shift -= 8) this.#u8(Encoding.tight >>> shift);
    this.#u8(control);
  }

  #data(data: Uint8Array): void {
    if (data.length < UNCOMPRESSED_BELOW_BYTES) this.#raw(data);
    else this.#counted(deflateSync(data, DEFLATE));
  }

  #counted(data: Uint8Array): void {
    const { length } = data;
    if (length > TIGHT_LENGTH_MAX) throw new RangeError(`internal: ${length} bytes in one rectangle`);
    this.#u8(length < 0x80 ? length : (length & 0x7f) | 0x80);
    if (length >= 0x80) this.#u8(length < 0x4000 ? length >>> 7 : ((length >>> 7) & 0x7f) | 0x80);
    if (length >= 0x4000) this.#u8(length >>> 14);
    this.#raw(data);
  }

  #colour(pixel: number): void {
    this.#u8(pixel);
    this.#u8(pixel >>> 8);
    this.#u8(pixel >>> 16);
  }

  #u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  #raw(data: Uint8Array): void {
    this.#reserve(data.length);
    this.#bytes.set(data, this.#length);
    this.#length += data.length;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** One bit a pixel, the first highest, each row padded to whole bytes. */
function packBits(width: number, height: number, indexes: Uint8Array): Uint8Array {
  const rowBytes = indexBytes(2, width, 1);
  const packed = new Uint8Array(rowBytes * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const at = y * rowBytes + (x >> 3);
      packed[at] = (packed[at] as number) | ((indexes[i] as number) << (7 - (x & 7)));
    }
  }
  return packed;
}
