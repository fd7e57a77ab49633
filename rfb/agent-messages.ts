// The closed grammar: what an agent says on the frame lane (protocol/inner/profile.ts). Anything else ends the session.
//
//   0 FramebufferUpdate of Tight, ExtendedDesktopSize with one screen, VMware alpha cursor, and the announcements of
//     the QEMU extended key and of extended mouse buttons
//   2 Bell
import { Refusal } from '#protocol/codes.ts';
import { Encoding, ServerMessage } from '#protocol/inner/profile.ts';
import { CURSOR_MAX_SIDE } from '#protocol/limits.ts';
import { type CursorPicture, readAlphaCursor, VMWARE_ALPHA } from './cursor.ts';
import type { Region } from './framebuffer.ts';
import { IncrementalParser, type Parse } from './parse.ts';
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
import { readTight, type TightContents } from './tight.ts';

/** Called in the order of the stream. Every region is not empty and lies within the screen as last reported. */
export interface AgentHandler {
  /** A promise returned is awaited before anything further is read (see drawTight). */
  tight(region: Region, contents: TightContents): void | Promise<void>;
  /** If isResize(report): the screen has this size from now on. */
  sized(report: SizeReport): void;
  /** At most CURSOR_MAX_SIDE each way. */
  cursor(cursor: CursorPicture): void;
  /** The agent understands this input extension: Encoding.qemuExtendedKey or extendedMouseButtons. */
  announced(encoding: number): void;
  /** A FramebufferUpdate is complete and drawn: one more to acknowledge as drawn. */
  updated(): void;
  bell(): void;
}

/** Reads the frame lane from its first byte. */
export class AgentMessages {
  readonly #parser: IncrementalParser;

  /** @param screen the size that the agent's ready message said. @throws MALFORMED if that is too large */
  constructor(screen: Size, handler: AgentHandler) {
    requireScreenSize(screen);
    this.#parser = new IncrementalParser(agentGrammar(screen, handler));
  }

  /**
   * Calls may be made without waiting for the earlier ones; waiting is what keeps memory bounded.
   * @returns rejects with MALFORMED or MESSAGE_UNKNOWN, or with what the handler threw as a Refusal
   */
  push(chunk: Uint8Array): Promise<void> {
    return this.#parser.push(chunk);
  }
}

function* agentGrammar(initial: Size, handler: AgentHandler): Parse<void> {
  let screen = initial;
  for (;;) {
    const type = (yield 1)[0] as number;
    switch (type) {
      case ServerMessage.framebufferUpdate:
        screen = yield* readUpdate(screen, handler);
        handler.updated();
        break;
      case ServerMessage.bell:
        handler.bell();
        break;
      default:
        throw new Refusal('MESSAGE_UNKNOWN', `rfb: message ${type} from the agent`);
    }
  }
}

/** @returns the size of the screen after the update */
function* readUpdate(before: Size, handler: AgentHandler): Parse<Size> {
  let screen = before;
  const head = viewOf(yield 3);
  requireZero(head.getUint8(0));
  const count = head.getUint16(1);
  for (let i = 0; i < count; i++) {
    const header = yield* readRectangleHeader();
    switch (header.encoding) {
      case Encoding.tight: {
        requireInside(header, screen);
        if (header.width * header.height === 0) throw new Refusal('MALFORMED', 'rfb: an empty rectangle');
        const drawn = handler.tight(header, yield* readTight(header));
        if (drawn) yield drawn;
        break;
      }
      case Encoding.extendedDesktopSize: {
        const report = yield* readSizeReport(header);
        if (isResize(report)) screen = { width: report.width, height: report.height };
        handler.sized(report);
        break;
      }
      case Encoding.vmwareCursor:
        handler.cursor(yield* readCursor(header));
        break;
      case Encoding.qemuExtendedKey:
      case Encoding.extendedMouseButtons:
        requireZero(header.x + header.y + header.width + header.height);
        handler.announced(header.encoding);
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

/** type u8 = 1, padding u8, then R, G, B, A. */
function* readCursor(header: RectangleHeader): Parse<CursorPicture> {
  if (Math.max(header.width, header.height) > CURSOR_MAX_SIDE) {
    throw new Refusal('MALFORMED', `rfb: a cursor of ${header.width}x${header.height}`);
  }
  const head = yield 2;
  if (head[0] !== VMWARE_ALPHA || head[1] !== 0) throw new Refusal('MALFORMED', 'rfb: not an alpha cursor');
  return yield* readAlphaCursor(header);
}

/** Unused fields are zero, so that they carry nothing (T09). */
function requireZero(value: number): void {
  if (value !== 0) throw new Refusal('MALFORMED', 'rfb: an unused field is not zero');
}
