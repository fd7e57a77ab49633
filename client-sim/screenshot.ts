// What the client sees, as a PNG. Written only when asked for: a screenshot is the one thing this client leaves behind.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createCanvas, ImageData } from '@napi-rs/canvas';
import { Failure } from '#platform/process/exit.ts';

interface Picture {
  width: number;
  height: number;
  /** R, G, B, 255 */
  pixels: Uint8Array;
}

/** Writes whole or not at all. @throws Failure naming the path */
export function writeScreenshot(path: string, { width, height, pixels }: Picture): void {
  const canvas = createCanvas(width, height);
  canvas.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(pixels), width, height), 0, 0);
  const unfinished = `${path}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(unfinished, canvas.toBuffer('image/png'), { mode: 0o600 });
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new Failure(`${path}: the screenshot cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
}
