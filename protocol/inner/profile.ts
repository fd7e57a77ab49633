// RFB after the greeting, as it travels inside the lanes: the closed grammar of the session. RFB's own messages, so that
// the frame lane feeds an RFB client as it is; everything that RFB could say beyond these does not exist here (T10).
//
//   frame    agent → client   FramebufferUpdate (0), Bell (2); one byte stream, cut anywhere into records
//   input    client → agent   KeyEvent (4), QEMU extended key (255/0), PointerEvent (5); one message a record, 16 bytes
//   control  client → agent   FramebufferUpdateRequest (3), SetDesktopSize (251); one message a record, 32 bytes
//   control  both ways        key-update (240, ours): the channel's own
//
// There is no message 6 (ClientCutText) and no message 3 of a server (ServerCutText): no clipboard can be expressed.
// Sources: RFC 6143; the community RFB specification for the extensions.
import { type Bytes, Reader, Writer } from '../bytes.ts';
import { Refusal } from '../codes.ts';
import { CONTROL_PLAINTEXT_BYTES, INPUT_PLAINTEXT_BYTES } from '../limits.ts';

/** Encodings and pseudo-encodings of the frame lane. Raw and CopyRect come from desktops only, never go to a client. */
export const Encoding = {
  raw: 0,
  copyRect: 1,
  tight: 7,
  desktopSize: -223,
  lastRect: -224,
  cursor: -239,
  qemuExtendedKey: -258,
  extendedDesktopSize: -308,
  extendedMouseButtons: -316,
  vmwareCursor: 0x574d5664,
} as const;

/** Message types as the first byte says them. */
export const ServerMessage = { framebufferUpdate: 0, bell: 2 } as const;
export const ClientMessage = {
  framebufferUpdateRequest: 3,
  keyEvent: 4,
  pointerEvent: 5,
  keyUpdate: 240,
  setDesktopSize: 251,
  qemu: 255,
} as const;

/** The one pixel format: 32 bits, depth 24, little endian, true colour, maxima 255, shifts 0/8/16; bytes R, G, B, unused. */
export const PIXEL_FORMAT: Bytes = Uint8Array.of(32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 0, 8, 16, 0, 0, 0);

export type InputEvent =
  | { type: 'key'; down: boolean; keysym: number }
  /** `code` is the XT scan code of the physical key; keysym is 0 while the client's input method is on. */
  | { type: 'physical-key'; down: boolean; keysym: number; code: number }
  /** Nine bits of buttons: left, middle, right, four wheel directions, back, forward. */
  | { type: 'pointer'; buttons: number; x: number; y: number };

export type ControlMessage =
  | { type: 'refresh' }
  | { type: 'desktop-size'; width: number; height: number }
  | { type: 'key-update' };

const QEMU_EXTENDED_KEY = 0;
/** In an extended PointerEvent this bit of the first mask is set and a second mask (back, forward) ends the message. */
const POINTER_EXTENDED = 0x80;
const BUTTONS_MAX = 0x1ff;
/** The buttons that a PointerEvent of RFC 6143 has without ambiguity; beyond come back and forward. */
export const PLAIN_BUTTONS = 0x7f;
/** A refresh is the whole screen, whatever its size. */
const WHOLE = 0xffff;

/** @returns one RFB message, as it also goes to a desktop: without padding */
export function inputMessage(event: InputEvent): Bytes {
  const writer = new Writer();
  switch (event.type) {
    case 'key':
      writer.u8(ClientMessage.keyEvent).u8(Number(event.down)).u16(0).u32(event.keysym);
      break;
    case 'physical-key':
      writer.u8(ClientMessage.qemu).u8(QEMU_EXTENDED_KEY).u16(Number(event.down)).u32(event.keysym).u32(event.code);
      break;
    case 'pointer': {
      const extended = event.buttons > PLAIN_BUTTONS;
      writer.u8(ClientMessage.pointerEvent).u8((event.buttons & PLAIN_BUTTONS) | (extended ? POINTER_EXTENDED : 0));
      writer.u16(event.x).u16(event.y);
      if (extended) writer.u8(event.buttons >> 7);
    }
  }
  return writer.done();
}

/** One screen, number 0, that fills the whole, without flags. @returns 24 bytes, as it also goes to a desktop */
export function desktopSizeMessage(width: number, height: number): Bytes {
  const writer = new Writer().u8(ClientMessage.setDesktopSize).u8(0).u16(width).u16(height).u8(1).u8(0);
  return writer.u32(0).u16(0).u16(0).u16(width).u16(height).u32(0).done();
}

/** @returns one RFB message, zero-padded to 16 bytes */
export function encodeInput(event: InputEvent): Bytes {
  return new Writer().bytes(inputMessage(event)).pad(INPUT_PLAINTEXT_BYTES).done();
}

/**
 * @param bytes exactly 16
 * @throws MALFORMED for another length, an impossible field or padding that is not zero; MESSAGE_UNKNOWN
 */
export function decodeInput(bytes: Uint8Array): InputEvent {
  const reader = new Reader(bytes, 'input');
  if (bytes.length !== INPUT_PLAINTEXT_BYTES) throw new Refusal('MALFORMED', `input of ${bytes.length} bytes`);
  const event = inputEvent(reader);
  reader.padding();
  return event;
}

function inputEvent(reader: Reader): InputEvent {
  const type = reader.u8();
  switch (type) {
    case ClientMessage.keyEvent: {
      const down = flag(reader.u8());
      zero(reader.u16());
      return { type: 'key', down, keysym: reader.u32() };
    }
    case ClientMessage.qemu: {
      if (reader.u8() !== QEMU_EXTENDED_KEY) throw new Refusal('MESSAGE_UNKNOWN', 'QEMU submessage');
      return { type: 'physical-key', down: flag(reader.u16()), keysym: reader.u32(), code: reader.u32() };
    }
    case ClientMessage.pointerEvent: {
      const mask = reader.u8();
      const [x, y] = [reader.u16(), reader.u16()];
      const buttons = mask & POINTER_EXTENDED ? (mask & 0x7f) | (reader.u8() << 7) : mask;
      if (buttons > BUTTONS_MAX) throw new Refusal('MALFORMED', 'input: more than nine buttons');
      return { type: 'pointer', buttons, x, y };
    }
    default:
      throw new Refusal('MESSAGE_UNKNOWN', `input message ${type}`);
  }
}

/** @returns one message, zero-padded to 32 bytes */
export function encodeControl(message: ControlMessage): Bytes {
  const writer = new Writer();
  switch (message.type) {
    case 'refresh':
      writer.u8(ClientMessage.framebufferUpdateRequest).u8(0).u16(0).u16(0).u16(WHOLE).u16(WHOLE);
      break;
    case 'desktop-size':
      writer.bytes(desktopSizeMessage(message.width, message.height));
      break;
    case 'key-update':
      writer.u8(ClientMessage.keyUpdate);
  }
  return writer.pad(CONTROL_PLAINTEXT_BYTES).done();
}

/**
 * Not checked: the direction, and whether a size is too large to grant. refresh and desktop-size are for the agent only; key-update never leaves the channel.
 * @param bytes exactly 32
 * @throws MALFORMED for another length, an impossible field or padding that is not zero; MESSAGE_UNKNOWN
 */
export function decodeControl(bytes: Uint8Array): ControlMessage {
  const reader = new Reader(bytes, 'control');
  if (bytes.length !== CONTROL_PLAINTEXT_BYTES) throw new Refusal('MALFORMED', `control of ${bytes.length} bytes`);
  const message = controlMessage(reader);
  reader.padding();
  return message;
}

function controlMessage(reader: Reader): ControlMessage {
  const type = reader.u8();
  switch (type) {
    case ClientMessage.framebufferUpdateRequest: {
      const whole = reader.u8() === 0 && reader.u32() === 0 && reader.u16() === WHOLE && reader.u16() === WHOLE;
      if (!whole) throw new Refusal('MALFORMED', 'control: a refresh of less than the whole screen');
      return { type: 'refresh' };
    }
    case ClientMessage.setDesktopSize: {
      zero(reader.u8());
      const [width, height] = [reader.u16(), reader.u16()];
      const screens = reader.u8();
      zero(reader.u8());
      zero(reader.u32() + reader.u16() + reader.u16());
      const filled = reader.u16() === width && reader.u16() === height;
      zero(reader.u32());
      if (screens !== 1 || !filled) throw new Refusal('MALFORMED', 'control: one screen that fills the whole expected');
      if (width * height === 0) throw new Refusal('MALFORMED', 'control: a desktop without an area');
      return { type: 'desktop-size', width, height };
    }
    case ClientMessage.keyUpdate:
      return { type: 'key-update' };
    default:
      throw new Refusal('MESSAGE_UNKNOWN', `control message ${type}`);
  }
}

function flag(value: number): boolean {
  if (value > 1) throw new Refusal('MALFORMED', 'input: neither up nor down');
  return value === 1;
}

/** Unused fields are zero, so that they carry nothing (T09). */
function zero(value: number): void {
  if (value !== 0) throw new Refusal('MALFORMED', 'an unused field is not zero');
}
