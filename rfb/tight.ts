// Tight on the client's side: from bytes to contents (readTight), from contents to pixels (drawTight).

import { inflateSync } from 'node:zlib';
import { Refusal } from '#protocol/codes.ts';
import type { Parse } from '#protocol/inner/screen/parse.ts';
import type { Region } from '#protocol/inner/screen/rectangle.ts';
import { indexBytes, readTightHead } from '#protocol/inner/screen/tight-format.ts';
import { applyFill, applyPixels, type Framebuffer } from './framebuffer.ts';

/** What a rectangle holds, its length checked against its geometry and inflated where it was deflated. */
export type TightContents =
  | { readonly kind: 'fill'; readonly rgb: Uint8Array }
  | { readonly kind: 'copy'; readonly rgb: Uint8Array }
  /** `palette`: 3 bytes a colour; `indexes`: see indexBytes */
  | { readonly kind: 'palette'; readonly palette: Uint8Array; readonly indexes: Uint8Array }
  | { readonly kind: 'jpeg'; readonly data: Uint8Array };

/** @returns R,G,B,A, 4 * width * height bytes; may reject for anything that is no JPEG */
export type DecodeJpeg = (data: Uint8Array) => Promise<{ width: number; height: number; pixels: Uint8Array }>;

/** @throws MALFORMED as readTightHead, and for data that does not inflate to exactly the region's */
export function* readTight(region: Region): Parse<TightContents> {
  const head = yield* readTightHead(region);
  const bytes = yield head.bytes;
  switch (head.kind) {
    case 'fill':
      return { kind: 'fill', rgb: bytes.slice() };
    case 'jpeg':
      return { kind: 'jpeg', data: bytes.slice() };
    case 'copy':
      return { kind: 'copy', rgb: head.deflated ? inflate(bytes, head.unpacked) : bytes.slice() };
    case 'palette': {
      const indexes = head.deflated ? inflate(bytes, head.unpacked) : bytes.slice();
      return { kind: 'palette', palette: head.palette, indexes };
    }
  }
}

/** @param expected bytes after inflating; neither one more nor one less is accepted (T14) */
function inflate(packed: Uint8Array, expected: number): Uint8Array {
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

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
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
