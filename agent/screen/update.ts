// The bytes of a FramebufferUpdate that are not pixels (RFC 6143 §7.6.1 and the rfbproto extensions).
import { type Bytes, Writer } from '#protocol/bytes.ts';
import { Encoding, ServerMessage } from '#protocol/inner/profile.ts';
import { VMWARE_ALPHA } from '#protocol/inner/screen/frame-grammar.ts';
import type { SizeReport } from '#protocol/inner/screen/rectangle.ts';
import { CURSOR_MAX_SIDE } from '#protocol/limits.ts';
import type { Cursor } from '../desktop/desktop.ts';

/** Comes before `rectangles` whole rectangles. */
export function updateHeader(rectangles: number): Bytes {
  return new Writer().u8(ServerMessage.framebufferUpdate).u8(0).u16(rectangles).done();
}

export function bellMessage(): Bytes {
  return Uint8Array.of(ServerMessage.bell);
}

/** One screen, number 0, that fills the whole. */
export function sizeRectangle({ width, height, reason, status }: SizeReport): Bytes {
  return header(reason, status, width, height, Encoding.extendedDesktopSize)
    .u32(0x0100_0000) // number of screens u8, padding
    .u32(0)
    .u16(0)
    .u16(0)
    .u16(width)
    .u16(height)
    .u32(0)
    .done();
}

/** "Send me physical key codes, and the buttons back and forward." Two rectangles without content. */
export const INPUT_ANNOUNCEMENTS: readonly Bytes[] = [Encoding.qemuExtendedKey, Encoding.extendedMouseButtons].map(
  (encoding) => header(0, 0, 0, 0, encoding).done(),
);

/** Hides the client's pointer. */
export const NO_CURSOR: Cursor = { width: 0, height: 0, hotX: 0, hotY: 0, rgba: new Uint8Array(0) };

/**
 * A cursor goes to the client as it is, so its size is bounded: an unlimited one would be a picture without a watermark.
 * A desktop draws larger ones into its screen; one that reaches this place is sent as none.
 */
export function cursorRectangle(cursor: Cursor): Bytes {
  const fits = Math.max(cursor.width, cursor.height) <= CURSOR_MAX_SIDE;
  const { width, height, hotX, hotY, rgba } = fits ? cursor : NO_CURSOR;
  return header(hotX, hotY, width, height, Encoding.vmwareCursor)
    .u8(VMWARE_ALPHA)
    .u8(0)
    .bytes(rgba.subarray(0, width * height * 4))
    .done();
}

function header(x: number, y: number, width: number, height: number, encoding: number): Writer {
  return new Writer().u16(x).u16(y).u16(width).u16(height).u32(encoding);
}
