// Comparing what a client shows with what it must show.
import { expect } from 'vitest';
import { type Mask, marked, type Watermark } from '#agent/screen/watermark.ts';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** R, G, B, 255; 4 * width bytes a row. */
  readonly pixels: Uint8Array;
}

/** f(desktop): the desktop's picture as the watermark lets it out. */
export function through(mask: Mask, { width, height, pixels }: Picture): Picture {
  const words = new Uint32Array(pixels.slice().buffer);
  for (const [i, pixel] of words.entries()) if (mask[i] === 1) words[i] = marked(pixel);
  return { width, height, pixels: new Uint8Array(words.buffer) };
}

/** Where two pictures of one size differ, for people: null if nowhere. */
export function difference(a: Picture, b: Picture): string | null {
  if (a.width !== b.width || a.height !== b.height) return `${a.width}x${a.height} and ${b.width}x${b.height}`;
  if (Buffer.compare(a.pixels, b.pixels) === 0) return null;
  let count = 0;
  let [left, top, right, bottom] = [a.width, a.height, 0, 0];
  for (let i = 0; i < a.pixels.length; i += 4) {
    if ([0, 1, 2, 3].every((channel) => a.pixels[i + channel] === b.pixels[i + channel])) continue;
    const [x, y] = [(i / 4) % a.width, Math.floor(i / 4 / a.width)];
    count++;
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
  }
  return `${count} pixels between ${left},${top} and ${right},${bottom}`;
}

/**
 * @param shown a client's picture
 * @param desktops what the desktop may look like at this moment: a caret may be shown or not
 */
export function expectThroughWatermark(shown: Picture, watermarks: readonly Watermark[], desktops: readonly Picture[]) {
  const differences = watermarks.flatMap((watermark) => {
    const mask = watermark.lay(shown.width, shown.height);
    return desktops.map((desktop) => {
      const same = desktop.width === shown.width && desktop.height === shown.height;
      return difference(shown, same ? through(mask, desktop) : desktop);
    });
  });
  if (!differences.includes(null)) expect(differences).toContain(null);
}
