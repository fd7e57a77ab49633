// The closed grammar of the frame lane (../profile.ts): what an agent says. Anything else ends the session.
//
//   0 FramebufferUpdate of Tight, ExtendedDesktopSize with one screen, VMware alpha cursor, and the announcements of
//     the QEMU extended key and of extended mouse buttons
//   2 Bell
//
// Whoever reads it says what becomes of the pictures: rfb/agent-messages.ts takes them in, web/core skips them, for noVNC
// draws them.
import { Refusal } from '../../codes.ts';
import { CURSOR_MAX_SIDE } from '../../limits.ts';
import { Encoding, ServerMessage } from '../profile.ts';
import type { Parse } from './parse.ts';
import {
  isResize,
  type RectangleHeader,
  readRectangleHeader,
  requireInside,
  requireScreenSize,
  type Size,
  SizeReason,
  type SizeReport,
  SizeStatus,
  sizeReport,
  viewOf,
} from './rectangle.ts';

/** The VMware cursor of bytes R, G, B, A. */
export const VMWARE_ALPHA = 1;

/** Called in the order of the stream. */
export interface FrameReader {
  /** Reads a Tight rectangle from its control byte on. It is not empty and lies within the screen as last reported. */
  tight(header: RectangleHeader): Parse<void>;
  /** Reads 4 * width * height bytes R, G, B, A; at most CURSOR_MAX_SIDE each way. */
  cursor(header: RectangleHeader): Parse<void>;
  /** If isResize(report): the screen has this size from now on. */
  sized(report: SizeReport): void;
  /** The agent understands this input extension: Encoding.qemuExtendedKey or extendedMouseButtons. */
  announced(encoding: number): void;
  /** A FramebufferUpdate is complete. */
  updated(): void;
  bell(): void;
}

/**
 * From the first byte of the lane.
 * @param initial the size that the agent's ready message said; not checked
 * @throws MALFORMED, MESSAGE_UNKNOWN
 */
export function* frameGrammar(initial: Size, reader: FrameReader): Parse<void> {
  let screen = initial;
  for (;;) {
    const type = (yield 1)[0] as number;
    switch (type) {
      case ServerMessage.framebufferUpdate:
        screen = yield* readUpdate(screen, reader);
        reader.updated();
        break;
      case ServerMessage.bell:
        reader.bell();
        break;
      default:
        throw new Refusal('MESSAGE_UNKNOWN', `rfb: message ${type} from the agent`);
    }
  }
}

/** @returns the size of the screen after the update */
function* readUpdate(before: Size, reader: FrameReader): Parse<Size> {
  let screen = before;
  const head = viewOf(yield 3);
  requireZero(head.getUint8(0));
  const count = head.getUint16(1);
  for (let i = 0; i < count; i++) {
    const header = yield* readRectangleHeader();
    switch (header.encoding) {
      case Encoding.tight:
        requireInside(header, screen);
        if (header.width * header.height === 0) throw new Refusal('MALFORMED', 'rfb: an empty rectangle');
        yield* reader.tight(header);
        break;
      case Encoding.extendedDesktopSize: {
        const report = yield* readSizeReport(header);
        if (isResize(report)) screen = { width: report.width, height: report.height };
        reader.sized(report);
        break;
      }
      case Encoding.vmwareCursor:
        yield* readCursorHead(header);
        yield* reader.cursor(header);
        break;
      case Encoding.qemuExtendedKey:
      case Encoding.extendedMouseButtons:
        requireZero(header.x + header.y + header.width + header.height);
        reader.announced(header.encoding);
        break;
      default:
        throw new Refusal('MESSAGE_UNKNOWN', `rfb: encoding ${header.encoding} from the agent`);
    }
  }
  return screen;
}

/** screens u8 = 1, padding 3; id u32 = 0, x u16 = 0, y u16 = 0, width u16, height u16, flags u32 = 0. */
function* readSizeReport(header: RectangleHeader): Parse<SizeReport> {
  const report = sizeReport(header);
  requireScreenSize(report);
  const view = viewOf(yield 20);
  const oneScreen = view.getUint32(0) === 0x0100_0000 && view.getUint32(4) === 0 && view.getUint32(8) === 0;
  const filled = view.getUint16(12) === report.width && view.getUint16(14) === report.height;
  if (!oneScreen || !filled) throw new Refusal('MALFORMED', 'rfb: one screen that fills the whole expected');
  requireZero(view.getUint32(16));
  if (report.reason > SizeReason.thisClient || report.status > SizeStatus.invalidLayout) {
    throw new Refusal('MALFORMED', `rfb: size with reason ${report.reason}, status ${report.status}`);
  }
  return report;
}

/** type u8 = 1, padding u8; R, G, B, A follow. */
function* readCursorHead(header: RectangleHeader): Parse<void> {
  if (Math.max(header.width, header.height) > CURSOR_MAX_SIDE) {
    throw new Refusal('MALFORMED', `rfb: a cursor of ${header.width}x${header.height}`);
  }
  const head = yield 2;
  if (head[0] !== VMWARE_ALPHA || head[1] !== 0) throw new Refusal('MALFORMED', 'rfb: not an alpha cursor');
}

/** Unused fields are zero, so that they carry nothing (T09). */
function requireZero(value: number): void {
  if (value !== 0) throw new Refusal('MALFORMED', 'rfb: an unused field is not zero');
}
