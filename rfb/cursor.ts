// The pointer's picture, in the two ways we ask for.
import type { Parse } from '#protocol/inner/screen/parse.ts';
import type { RectangleHeader } from '#protocol/inner/screen/rectangle.ts';

/** `rgba` holds 4 * width * height bytes with straight alpha. 0×0 means that no pointer is shown. */
export interface CursorPicture {
  readonly width: number;
  readonly height: number;
  readonly hotX: number;
  readonly hotY: number;
  readonly rgba: Uint8Array;
}

/** The rectangle's x and y are the hot spot; it is kept inside the picture. */
function picture(header: RectangleHeader, rgba: Uint8Array): CursorPicture {
  return {
    width: header.width,
    height: header.height,
    hotX: Math.min(header.x, Math.max(0, header.width - 1)),
    hotY: Math.min(header.y, Math.max(0, header.height - 1)),
    rgba,
  };
}

/** Pseudo-encoding −239 (RFC 6143 §7.8.1): pixels in our format, then a mask of one bit each in padded rows. */
export function* readMaskedCursor(header: RectangleHeader): Parse<CursorPicture> {
  const { width, height } = header;
  const rgba = (yield width * height * 4).slice();
  const rowBytes = Math.ceil(width / 8);
  const mask = yield rowBytes * height;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = ((mask[y * rowBytes + (x >> 3)] as number) >> (7 - (x & 7))) & 1;
      rgba[(y * width + x) * 4 + 3] = bit * 255;
    }
  }
  return picture(header, rgba);
}

/** The body of a VMware cursor of the alpha type: bytes R, G, B, A. */
export function* readAlphaCursor(header: RectangleHeader): Parse<CursorPicture> {
  return picture(header, (yield header.width * header.height * 4).slice());
}
