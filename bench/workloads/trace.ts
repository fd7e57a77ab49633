// A trace: what one screen sent while it was recorded, after watermark and encoder, rectangle by rectangle. It is played
// in a loop. The file (big endian, like RFB):
//
//   "TWTRACE1"  8
//   width u16, height u16     of the recorded screen
//   duration u32              of one turn, ms, not 0
//   frames u32
//   frame       at u32 (ms since the beginning, ascending, below the duration), rectangles u16 (not 0)
//   rectangle   length u24, then as many bytes: a whole Tight rectangle as it follows the header of an update
//
// Nothing is compressed a second time: the content is deflate and JPEG already.
import { type Bytes, Reader, Writer } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { Encoding } from '#protocol/inner/profile.ts';

export interface Trace {
  readonly width: number;
  readonly height: number;
  readonly durationMs: number;
  readonly frames: readonly Frame[];
}

/** All that changed at one moment. */
export interface Frame {
  readonly atMs: number;
  readonly rectangles: readonly TracedRectangle[];
}

export interface TracedRectangle {
  /** The same for two rectangles that cover exactly the same place. */
  readonly place: number;
  readonly bytes: Uint8Array;
}

const MAGIC = 'TWTRACE1';
const HEADER_BYTES = 12;
/** A header and a control byte; what the largest update of a stamp can hold. */
const RECTANGLE_MIN_BYTES = HEADER_BYTES + 1;
const RECTANGLE_MAX_BYTES = 2 ** 20;
export const TRACE_MAX_BYTES = 2 ** 22;
/** Sides fit into twelve bits, so that four of them are a number that JavaScript holds exactly. */
const SIDE_MAX = 4_095;

/**
 * @param bytes of a trace file; kept, the rectangles are views of it
 * @throws MALFORMED for anything that writeTrace does not write; the pixels themselves are not looked at
 */
export function readTrace(bytes: Uint8Array): Trace {
  if (bytes.length > TRACE_MAX_BYTES) throw new Refusal('MALFORMED', `trace: ${bytes.length} bytes`);
  const reader = new Reader(bytes, 'trace');
  if (Buffer.from(reader.bytes(MAGIC.length)).toString('latin1') !== MAGIC) throw malformed('not a trace');
  const [width, height] = [reader.u16(), reader.u16()];
  if (width === 0 || height === 0 || Math.max(width, height) > SIDE_MAX) throw malformed(`${width}x${height}`);
  const durationMs = reader.u32();
  const count = reader.u32();
  if (durationMs === 0 || count === 0) throw malformed('empty');
  const frames: Frame[] = [];
  let before = -1;
  // The claimed count allocates nothing: each frame takes its bytes first.
  for (let i = 0; i < count; i++) {
    const atMs = reader.u32();
    if (atMs <= before || atMs >= durationMs) throw malformed(`frame ${i} at ${atMs} ms`);
    before = atMs;
    const rectangles = Array.from({ length: oneAtLeast(reader.u16()) }, () => rectangle(reader, width, height));
    frames.push({ atMs, rectangles });
  }
  reader.end();
  return { width, height, durationMs, frames };
}

function oneAtLeast(count: number): number {
  if (count === 0) throw malformed('a frame without a rectangle');
  return count;
}

function rectangle(reader: Reader, width: number, height: number): TracedRectangle {
  const length = reader.u8() * 0x1_0000 + reader.u16();
  if (length < RECTANGLE_MIN_BYTES || length > RECTANGLE_MAX_BYTES) throw malformed(`a rectangle of ${length} bytes`);
  const bytes = reader.bytes(length);
  const traced = { place: placeOf(bytes), bytes };
  const head = new Reader(bytes.subarray(0, HEADER_BYTES), 'trace');
  const [x, y, w, h] = [head.u16(), head.u16(), head.u16(), head.u16()];
  const inside = w > 0 && h > 0 && x + w <= width && y + h <= height;
  if (!inside || head.u32() !== Encoding.tight) throw malformed('a rectangle outside the screen, or not Tight');
  return traced;
}

/** @param bytes of a whole rectangle, its header first */
export function placeOf(bytes: Uint8Array): number {
  const head = new Reader(bytes.subarray(0, HEADER_BYTES), 'trace');
  return [head.u16(), head.u16(), head.u16(), head.u16()].reduce((place, side) => place * (SIDE_MAX + 1) + side, 0);
}

export function writeTrace({ width, height, durationMs, frames }: Trace): Bytes {
  const writer = new Writer().bytes(Buffer.from(MAGIC, 'latin1')).u16(width).u16(height).u32(durationMs);
  writer.u32(frames.length);
  for (const { atMs, rectangles } of frames) {
    writer.u32(atMs).u16(rectangles.length);
    for (const { bytes } of rectangles)
      writer
        .u8(bytes.length >>> 16)
        .u16(bytes.length & 0xffff)
        .bytes(bytes);
  }
  return writer.done();
}

const malformed = (what: string) => new Refusal('MALFORMED', `trace: ${what}`);
