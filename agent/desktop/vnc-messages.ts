// What only the agent says to a VNC server after the greeting (RFC 6143 §7.5): which picture it wants, and when. Input
// and sizes go on as protocol/inner/profile.ts has them. There is no ClientCutText here (T10).
import { type Bytes, Writer } from '#protocol/bytes.ts';
import { ClientMessage, Encoding, PIXEL_FORMAT } from '#protocol/inner/profile.ts';
import type { Size } from '#protocol/inner/screen/rectangle.ts';

const SET_PIXEL_FORMAT = 0;
const SET_ENCODINGS = 2;

export const setPixelFormat = (): Bytes => new Writer().u8(SET_PIXEL_FORMAT).u8(0).u16(0).bytes(PIXEL_FORMAT).done();

/** Raw and CopyRect only: on a local socket nothing is won by more. Order is preference. */
const PICTURE = [
  Encoding.copyRect,
  Encoding.raw,
  Encoding.extendedDesktopSize,
  Encoding.desktopSize,
  Encoding.lastRect,
  Encoding.qemuExtendedKey,
  Encoding.extendedMouseButtons,
];
const POINTER = [Encoding.vmwareCursor, Encoding.cursor];

/** @param pointer whether the pointer's picture comes apart; if not, the server draws it into the screen */
export function setEncodings(pointer: boolean): Bytes {
  const encodings = pointer ? [...PICTURE, ...POINTER] : PICTURE;
  const writer = new Writer().u8(SET_ENCODINGS).u8(0).u16(encodings.length);
  for (const encoding of encodings) writer.u32(encoding >>> 0);
  return writer.done();
}

/** @param incremental only what has changed since the last update */
export const updateRequest = ({ width, height }: Size, incremental: boolean): Bytes =>
  new Writer()
    .u8(ClientMessage.framebufferUpdateRequest)
    .u8(Number(incremental))
    .u16(0)
    .u16(0)
    .u16(width)
    .u16(height)
    .done();
