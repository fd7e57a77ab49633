// The watermark: a 1-bit mask and a fixed map per pixel, without blending, so that equality can be tested. It names who
// looks, so that a photograph of the screen names them too. Every pixel that leaves the agent has passed marked() where
// the mask says so; no option, message or policy turns it off.
import { createRequire } from 'node:module';
import { createCanvas, GlobalFonts } from '@napi-rs/canvas';
import { Refusal } from '#protocol/codes.ts';

/** One byte a pixel, 0 or 1, `width` bytes a row, in shared memory so that encoder workers need no copy. */
export type Mask = Uint8Array<SharedArrayBuffer>;

/** The text comes again at least this often, each way: a region of this size cannot miss it. */
export const PERIOD_WIDTH = 400;
const PERIOD_HEIGHT = 200;
const MARGIN = 12;
const FONT_PIXELS = 17;
const LINE_PIXELS = 24;
const FONT = 'telework-watermark';

/**
 * What a masked pixel looks like: each channel 40 darker if it is 128 or more, else 40 lighter. So the mark shows on
 * every background, a palette at most doubles, and a test can compute the client's picture from the desktop's.
 * @param pixel 0xAABBGGRR, that is R, G, B, A in memory on a little-endian machine
 */
export function marked(pixel: number): number {
  // 0x01 in each channel that is bright. No channel over- or underflows, so one sum serves all three.
  const bright = (pixel >>> 7) & 0x0001_0101;
  return (pixel + 0x0028_2828 - 80 * bright) >>> 0;
}

/** Text turned into pixels once, to be laid over screens of any size. */
export class Watermark {
  readonly #height: number;
  /** PERIOD_WIDTH × #height bytes, 0 or 1. */
  readonly #stamp: Uint8Array;

  /**
   * @param lines what the mark says; a line that is too long goes on in the next one
   * @throws INTERNAL for a mark that would not show: no text, or no font to draw it with
   */
  constructor(lines: readonly string[]) {
    const wrapped = lines.filter((line) => line.trim() !== '').flatMap(wrap);
    this.#height = Math.max(PERIOD_HEIGHT, wrapped.length * LINE_PIXELS + 2 * MARGIN);
    this.#stamp = drawStamp(wrapped, this.#height);
    if (wrapped.length === 0 || !this.#stamp.includes(1)) throw new Refusal('INTERNAL', 'the watermark is empty');
  }

  /** Repeats the text over a whole screen, every other row of it shifted by half a period, so that no strip is free. */
  lay(width: number, height: number): Mask {
    const mask = new Uint8Array(new SharedArrayBuffer(width * height));
    for (let y = 0; y < height; y++) {
      const period = Math.floor(y / this.#height);
      const row = (y % this.#height) * PERIOD_WIDTH;
      const stampRow = this.#stamp.subarray(row, row + PERIOD_WIDTH);
      for (let x = period % 2 === 0 ? 0 : -PERIOD_WIDTH / 2; x < width; x += PERIOD_WIDTH) {
        const visible = stampRow.subarray(Math.max(0, -x), Math.min(PERIOD_WIDTH, width - x));
        mask.set(visible, y * width + Math.max(0, x));
      }
    }
    return mask;
  }
}

function useFont(context: { font: string }): void {
  if (!GlobalFonts.has(FONT)) {
    const path = '@expo-google-fonts/noto-sans-jp/500Medium/NotoSansJP_500Medium.ttf';
    GlobalFonts.registerFromPath(createRequire(import.meta.url).resolve(path), FONT);
  }
  context.font = `${FONT_PIXELS}px ${FONT}`;
}

function wrap(line: string): string[] {
  const context = createCanvas(1, 1).getContext('2d');
  useFont(context);
  const lines: string[] = [];
  let current = '';
  for (const character of line) {
    if (current && context.measureText(current + character).width > PERIOD_WIDTH - 2 * MARGIN) {
      lines.push(current);
      current = '';
    }
    current += character;
  }
  return [...lines, current];
}

/** Thresholded, so that there is no antialiasing: a pixel is masked or it isn't. */
function drawStamp(lines: readonly string[], height: number): Uint8Array {
  const context = createCanvas(PERIOD_WIDTH, height).getContext('2d');
  useFont(context);
  context.textBaseline = 'top';
  for (const [i, line] of lines.entries()) context.fillText(line, MARGIN, MARGIN + i * LINE_PIXELS);
  const { data } = context.getImageData(0, 0, PERIOD_WIDTH, height);
  return Uint8Array.from({ length: PERIOD_WIDTH * height }, (_, i) => ((data[i * 4 + 3] as number) >= 128 ? 1 : 0));
}
