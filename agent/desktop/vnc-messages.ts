// What the agent says to a VNC server after the greeting (RFC 6143 §7.5, and the community specification for 251 and
// 255). There is no ClientCutText here (T10).
import { type Bytes, Writer } from '#protocol/bytes.ts';
import { ClientMessage, Encoding, PIXEL_FORMAT } from '#protocol/inner/profile.ts';
import type { Size } from '#rfb/rectangle.ts';

const SET_PIXEL_FORMAT = 0;
const SET_ENCODINGS = 2;
const QEMU_EXTENDED_KEY = 0;
/** The buttons that a PointerEvent of RFC 6143 has without ambiguity; beyond come back and forward. */
const PLAIN_BUTTONS = 0x7f;
const POINTER_EXTENDED = 0x80;

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

/** One screen, number 0, that fills the whole. */
export const setDesktopSize = (width: number, height: number): Bytes =>
  new Writer()
    .u8(ClientMessage.setDesktopSize)
    .u8(0)
    .u16(width)
    .u16(height)
    .u8(1)
    .u8(0)
    .u32(0)
    .u16(0)
    .u16(0)
    .u16(width)
    .u16(height)
    .u32(0)
    .done();

export const keyEvent = (down: boolean, keysym: number): Bytes =>
  new Writer().u8(ClientMessage.keyEvent).u8(Number(down)).u16(0).u32(keysym).done();

export const qemuKeyEvent = (down: boolean, keysym: number, code: number): Bytes =>
  new Writer().u8(ClientMessage.qemu).u8(QEMU_EXTENDED_KEY).u16(Number(down)).u32(keysym).u32(code).done();

/** @param extended whether the server knows the form with nine buttons; without it back and forward are left out */
export function pointerEvent(buttons: number, x: number, y: number, extended: boolean): Bytes {
  const far = extended && buttons > PLAIN_BUTTONS;
  const writer = new Writer().u8(ClientMessage.pointerEvent);
  writer
    .u8((buttons & PLAIN_BUTTONS) | (far ? POINTER_EXTENDED : 0))
    .u16(x)
    .u16(y);
  return (far ? writer.u8(buttons >> 7) : writer).done();
}
