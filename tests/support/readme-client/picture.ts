// protocol/README.md, "Frame stream": an RFB stream without greeting, drawn into memory. JPEG is left to others.
import { inflateSync } from 'node:zlib';

/** Encodings by number. */
const TIGHT = 7;
const DESKTOP_SIZE = -308;
const ALPHA_CURSOR = 0x574d5664;
const QEMU_KEY = -258;
const MOUSE_BUTTONS = -316;

export class Picture {
  readonly width: number;
  readonly height: number;
  /** R, G, B of each pixel. */
  readonly pixels: Buffer;
  /** What each pixel stands from: 0 nothing yet, 1 a JPEG, 2 an encoding without loss. */
  readonly drawn: Buffer;
  updates = 0;
  #stream = Buffer.alloc(0);

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = Buffer.alloc(width * height * 3);
    this.drawn = Buffer.alloc(width * height);
  }

  get complete(): boolean {
    return !this.drawn.includes(0);
  }

  /** Row by row, the exact pixels of a part of the picture, or null while some of them are not. */
  exactly({ x, y, width, height }: { x: number; y: number; width: number; height: number }): Buffer | null {
    const rows: Buffer[] = [];
    for (let at = y * this.width + x; at < (y + height) * this.width; at += this.width) {
      if (this.drawn.subarray(at, at + width).some((from) => from !== 2)) return null;
      rows.push(this.pixels.subarray(3 * at, 3 * (at + width)));
    }
    return Buffer.concat(rows);
  }

  /** Draws every message that is whole by now. */
  push(bytes: Buffer): void {
    this.#stream = Buffer.concat([this.#stream, bytes]);
    for (;;) {
      const cursor = new Cursor(this.#stream);
      try {
        this.#message(cursor);
      } catch (error) {
        if (error instanceof NotYet) return;
        throw error;
      }
      this.#stream = this.#stream.subarray(cursor.at);
    }
  }

  #message(cursor: Cursor): void {
    const type = cursor.u8();
    if (type === 2) return;
    if (type !== 0 || cursor.u8() !== 0) throw new Error(`message ${type}`);
    for (let left = cursor.u16(); left > 0; left--) this.#rectangle(cursor);
    this.updates++;
  }

  #rectangle(cursor: Cursor): void {
    const [x, y, width, height] = [cursor.u16(), cursor.u16(), cursor.u16(), cursor.u16()];
    const encoding = cursor.take(4).readInt32BE();
    switch (encoding) {
      case TIGHT:
        this.#draw(x, y, width, height, readTight(cursor, width, height));
        return;
      case DESKTOP_SIZE:
        cursor.take(4 + 16);
        return;
      case ALPHA_CURSOR:
        cursor.take(2 + 4 * width * height);
        return;
      case QEMU_KEY:
      case MOUSE_BUTTONS:
        return;
      default:
        throw new Error(`encoding ${encoding}`);
    }
  }

  #draw(x: number, y: number, width: number, height: number, pixels: Buffer | 'jpeg'): void {
    for (let row = 0; row < height; row++) {
      const at = (y + row) * this.width + x;
      this.drawn.fill(pixels === 'jpeg' ? 1 : 2, at, at + width);
      if (pixels !== 'jpeg') pixels.copy(this.pixels, 3 * at, 3 * row * width, 3 * (row + 1) * width);
    }
  }
}

function readTight(cursor: Cursor, width: number, height: number): Buffer | 'jpeg' {
  const control = cursor.u8();
  switch (control) {
    case 0x80:
      return Buffer.alloc(3 * width * height, cursor.take(3));
    case 0x90:
      cursor.take(readLength(cursor));
      return 'jpeg';
    case 0x01:
      return readData(cursor, 3 * width * height);
    case 0x41: {
      if (cursor.u8() !== 1) throw new Error('filter');
      const colours = cursor.u8() + 1;
      return lookUp(cursor.take(3 * colours), colours, cursor, width, height);
    }
    default:
      throw new Error(`control ${control}`);
  }
}

function lookUp(palette: Buffer, colours: number, cursor: Cursor, width: number, height: number): Buffer {
  const rowBytes = colours === 2 ? Math.ceil(width / 8) : width;
  const indexes = readData(cursor, rowBytes * height);
  const pixels = Buffer.alloc(3 * width * height);
  for (let at = 0; at < width * height; at++) {
    const [row, column] = [Math.floor(at / width), at % width];
    const index =
      colours === 2
        ? (indexes.readUInt8(row * rowBytes + (column >> 3)) >> (7 - (column & 7))) & 1
        : indexes.readUInt8(row * rowBytes + column);
    palette.copy(pixels, 3 * at, 3 * index, 3 * index + 3);
  }
  return pixels;
}

function readData(cursor: Cursor, length: number): Buffer {
  if (length < 12) return cursor.take(length);
  const data = inflateSync(cursor.take(readLength(cursor)));
  if (data.length !== length) throw new Error(`${data.length} bytes where ${length} were due`);
  return data;
}

function readLength(cursor: Cursor): number {
  const first = cursor.u8();
  if (first < 0x80) return first;
  const second = cursor.u8();
  const two = (first & 0x7f) | ((second & 0x7f) << 7);
  return second < 0x80 ? two : two | (cursor.u8() << 14);
}

class NotYet extends Error {}

class Cursor {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(count: number): Buffer {
    if (this.at + count > this.#bytes.length) throw new NotYet();
    this.at += count;
    return this.#bytes.subarray(this.at - count, this.at);
  }

  u8(): number {
    return this.take(1).readUInt8();
  }

  u16(): number {
    return this.take(2).readUInt16BE();
  }
}
