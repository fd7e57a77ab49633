// What the client sees, as a PNG. Written only when asked for: a screenshot is the one thing this client leaves behind.
import { dirname } from 'node:path';
import { createCanvas, ImageData } from '@napi-rs/canvas';
import { makePrivateFolder } from '#platform/process/private-folder.ts';
import { writePrivate } from './credentials.ts';

interface Picture {
  width: number;
  height: number;
  /** R, G, B, 255 */
  pixels: Uint8Array;
}

/** Writes whole or not at all, for its owner alone. @throws Failure naming the path */
export function writeScreenshot(path: string, { width, height, pixels }: Picture): void {
  const canvas = createCanvas(width, height);
  canvas.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(pixels), width, height), 0, 0);
  makePrivateFolder(dirname(path));
  writePrivate(path, canvas.toBuffer('image/png'));
}
