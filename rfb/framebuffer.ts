// A picture in memory and the few ways in which rectangles get into it. Nothing here checks a rectangle: the grammars
// (agent-messages.ts, desktop-messages.ts) have refused every one that does not lie within the screen.
import type { Region } from '#protocol/inner/screen/rectangle.ts';

/** `pixels` holds R, G, B, 255 for each pixel, 4 * width bytes a row, without gaps. */
export interface Framebuffer {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** A black one. */
export function createFramebuffer(width: number, height: number): Framebuffer {
  const pixels = new Uint8Array(width * height * 4);
  for (let i = 3; i < pixels.length; i += 4) pixels[i] = 255;
  return { width, height, pixels };
}

/**
 * Writes rows of pixels as they come in our one pixel format (32 bit, shifts 0/8/16): R, G, B and a byte without a
 * meaning, which becomes 255.
 * @param data 4 * region.width * region.height bytes
 */
export function applyPixels(target: Framebuffer, region: Region, data: Uint8Array): void {
  const rowBytes = region.width * 4;
  for (let row = 0; row < region.height; row++) {
    const at = ((region.y + row) * target.width + region.x) * 4;
    target.pixels.set(data.subarray(row * rowBytes, (row + 1) * rowBytes), at);
    for (let i = at + 3; i < at + rowBytes; i += 4) target.pixels[i] = 255;
  }
}

/** Moves what stood at (fromX, fromY) to `region`; the two may overlap. */
export function applyCopy(target: Framebuffer, region: Region, fromX: number, fromY: number): void {
  const rowBytes = region.width * 4;
  for (let i = 0; i < region.height; i++) {
    // Downwards the last row goes first, so that no row is overwritten before it is read.
    const row = fromY < region.y ? region.height - 1 - i : i;
    const from = ((fromY + row) * target.width + fromX) * 4;
    target.pixels.copyWithin(((region.y + row) * target.width + region.x) * 4, from, from + rowBytes);
  }
}

/** @param rgb three bytes */
export function applyFill(target: Framebuffer, region: Region, rgb: Uint8Array): void {
  const row = new Uint8Array(region.width * 4).fill(255);
  for (let i = 0; i < row.length; i += 4) row.set(rgb, i);
  for (let y = region.y; y < region.y + region.height; y++) target.pixels.set(row, (y * target.width + region.x) * 4);
}
