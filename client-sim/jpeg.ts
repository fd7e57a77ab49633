// Decodes the JPEG rectangles. The decoder behind it takes many formats and any size, so that what it is given is
// looked at first: nothing but a JPEG, and none larger than a screen (T14).
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { Refusal } from '#protocol/codes.ts';
import type { Size } from '#protocol/inner/screen/rectangle.ts';
import { SCREEN_MAX_PIXELS } from '#protocol/limits.ts';
import type { DecodeJpeg } from '#rfb/tight.ts';

const START_OF_IMAGE = 0xffd8;
/** Baseline, extended and progressive frames; ITU-T T.81 table B.1. */
const FRAME_MARKERS: ReadonlySet<number> = new Set([0xffc0, 0xffc1, 0xffc2]);
const START_OF_SCAN = 0xffda;

/**
 * The size in the frame header (ITU-T T.81 §B.2.2).
 * @throws MALFORMED for anything that is no JPEG or has no frame header before its first scan
 */
export function jpegSize(data: Uint8Array): Size {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length >= 2 && view.getUint16(0) === START_OF_IMAGE) {
    // A segment is marker u16, length u16 with itself counted, body
    for (let at = 2; at + 9 <= data.length; at += 2 + view.getUint16(at + 2)) {
      const marker = view.getUint16(at);
      if (FRAME_MARKERS.has(marker)) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
      if (marker < 0xff00 || marker === START_OF_SCAN) break;
    }
  }
  throw new Refusal('MALFORMED', 'jpeg: no frame header');
}

/** @throws MALFORMED; rejects with the decoder's error for a damaged one */
export const decodeJpeg: DecodeJpeg = async (data) => {
  const { width, height } = jpegSize(data);
  if (width * height === 0 || width * height > SCREEN_MAX_PIXELS) {
    throw new Refusal('MALFORMED', `jpeg: ${width}x${height}`);
  }
  const image = await loadImage(Buffer.from(data));
  const context = createCanvas(width, height).getContext('2d');
  context.drawImage(image, 0, 0);
  return { width, height, pixels: new Uint8Array(context.getImageData(0, 0, width, height).data) };
};
