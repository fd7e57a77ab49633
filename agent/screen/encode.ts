// From a screen in shared memory to Tight rectangles: watermark, then a choice by content. Runs in encoder workers.
//
//   1 colour             fill
//   2 to 256 colours     palette, lossless
//   more, like text      copy, lossless
//   more, like a photo   JPEG
//
// Neighbours in a row share a rectangle: one palette, one deflate, one set of JPEG tables. On a page of text that halves
// the bytes. Copies stay single: measured, wider ones come out larger, since the row above is too far away for deflate.
import { createCanvas, ImageData } from '@napi-rs/canvas';
import type { Bytes } from '#protocol/bytes.ts';
import type { Rectangle } from '../desktop/desktop.ts';
import { Palette } from './palette.ts';
import { TightWriter } from './tight-writer.ts';
import { TILE_SIDE, tileColumns, tileRectangle } from './tiles.ts';
import { type Mask, marked } from './watermark.ts';

export interface EncodeJob {
  /** Of the screen. */
  readonly width: number;
  readonly height: number;
  /** The desktop's picture (see Screen.pixels); it may change while it is read. */
  readonly pixels: Uint8Array;
  readonly mask: Mask;
  /** Ascending. */
  readonly tiles: readonly number[];
  /** No JPEG, whatever the content. */
  readonly lossless: boolean;
}

export interface Encoded {
  /** Whole rectangles, ready to follow the header of a FramebufferUpdate. */
  readonly bytes: Bytes;
  readonly rectangles: number;
  /** The tiles that went as JPEG. */
  readonly lossy: readonly number[];
}

/** Tiles of one row that are looked at together: 512 columns, of Tight's 2,048. Measured: 16 save another 5 % at most. */
const STRIP_MAX_TILES = 8;
/** A tile in which fewer pixels than this repeat the one on their left is a photo: text and drawings have flat parts. */
const PHOTO_MAX_REPEATED = 0.25;
/** Below this size a JPEG's tables outweigh what it saves. */
const JPEG_MIN_PIXELS = 1024;
const JPEG_QUALITY = 85;

// Reused from strip to strip; a worker encodes one job at a time.
const STRIP_MAX_PIXELS = STRIP_MAX_TILES * TILE_SIDE * TILE_SIDE;
const strip = new Uint32Array(STRIP_MAX_PIXELS);
const palette = new Palette(STRIP_MAX_PIXELS);
const canvas = createCanvas(TILE_SIDE, TILE_SIDE);

/** @throws RangeError for a tile outside the screen */
export function encodeTiles(job: EncodeJob): Encoded {
  const writer = new TightWriter();
  const lossy: number[] = [];
  for (const tiles of stripsOf(job)) {
    const first = tileRectangle(tiles[0] as number, job);
    const last = tileRectangle(tiles[tiles.length - 1] as number, job);
    const rectangle = { ...first, width: last.x + last.width - first.x };
    readMarked(job, rectangle);
    for (let start = 0; start < tiles.length; ) {
      const run = nextRun(rectangle, start, job.lossless);
      if (run.kind === 'photo') lossy.push(...tiles.slice(start, run.end));
      writeRun(writer, rectangle, columnsOf(rectangle, start, run.end), run.kind);
      start = run.end;
    }
  }
  return { bytes: writer.bytes(), rectangles: writer.rectangles, lossy };
}

/** The job's tiles as groups of neighbours in a row. */
function stripsOf({ width, height, tiles }: EncodeJob): number[][] {
  const columns = tileColumns({ width, height });
  const strips: number[][] = [];
  for (const tile of tiles) {
    const open = strips.at(-1);
    const follows = open && open.at(-1) === tile - 1 && tile % columns !== 0 && open.length < STRIP_MAX_TILES;
    if (follows) open.push(tile);
    else strips.push([tile]);
  }
  return strips;
}

/**
 * The one place where pixels leave the screen: each is read once, since the desktop may be drawing, and none comes out
 * without having passed the mask.
 */
function readMarked(job: EncodeJob, { x, y, width, height }: Rectangle): void {
  const screen = new Uint32Array(job.pixels.buffer, job.pixels.byteOffset, job.width * job.height);
  for (let row = y, i = 0; row < y + height; row++) {
    const start = row * job.width + x;
    for (let at = start; at < start + width; at++, i++) {
      const pixel = ((screen[at] as number) | 0xff00_0000) >>> 0;
      strip[i] = job.mask[at] === 0 ? pixel : marked(pixel);
    }
  }
}

type Kind = 'palette' | 'copy' | 'photo';

interface Columns {
  readonly left: number;
  readonly right: number;
}

/** Where in the strip the tiles from number `start` to before `end` stand. */
function columnsOf(rectangle: Rectangle, start: number, end: number): Columns {
  return { left: start * TILE_SIDE, right: Math.min(end * TILE_SIDE, rectangle.width) };
}

/** From tile `start` of the strip, as many tiles as go the same way. Leaves the palette of a palette run. */
function nextRun(rectangle: Rectangle, start: number, lossless: boolean): { kind: Kind; end: number } {
  const tiles = Math.ceil(rectangle.width / TILE_SIDE);
  palette.clear();
  let end = start;
  for (let plain = true; end < tiles && addToPalette(rectangle, end); end++) {
    // Plain tiles before others make a fill of their own; behind others they cost the palette next to nothing.
    if (end > start && plain && palette.count > 1) {
      palette.count = 1;
      break;
    }
    plain = palette.count === 1;
  }
  if (end > start) return { kind: 'palette', end };
  if (lossless || !isPhoto(rectangle, start)) return { kind: 'copy', end: start + 1 };
  do {
    end++;
    palette.clear();
  } while (end < tiles && !addToPalette(rectangle, end) && isPhoto(rectangle, end));
  return { kind: 'photo', end };
}

function addToPalette(rectangle: Rectangle, tile: number): boolean {
  const { left, right } = columnsOf(rectangle, tile, tile + 1);
  return palette.add(strip, rectangle.width, rectangle.height, left, right);
}

/** Of a tile with more than 256 colours. */
function isPhoto(rectangle: Rectangle, tile: number): boolean {
  const { left, right } = columnsOf(rectangle, tile, tile + 1);
  const area = (right - left) * rectangle.height;
  if (area < JPEG_MIN_PIXELS) return false;
  let repeated = 0;
  for (let row = 0; row < rectangle.height; row++) {
    const start = row * rectangle.width;
    for (let at = start + left + 1; at < start + right; at++) if (strip[at] === strip[at - 1]) repeated++;
  }
  return repeated < PHOTO_MAX_REPEATED * area;
}

function writeRun(writer: TightWriter, whole: Rectangle, { left, right }: Columns, kind: Kind): void {
  const rectangle = { ...whole, x: whole.x + left, width: right - left };
  const area = rectangle.width * rectangle.height;
  if (kind === 'palette') {
    const colours = palette.colours.subarray(0, palette.count);
    if (palette.count === 1) writer.fill(rectangle, colours[0] as number);
    else writer.palette(rectangle, colours, cut(palette.indexes, whole, left, rectangle.width, new Uint8Array(area)));
    return;
  }
  const pixels = cut(strip, whole, left, rectangle.width, new Uint32Array(area));
  if (kind === 'copy') writer.copy(rectangle, pixels);
  else writer.jpeg(rectangle, encodeJpeg(rectangle, pixels));
}

/** The columns from `left` of a strip, without gaps, in `to`. */
function cut<T extends Uint8Array | Uint32Array>(from: T, whole: Rectangle, left: number, width: number, to: T): T {
  for (let row = 0; row < whole.height; row++) {
    const start = row * whole.width + left;
    to.set(from.subarray(start, start + width), row * width);
  }
  return to;
}

function encodeJpeg({ width, height }: Rectangle, pixels: Uint32Array): Uint8Array {
  // Assigning a size, even the same one, gives a canvas new memory.
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const bytes = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.length * 4);
  canvas.getContext('2d').putImageData(new ImageData(bytes, width, height), 0, 0);
  return canvas.encodeSync('jpeg', JPEG_QUALITY);
}
