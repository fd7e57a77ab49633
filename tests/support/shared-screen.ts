// Screens in shared memory for the encoder's tests, and what the client must see of them.
import type { Screen } from '../../agent/desktop/desktop.ts';
import { type Mask, marked } from '../../agent/screen/watermark.ts';

/** A pixel as it stands in memory on a little-endian machine: 0xAABBGGRR. */
export type Paint = (x: number, y: number) => number;

export function sharedScreen(width: number, height: number, paint: Paint): Screen {
  const screen = { width, height, pixels: new Uint8Array(new SharedArrayBuffer(width * height * 4)) };
  repaint(screen, paint);
  return screen;
}

export function repaint({ width, height, pixels }: Screen, paint: Paint): void {
  const words = new Uint32Array(pixels.buffer);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) words[y * width + x] = paint(x, y) | 0xff00_0000;
}

/** f(desktop): the screen as the mask lets it out. */
export function throughMask({ width, height, pixels }: Screen, mask: Mask): Uint8Array {
  const words = new Uint32Array(pixels.buffer);
  const seen = Uint32Array.from({ length: width * height }, (_, i) => {
    const pixel = words[i] as number;
    return mask[i] === 1 ? marked(pixel) : pixel;
  });
  return new Uint8Array(seen.buffer);
}

/** The same numbers for the same seed. @returns 0 to 2^32 - 1 */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // xorshift32, with the weak low bits mixed away
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.imul(state | 1, 0x9e37_79b1) >>> 0;
  };
}

/** Exactly `count` colours, if there are so many pixels, in random places. */
export function randomColours(count: number, seed: number): Paint {
  const next = randomNumbers(seed + 1);
  const base = next();
  // An odd step keeps the colours apart.
  const colours = Array.from({ length: count }, (_, i) => (base + Math.imul(i, 0x0001_9f3d)) & 0xff_ffff);
  let painted = 0;
  return () => colours[painted < count ? painted++ : next() % count] as number;
}

/** Smooth with a little noise, like a photograph. */
export function photo(seed: number): Paint {
  const next = randomNumbers(seed + 1);
  return (x, y) => {
    const light = 120 + 50 * Math.sin(x / 37) + 40 * Math.cos(y / 23 + x / 91);
    const noise = (next() % 9) - 4;
    const [r, g, b] = [light + noise, 0.8 * light + 20 + noise, 190 - 0.5 * light + noise].map(Math.round);
    return (r as number) | ((g as number) << 8) | ((b as number) << 16);
  };
}

/** Peak signal to noise of R, G and B together, in dB; Infinity if they are equal. */
export function psnr(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) if (i % 4 !== 3) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return 10 * Math.log10((255 * 255) / (sum / ((a.length / 4) * 3)));
}
