// What a replayed update tells bench's client without a pixel being decoded: two rectangles of three pixels each, which
// stand first. They are Tight like any other (copy filter, below 12 bytes and so neither compressed nor counted), thus
// any RFB client draws them as a few odd pixels in the corner.
//
//   FramebufferUpdate header   4   type 0, padding, number of rectangles
//   rectangle 3×1 at 0,0      12   then control 0x01 and 9 bytes: captured u48 (µs, monotonic), length u24 of the whole
//   rectangle 3×1 at 0,1      12   then control 0x01 and 9 bytes: echo u32, zero u40
import { type Bytes, Reader, Writer } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { Encoding, ServerMessage } from '#protocol/inner/profile.ts';
import { TIGHT_COPY } from '#protocol/inner/screen/tight-format.ts';

export interface Stamp {
  /** When the oldest of the pixels was captured: µs of the machine's monotonic clock. */
  readonly capturedUs: number;
  /** Bytes of the whole update, its header and the stamp itself included: at most UPDATE_MAX_BYTES. */
  readonly length: number;
  /** The number of the newest key that the update answers. */
  readonly echo: number;
}

const RECTANGLE_BYTES = 12 + 1 + 9;
export const STAMP_BYTES = 4 + 2 * RECTANGLE_BYTES;
export const STAMP_RECTANGLES = 2;
export const UPDATE_MAX_BYTES = 2 ** 24 - 1;
const WIDTH = 3;

/** @param rectangles that follow the stamp */
export function writeStamp({ capturedUs, length, echo }: Stamp, rectangles: number): Bytes {
  const writer = new Writer()
    .u8(ServerMessage.framebufferUpdate)
    .u8(0)
    .u16(rectangles + STAMP_RECTANGLES);
  head(writer, 0)
    .u48(capturedUs)
    .u8(length >>> 16)
    .u16(length & 0xffff);
  return head(writer, 1).u32(echo).u32(0).u8(0).done();
}

function head(writer: Writer, y: number): Writer {
  return writer.u16(0).u16(y).u16(WIDTH).u16(1).u32(Encoding.tight).u8(TIGHT_COPY);
}

/**
 * @param bytes the first STAMP_BYTES of an update
 * @throws MALFORMED for anything that writeStamp does not write
 */
export function readStamp(bytes: Uint8Array): Stamp {
  const reader = new Reader(bytes, 'stamp');
  expect(reader.u8() === ServerMessage.framebufferUpdate && reader.u8() === 0 && reader.u16() >= STAMP_RECTANGLES);
  expectHead(reader, 0);
  const capturedUs = reader.u48();
  const length = reader.u8() * 0x1_0000 + reader.u16();
  expectHead(reader, 1);
  const echo = reader.u32();
  expect(reader.u32() === 0 && reader.u8() === 0 && length >= STAMP_BYTES);
  reader.end();
  return { capturedUs, length, echo };
}

function expectHead(reader: Reader, y: number): void {
  expect(reader.u16() === 0 && reader.u16() === y && reader.u16() === WIDTH && reader.u16() === 1);
  expect(reader.u32() === Encoding.tight && reader.u8() === TIGHT_COPY);
}

function expect(holds: boolean): void {
  if (!holds) throw new Refusal('MALFORMED', 'an update without a stamp');
}

/** Follows a stream of stamped updates, cut anywhere, and skips what lies between the stamps. */
export class StampReader {
  readonly #begun = new Uint8Array(STAMP_BYTES);
  #have = 0;
  #stamp: Stamp | null = null;
  #left = 0;
  readonly #complete: (stamp: Stamp) => void;

  /** @param complete is called when the last byte of an update has arrived */
  constructor(complete: (stamp: Stamp) => void) {
    this.#complete = complete;
  }

  /** @throws MALFORMED at the first byte that belongs to no stamped update */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      at += this.#stamp ? this.#skip(chunk.length - at) : this.#begin(chunk, at);
      if (this.#stamp && this.#left === 0) {
        const stamp = this.#stamp;
        this.#stamp = null;
        this.#have = 0;
        this.#complete(stamp);
      }
    }
  }

  #begin(chunk: Uint8Array, at: number): number {
    const part = chunk.subarray(at, at + STAMP_BYTES - this.#have);
    this.#begun.set(part, this.#have);
    this.#have += part.length;
    if (this.#have === STAMP_BYTES) {
      this.#stamp = readStamp(this.#begun);
      this.#left = this.#stamp.length - STAMP_BYTES;
    }
    return part.length;
  }

  #skip(most: number): number {
    const skipped = Math.min(most, this.#left);
    this.#left -= skipped;
    return skipped;
  }
}
