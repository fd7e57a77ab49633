// The tolerant grammar: what a desktop's VNC server says after ServerInit. Only pixels, size, pointer and bell are
// read; every other message of known length is skipped unread, never fatal, and there is no way to get it out (T10).
//
//   0 FramebufferUpdate, 2 Bell               read
//   1 SetColourMapEntries                     skipped: 6 bytes a colour
//   3 ServerCutText, also extended            skipped: as many bytes as it says, without storing them
//   150 EndOfContinuousUpdates, 248 fence, 250 xvp   skipped
//
// Ask the server for Raw, CopyRect and any of Cursor, VMware cursor, DesktopSize, ExtendedDesktopSize, LastRect, QEMU
// extended key and extended mouse buttons, and for PIXEL_FORMAT: nothing else can be read.

import { Refusal } from '#protocol/codes.ts';
import { Encoding, ServerMessage } from '#protocol/inner/profile.ts';
import { VMWARE_ALPHA } from '#protocol/inner/screen/frame-grammar.ts';
import { IncrementalParser, type Parse } from '#protocol/inner/screen/parse.ts';
import {
  isResize,
  type RectangleHeader,
  type Region,
  readRectangleHeader,
  requireInside,
  requireScreenSize,
  type Size,
  SizeReason,
  type SizeReport,
  SizeStatus,
  sizeReport,
  viewOf,
} from '#protocol/inner/screen/rectangle.ts';
import { type CursorPicture, readAlphaCursor, readMaskedCursor } from './cursor.ts';

/** Called in the order of the stream. Every region lies within the screen as last reported. */
export interface DesktopHandler {
  /**
   * Rows of a Raw rectangle, as soon as they are here: one rectangle comes in as many calls as its arrival needs.
   * `data` holds 4 * width * height bytes (see applyPixels) and is valid during the call only.
   */
  pixels(region: Region, data: Uint8Array): void;
  /** The region is to be filled with what stands at (fromX, fromY) (see applyCopy). */
  copy(region: Region, fromX: number, fromY: number): void;
  /** If isResize(report): the screen has this size from now on. In any case an answer to a SetDesktopSize. */
  sized(report: SizeReport): void;
  /** At most DESKTOP_CURSOR_MAX_SIDE each way; a larger one is reported as 0×0. */
  cursor(cursor: CursorPicture): void;
  /** The server understands this extension: Encoding.qemuExtendedKey, extendedMouseButtons or extendedDesktopSize. */
  announced(encoding: number): void;
  /** A FramebufferUpdate is complete: the moment to ask for the next. */
  updated(): void;
  bell(): void;
}

/** Some desktops draw large pointers; beyond this the pointer is not worth the memory. */
export const DESKTOP_CURSOR_MAX_SIDE = 256;

// Skipped messages, and the two answers that may come unasked
const SET_COLOUR_MAP_ENTRIES = 1;
const SERVER_CUT_TEXT = 3;
const END_OF_CONTINUOUS_UPDATES = 150;
const FENCE = 248;
const XVP = 250;

/** A FramebufferUpdate that does not know its number of rectangles; LastRect ends it. */
const UNTIL_LAST_RECT = 0xffff;

/** Reads the stream of a desktop from the first byte after ServerInit. */
export class DesktopMessages {
  readonly #parser: IncrementalParser;

  /** @param screen the size that ServerInit said. @throws MALFORMED if that is too large */
  constructor(screen: Size, handler: DesktopHandler) {
    requireScreenSize(screen);
    this.#parser = new IncrementalParser(desktopGrammar(screen, handler));
  }

  /**
   * Everything that the chunk completes has been handled when push() returns.
   * @returns rejects with MALFORMED or MESSAGE_UNKNOWN, or with what the handler threw as a Refusal
   */
  push(chunk: Uint8Array): Promise<void> {
    return this.#parser.push(chunk);
  }
}

function* desktopGrammar(initial: Size, handler: DesktopHandler): Parse<void> {
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
      case SET_COLOUR_MAP_ENTRIES:
        yield { skip: viewOf(yield 5).getUint16(3) * 6 };
        break;
      case SERVER_CUT_TEXT:
        // A negative length marks the extended clipboard; its absolute value counts the bytes.
        yield { skip: Math.abs(viewOf(yield 7).getInt32(3)) };
        break;
      case FENCE:
        yield { skip: (yield 8)[7] as number };
        break;
      case XVP:
        yield { skip: 3 };
        break;
      case END_OF_CONTINUOUS_UPDATES:
        break;
      default:
        throw new Refusal('MESSAGE_UNKNOWN', `rfb: message ${type} from the desktop`);
    }
  }
}

/** @returns the size of the screen after the update */
function* readUpdate(before: Size, handler: DesktopHandler): Parse<Size> {
  let screen = before;
  const count = viewOf(yield 3).getUint16(1);
  for (let i = 0; count === UNTIL_LAST_RECT || i < count; i++) {
    const header = yield* readRectangleHeader();
    switch (header.encoding) {
      case Encoding.raw:
        requireInside(header, screen);
        yield* readRaw(header, handler);
        break;
      case Encoding.copyRect:
        yield* readCopy(header, screen, handler);
        break;
      case Encoding.desktopSize:
        screen = resized(
          { ...sizeReport(header), reason: SizeReason.desktop, status: SizeStatus.done },
          handler,
          screen,
        );
        break;
      case Encoding.extendedDesktopSize:
        // The layout of its screens is not needed: they all are one framebuffer.
        yield { skip: ((yield 4)[0] as number) * 16 };
        handler.announced(header.encoding);
        screen = resized(sizeReport(header), handler, screen);
        break;
      case Encoding.cursor:
      case Encoding.vmwareCursor:
        handler.cursor(yield* readCursor(header));
        break;
      case Encoding.qemuExtendedKey:
      case Encoding.extendedMouseButtons:
        handler.announced(header.encoding);
        break;
      case Encoding.lastRect:
        return screen;
      default:
        throw new Refusal('MESSAGE_UNKNOWN', `rfb: encoding ${header.encoding} from the desktop`);
    }
  }
  return screen;
}

/** Row by row, so that a whole screen of pixels is never held beside the screen itself. */
function* readRaw(region: Region, handler: DesktopHandler): Parse<void> {
  const { x, width } = region;
  if (width === 0) return;
  for (let y = region.y; y < region.y + region.height; y++) {
    handler.pixels({ x, y, width, height: 1 }, yield width * 4);
  }
}

function* readCopy(header: RectangleHeader, screen: Size, handler: DesktopHandler): Parse<void> {
  const from = viewOf(yield 4);
  const [fromX, fromY] = [from.getUint16(0), from.getUint16(2)];
  const { x, y, width, height } = header;
  requireInside(header, screen);
  requireInside({ x: fromX, y: fromY, width, height }, screen);
  if (width > 0 && height > 0) handler.copy({ x, y, width, height }, fromX, fromY);
}

function resized(report: SizeReport, handler: DesktopHandler, before: Size): Size {
  const changes = isResize(report);
  if (changes) requireScreenSize(report);
  handler.sized(report);
  return changes ? { width: report.width, height: report.height } : before;
}

function* readCursor(header: RectangleHeader): Parse<CursorPicture> {
  const { width, height, encoding } = header;
  const pixels = width * height;
  const none = { width: 0, height: 0, hotX: 0, hotY: 0, rgba: new Uint8Array(0) };
  const tooLarge = Math.max(width, height) > DESKTOP_CURSOR_MAX_SIDE;
  if (encoding === Encoding.cursor) {
    if (!tooLarge) return yield* readMaskedCursor(header);
    yield { skip: pixels * 4 + Math.ceil(width / 8) * height };
    return none;
  }
  const alpha = ((yield 2)[0] as number) === VMWARE_ALPHA;
  if (alpha && !tooLarge) return yield* readAlphaCursor(header);
  // The classic type, two masks, can ask for inverted pixels: it has no picture of its own.
  yield { skip: pixels * (alpha ? 4 : 8) };
  return none;
}
