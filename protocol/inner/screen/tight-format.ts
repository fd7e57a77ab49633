// Tight as the agent writes it and the client reads it (rfbproto "Tight Encoding"): the part of it that needs no
// state between rectangles. Stream 0 is reset by every basic rectangle, so each is a one-shot deflate.
//
//   control u8
//   0x80 fill     R,G,B
//   0x90 jpeg     length, data
//   0x01 copy     R,G,B for each pixel, as data
//   0x41 palette  filter u8 = 1, colours - 1 u8, R,G,B for each colour, then indexes as data:
//                 one bit each for two colours (rows padded to whole bytes, first pixel highest), else one byte each
//   data: below 12 bytes as they are, else length and a whole zlib stream
//   length: 7 bits a byte, lowest first, bit 7 says that another follows; the third byte holds 8 bits

import { Refusal } from '../../codes.ts';
import { TIGHT_MAX_WIDTH } from '../../limits.ts';
import type { Parse } from './parse.ts';
import type { Region } from './rectangle.ts';

export const TIGHT_FILL = 0x80;
export const TIGHT_JPEG = 0x90;
export const TIGHT_COPY = 0x01;
export const TIGHT_PALETTE = 0x41;
export const PALETTE_FILTER = 1;
/** One colour is a fill, never a palette: noVNC 1.7.0 draws a palette of one wrong. */
export const PALETTE_MIN_COLOURS = 2;
export const PALETTE_MAX_COLOURS = 256;
/** Data shorter than this is neither compressed nor preceded by a length. */
export const UNCOMPRESSED_BELOW_BYTES = 12;
/** The largest number that a length can say: 22 bits. */
export const TIGHT_LENGTH_MAX = 2 ** 22 - 1;

/** Bytes of palette indexes for a rectangle. */
export function indexBytes(colours: number, width: number, height: number): number {
  return colours === 2 ? Math.ceil(width / 8) * height : width * height;
}

/** The most that deflate may need for `length` bytes at any setting, so that a length is believed before allocation. */
export function deflateBound(length: number): number {
  return length + (length >> 3) + 128;
}

/** The most that we accept for a JPEG: more than the pixels themselves, plus its tables, is no picture of ours. */
export function jpegBound(width: number, height: number): number {
  return Math.min(TIGHT_LENGTH_MAX, width * height * 3 + 4096);
}

/** Everything of a rectangle but its last `bytes`. */
export type TightHead =
  /** R, G, B */
  | { readonly kind: 'fill'; readonly bytes: number }
  | { readonly kind: 'jpeg'; readonly bytes: number }
  | (TightData & { readonly kind: 'copy' })
  /** `palette`: 3 bytes a colour */
  | (TightData & { readonly kind: 'palette'; readonly palette: Uint8Array });

interface TightData {
  readonly bytes: number;
  /** How many they are after inflating. */
  readonly unpacked: number;
  readonly deflated: boolean;
}

/** @throws MALFORMED for any control byte but the agent's four, and for every length that cannot fit the region */
export function* readTightHead({ width, height }: Region): Parse<TightHead> {
  if (width > TIGHT_MAX_WIDTH) throw new Refusal('MALFORMED', `tight: ${width} pixels wide`);
  const control = byte(yield 1);
  switch (control) {
    case TIGHT_FILL:
      return { kind: 'fill', bytes: 3 };
    case TIGHT_JPEG:
      return { kind: 'jpeg', bytes: yield* readLength(jpegBound(width, height)) };
    case TIGHT_COPY:
      return { kind: 'copy', ...(yield* readDataHead(width * height * 3)) };
    case TIGHT_PALETTE: {
      const head = yield 2;
      const colours = byte(head, 1) + 1;
      if (byte(head) !== PALETTE_FILTER || colours < PALETTE_MIN_COLOURS) {
        throw new Refusal('MALFORMED', `tight: filter ${byte(head)}, ${colours} colours`);
      }
      const palette = (yield 3 * colours).slice();
      return { kind: 'palette', palette, ...(yield* readDataHead(indexBytes(colours, width, height))) };
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

function* readDataHead(unpacked: number): Parse<TightData> {
  if (unpacked < UNCOMPRESSED_BELOW_BYTES) return { bytes: unpacked, unpacked, deflated: false };
  return { bytes: yield* readLength(deflateBound(unpacked)), unpacked, deflated: true };
}
