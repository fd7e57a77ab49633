// Tight on the client's side: from bytes to contents (readTight), from contents to pixels (drawTight).
import { inflateSync } from 'node:zlib';
import { Refusal } from '#protocol/codes.ts';
import { TIGHT_MAX_WIDTH } from '#protocol/limits.ts';
import { applyFill, applyPixels, type Framebuffer, type Region } from './framebuffer.ts';
import type { Parse } from './parse.ts';
import {
  deflateBound,
  indexBytes,
  jpegBound,
  PALETTE_FILTER,
  PALETTE_MIN_COLOURS,
  TIGHT_COPY,
  TIGHT_FILL,
  TIGHT_JPEG,
  TIGHT_PALETTE,
  UNCOMPRESSED_BELOW_BYTES,
} from './tight-format.ts';

/** What a rectangle holds, its length checked against its geometry and inflated where it was deflated. */
export type TightContents =
  | { readonly kind: 'fill'; readonly rgb: Uint8Array }
  | { readonly kind: 'copy'; readonly rgb: Uint8Array }
  /** `palette`: 3 bytes a colour; `indexes`: see indexBytes */
  | { readonly kind: 'palette'; readonly palette: Uint8Array; readonly indexes: Uint8Array }
  | { readonly kind: 'jpeg'; readonly data: Uint8Array };

/** @returns R,G,B,A, 4 * width * height bytes; may reject for anything that is no JPEG */
export type DecodeJpeg = (data: Uint8Array) => Promise<{ width: number; height: number; pixels: Uint8Array }>;

/** @throws MALFORMED for any control byte but the agent's four, and for every length that does not fit the region */
export function* readTight(region: Region): Parse<TightContents> {
  const { width, height } = region;
  if (width > TIGHT_MAX_WIDTH) throw new Refusal('MALFORMED', `tight: ${width} pixels wide`);
  const control = byte(yield 1);
  switch (control) {
    case TIGHT_FILL:
      return { kind: 'fill', rgb: (yield 3).slice() };
    case TIGHT_JPEG:
      return { kind: 'jpeg', data: (yield yield* readLength(jpegBound(width, height))).slice() };
    case TIGHT_COPY:
      return { kind: 'copy', rgb: yield* readData(width * height * 3) };
    case TIGHT_PALETTE: {
      const head = yield 2;
      const colours = byte(head, 1) + 1;
      if (byte(head) !== PALETTE_FILTER || colours < PALETTE_MIN_COLOURS) {
        throw new Refusal('MALFORMED', `tight: filter ${byte(head)}, ${colours} colours`);
      }
      const palette = (yield 3 * colours).slice();
      return { kind: 'palette', palette, indexes: yield* readData(indexBytes(colours, width, height)) };
    }
    default:
      throw new Refusal('MALFORMED', `tight: control byte ${control}`);
  }
}

function byte(bytes: Uint8Array, at = 0): number {
  return bytes[at] as number;
}

function* readLength(max: number): Parse<number> {
  let length = 0;
  for (let shift = 0; shift <= 14; shift += 7) {
    const part = byte(yield 1);
    length |= (shift === 14 ? part : part & 0x7f) << shift;
    if (shift === 14 || (part & 0x80) === 0) break;
  }
  if (length === 0 || length > max) throw new Refusal('MALFORMED', `tight: ${length} bytes of data, at most ${max}`);
  return length;
}

/** @param expected bytes after inflating; neither one more nor one less is accepted (T14) */
function* readData(expected: number): Parse<Uint8Array> {
  if (expected < UNCOMPRESSED_BELOW_BYTES) return (yield expected).slice();
  const packed = yield yield* readLength(deflateBound(expected));
  let inflated: { buffer: Uint8Array; engine: { bytesWritten: number } };
  try {
    inflated = inflateSync(packed, { maxOutputLength: expected, info: true }) as unknown as typeof inflated;
  } catch {
    throw new Refusal('MALFORMED', 'tight: data does not inflate');
  }
  if (inflated.buffer.length !== expected || inflated.engine.bytesWritten !== packed.length) {
    throw new Refusal('MALFORMED', `tight: ${inflated.buffer.length} bytes after inflating, ${expected} expected`);
  }
  return inflated.buffer;
}

/**
 * Draws the contents; the returned promise, if there is one (JPEG only), must be awaited before the next rectangle.
 * @throws MALFORMED for a palette index without a colour; rejects with it for a JPEG that does not decode or whose size
 *   is not the region's
 */
export function drawTight(
  target: Framebuffer,
  region: Region,
  contents: TightContents,
  decodeJpeg: DecodeJpeg,
): void | Promise<void> {
  switch (contents.kind) {
    case 'fill':
      return applyFill(target, region, contents.rgb);
    case 'copy':
      return applyPixels(target, region, expand(contents.rgb));
    case 'palette':
      return applyPixels(target, region, lookUp(contents.palette, contents.indexes, region));
    case 'jpeg':
      return drawJpeg(target, region, contents.data, decodeJpeg);
  }
}

function expand(rgb: Uint8Array): Uint8Array {
  const pixels = new Uint8Array((rgb.length / 3) * 4);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    pixels[to] = byte(rgb, from);
    pixels[to + 1] = byte(rgb, from + 1);
    pixels[to + 2] = byte(rgb, from + 2);
  }
  return pixels;
}

function lookUp(palette: Uint8Array, indexes: Uint8Array, { width, height }: Region): Uint8Array {
  const colours = palette.length / 3;
  const rowBytes = indexBytes(colours, width, 1);
  const pixels = new Uint8Array(width * height * 4);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 4) {
      const index =
        colours === 2 ? (byte(indexes, y * rowBytes + (x >> 3)) >> (7 - (x & 7))) & 1 : byte(indexes, y * rowBytes + x);
      if (index >= colours) throw new Refusal('MALFORMED', `tight: index ${index} of ${colours} colours`);
      pixels[to] = byte(palette, index * 3);
      pixels[to + 1] = byte(palette, index * 3 + 1);
      pixels[to + 2] = byte(palette, index * 3 + 2);
    }
  }
  return pixels;
}

async function drawJpeg(target: Framebuffer, region: Region, data: Uint8Array, decode: DecodeJpeg): Promise<void> {
  const picture = await decode(data).catch(() => null);
  // noVNC would freeze for good on either; here it is a violation like any other.
  if (!picture) throw new Refusal('MALFORMED', 'tight: the JPEG does not decode');
  if (picture.width !== region.width || picture.height !== region.height) {
    throw new Refusal('MALFORMED', `tight: a JPEG of ${picture.width}x${picture.height} for another rectangle`);
  }
  applyPixels(target, region, picture.pixels);
}
