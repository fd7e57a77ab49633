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
import { TILE_SIDE } from './tiles.ts';
import { type Mask, marked } from './watermark.ts';

export interface EncodeJob {
  /** Of the screen. */
  readonly width: number;
  readonly height: number;
  /** The desktop's picture (see Screen.pixels); it may change while it is read. */
  readonly pixels: Uint8Array;
  readonly mask: Mask;
  /** What to encode: each a tile or a part of one, in ascending order of the tiles. */
  readonly areas: readonly Rectangle[];
  /** No JPEG, whatever the content. */
  readonly lossless: boolean;
}

export interface Encoded {
  /** Whole rectangles, ready to follow the header of a FramebufferUpdate. */
  readonly bytes: Bytes;
  readonly rectangles: number;
  /** For each area of the job: it went as JPEG. */
  readonly lossy: readonly boolean[];
}

/** Areas that are looked at together: 512 columns, of Tight's 2,048. Measured: 16 save another 5 % at most. */
const STRIP_MAX_AREAS = 8;
/** An area in which fewer pixels than this repeat the one on their left is a photo: text and drawings have flat parts. */
const PHOTO_MAX_REPEATED = 0.25;
/** Below this size a JPEG's tables outweigh what it saves. */
const JPEG_MIN_PIXELS = 1024;
const JPEG_QUALITY = 85;

// Reused from strip to strip; a worker encodes one job at a time.
const STRIP_MAX_PIXELS = STRIP_MAX_AREAS * TILE_SIDE * TILE_SIDE;
const pixels = new Uint32Array(STRIP_MAX_PIXELS);
const palette = new Palette(STRIP_MAX_PIXELS);
const canvas = createCanvas(TILE_SIDE, TILE_SIDE);

/** Areas side by side, read and marked: together they are `rectangle`. */
interface Strip {
  readonly rectangle: Rectangle;
  /** Where each area begins, counted from the strip's left edge, and behind them where the last one ends. */
  readonly edges: readonly number[];
}

/** @throws RangeError for an area outside the screen */
export function encodeAreas(job: EncodeJob): Encoded {
  const writer = new TightWriter();
  const lossy: boolean[] = [];
  for (const areas of stripsOf(job.areas)) {
    const strip = readMarked(job, areas);
    for (let start = 0; start < areas.length; ) {
      const run = nextRun(strip, start, job.lossless);
      for (let i = start; i < run.end; i++) lossy.push(run.kind === 'photo');
      writeRun(writer, strip, start, run);
      start = run.end;
    }
  }
  return { bytes: writer.bytes(), rectangles: writer.rectangles, lossy };
}

/** The areas as groups that stand side by side. */
function stripsOf(areas: readonly Rectangle[]): Rectangle[][] {
  const strips: Rectangle[][] = [];
  for (const area of areas) {
    const open = strips.at(-1);
    const left = open?.at(-1);
    const follows = left && left.x + left.width === area.x && left.y === area.y && left.height === area.height;
    if (open && follows && open.length < STRIP_MAX_AREAS) open.push(area);
    else strips.push([area]);
  }
  return strips;
}

/**
 * The one place where pixels leave the screen: each is read once, since the desktop may be drawing, and none comes out
 * without having passed the mask.
 */
function readMarked(job: EncodeJob, areas: readonly Rectangle[]): Strip {
  const edges = [0];
  for (const area of areas) edges.push((edges.at(-1) as number) + area.width);
  const { x, y, height } = areas[0] as Rectangle;
  const width = edges.at(-1) as number;
  if (!(x >= 0 && y >= 0 && x + width <= job.width && y + height <= job.height)) throw new RangeError('off the screen');
  const screen = new Uint32Array(job.pixels.buffer, job.pixels.byteOffset, job.width * job.height);
  for (let row = y, i = 0; row < y + height; row++) {
    const start = row * job.width + x;
    for (let at = start; at < start + width; at++, i++) {
      const pixel = ((screen[at] as number) | 0xff00_0000) >>> 0;
      pixels[i] = job.mask[at] === 0 ? pixel : marked(pixel);
    }
  }
  return { rectangle: { x, y, width, height }, edges };
}

/** Areas of a strip that share a rectangle, up to before the area `end`. */
interface Run {
  readonly kind: 'palette' | 'copy' | 'photo';
  readonly end: number;
}

/** From the area `start` of the strip, as many as go the same way. Leaves the palette of a palette run. */
function nextRun(strip: Strip, start: number, lossless: boolean): Run {
  const areas = strip.edges.length - 1;
  palette.clear();
  let end = start;
  for (let plain = true; end < areas && addToPalette(strip, end); end++) {
    // Plain areas before others make a fill of their own; behind others they cost the palette next to nothing.
    if (end > start && plain && palette.count > 1) {
      palette.count = 1;
      break;
    }
    plain = palette.count === 1;
  }
  if (end > start) return { kind: 'palette', end };
  if (lossless || !isPhoto(strip, start)) return { kind: 'copy', end: start + 1 };
  do {
    end++;
    palette.clear();
  } while (end < areas && !addToPalette(strip, end) && isPhoto(strip, end));
  return { kind: 'photo', end };
}

function addToPalette({ rectangle, edges }: Strip, area: number): boolean {
  return palette.add(pixels, rectangle.width, rectangle.height, edges[area] as number, edges[area + 1] as number);
}

/** Of an area with more than 256 colours. */
function isPhoto({ rectangle, edges }: Strip, area: number): boolean {
  const [left, right] = [edges[area] as number, edges[area + 1] as number];
  const size = (right - left) * rectangle.height;
  if (size < JPEG_MIN_PIXELS) return false;
  let repeated = 0;
  for (let row = 0; row < rectangle.height; row++) {
    const start = row * rectangle.width;
    for (let at = start + left + 1; at < start + right; at++) if (pixels[at] === pixels[at - 1]) repeated++;
  }
  return repeated < PHOTO_MAX_REPEATED * size;
}

function writeRun(writer: TightWriter, { rectangle: whole, edges }: Strip, start: number, { kind, end }: Run): void {
  const left = edges[start] as number;
  const rectangle = { ...whole, x: whole.x + left, width: (edges[end] as number) - left };
  const size = rectangle.width * rectangle.height;
  if (kind === 'palette') {
    const colours = palette.colours.subarray(0, palette.count);
    if (palette.count === 1) writer.fill(rectangle, colours[0] as number);
    else writer.palette(rectangle, colours, cut(palette.indexes, whole, left, rectangle.width, new Uint8Array(size)));
    return;
  }
  const part = cut(pixels, whole, left, rectangle.width, new Uint32Array(size));
  if (kind === 'copy') writer.copy(rectangle, part);
  else writer.jpeg(rectangle, encodeJpeg(rectangle, part));
}

/** The columns from `left` of a strip, without gaps, in `to`. */
function cut<T extends Uint8Array | Uint32Array>(from: T, whole: Rectangle, left: number, width: number, to: T): T {
  for (let row = 0; row < whole.height; row++) {
    const start = row * whole.width + left;
    to.set(from.subarray(start, start + width), row * width);
  }
  return to;
}

function encodeJpeg({ width, height }: Rectangle, part: Uint32Array<ArrayBuffer>): Uint8Array {
  // Assigning a size, even the same one, gives a canvas new memory.
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const bytes = new Uint8ClampedArray(part.buffer, part.byteOffset, part.length * 4);
  canvas.getContext('2d').putImageData(new ImageData(bytes, width, height), 0, 0);
  return canvas.encodeSync('jpeg', JPEG_QUALITY);
}
