// A desktop behind any VNC server on this machine. The agent is its client and takes pixels, size, pointer and bell;
// nothing that the server sends is passed on as it is, and nothing of a clipboard is ever sent (T10).
import { connect, type Socket } from 'node:net';
import { Refusal, refusalFrom } from '#protocol/codes.ts';
import { desktopSizeMessage, Encoding, type InputEvent } from '#protocol/inner/profile.ts';
import {
  isResize,
  type Region,
  type Size,
  SizeReason,
  type SizeReport,
  SizeStatus,
} from '#protocol/inner/screen/rectangle.ts';
import { CURSOR_MAX_SIDE, SCREEN_MAX_PIXELS } from '#protocol/limits.ts';
import { type DesktopHandler, DesktopMessages } from '#rfb/desktop-messages.ts';
import { applyCopy, applyPixels } from '#rfb/framebuffer.ts';
import type { Cursor, Desktop, DesktopEvents, Rectangle, Screen } from './desktop.ts';
import { chordOf, type LockConfig, runLockCommand } from './lock.ts';
import { parseVncAddress } from './vnc-address.ts';
import { greet } from './vnc-greeting.ts';
import { VncInput } from './vnc-input.ts';
import { setEncodings, setPixelFormat, updateRequest } from './vnc-messages.ts';
import { readVncPassword } from './vnc-password.ts';

export interface VncOptions {
  /** See parseVncAddress. */
  readonly address: string;
  /** A file of mode 0600; only the first 8 bytes of its first line count (RFC 6143 §7.2.2). */
  readonly passwordFile?: string;
  readonly lock: LockConfig;
  /** From connecting to the first whole picture, in milliseconds. */
  readonly openingMaxMs?: number;
}

const OPENING_MAX_MS = 10_000;
const RESIZE_MAX_MS = 3_000;
/** A server that leaves this much input unread has stopped: about a minute of typing. */
const UNREAD_INPUT_MAX_BYTES = 64 * 1024;
/** What is written at close has this long to leave. */
const CLOSE_MAX_MS = 1_000;

/**
 * Resolves with the first whole picture in place.
 * @throws Failure for an address that is not on this machine (T08); DESKTOP_UNREACHABLE
 */
export async function openVnc(options: VncOptions, events: DesktopEvents): Promise<Desktop> {
  const address = parseVncAddress(options.address);
  const password = options.passwordFile === undefined ? null : readVncPassword(options.passwordFile);
  const socket = connect(address);
  const late = new Refusal('DESKTOP_UNREACHABLE', 'VNC server: no whole picture in time');
  const timer = setTimeout(() => socket.destroy(late), options.openingMaxMs ?? OPENING_MAX_MS);
  try {
    socket.pause();
    await new Promise<void>((connected, failed) => socket.once('connect', connected).once('error', failed));
    const size = await greet(socket, password);
    const desktop = new VncDesktop(socket, size, options.lock, events);
    await desktop.firstPicture;
    return desktop;
  } catch (error) {
    // A listener must stay: destroying may report an error once more
    socket.on('error', () => {}).destroy();
    throw unreachable(error);
  } finally {
    clearTimeout(timer);
  }
}

function unreachable(error: unknown): Refusal {
  if (error instanceof Refusal && error.reason === 'DESKTOP_UNREACHABLE') return error;
  const { code } = error as NodeJS.ErrnoException;
  return new Refusal('DESKTOP_UNREACHABLE', `VNC server: ${code ?? refusalFrom(error).message}`);
}

/** Not a Buffer, whose slice() is no copy. */
const plain = (chunk: Buffer) => new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);

/** Black until the server sends pixels. */
function newScreen({ width, height }: Size): Screen {
  const pixels = new Uint8Array(new SharedArrayBuffer(4 * width * height));
  new Uint32Array(pixels.buffer).fill(new Uint32Array(Uint8Array.of(0, 0, 0, 255).buffer)[0] ?? 0);
  return { width, height, pixels };
}

interface Resize {
  readonly width: number;
  readonly height: number;
  decide(granted: boolean): void;
}

class VncDesktop implements Desktop, DesktopHandler {
  /** Resolves when every pixel has been sent once; rejects if the server goes before that. */
  readonly firstPicture: Promise<void>;
  readonly #socket: Socket;
  readonly #events: DesktopEvents;
  readonly #input: VncInput;
  readonly #lock: LockConfig;
  #screen: Screen;
  #state: 'opening' | 'open' | 'ended' = 'opening';
  #opened: () => void = () => {};
  #failed: (error: unknown) => void = () => {};
  /** Pixels received since the last size; a whole picture is that many. */
  #received = 0;
  /** The next update request is for the whole screen. */
  #wholeWanted = false;
  /** Rows of one Raw rectangle, gathered until something else comes. */
  #rows: Rectangle | null = null;
  #cursor: Cursor | null = null;
  #resizable = false;
  #resize: Resize | null = null;

  /** @throws MALFORMED for a size that is too large, Error if the server has gone since */
  constructor(socket: Socket, size: Size, lock: LockConfig, events: DesktopEvents) {
    const messages = new DesktopMessages(size, this);
    // No event would tell any more
    if (socket.destroyed) throw new Error('closed the connection');
    this.#socket = socket;
    this.#events = events;
    this.#lock = lock;
    this.#screen = newScreen(size);
    this.#input = new VncInput((message) => this.#send(message));
    this.firstPicture = new Promise((opened, failed) => {
      this.#opened = opened;
      this.#failed = failed;
    });
    socket.on('error', (error) => this.#lost(error));
    socket.on('close', () => this.#lost(new Error('closed the connection')));
    socket.on('data', (chunk: Buffer) => {
      if (this.#state !== 'ended') messages.push(plain(chunk)).catch((error) => this.#lost(error));
    });
    socket.resume();
    this.#send(setPixelFormat());
    this.#send(setEncodings(true));
    this.#send(updateRequest(size, false));
  }

  get screen(): Screen {
    return this.#screen;
  }

  input(event: InputEvent): void {
    this.#input.handle(event, this.#screen);
  }

  releaseAll(): void {
    this.#input.releaseAll();
  }

  async lock(): Promise<void> {
    this.#input.releaseAll();
    if (this.#lock === 'none') return;
    if ('command' in this.#lock) return runLockCommand(this.#lock.command);
    if (this.#state === 'ended') throw new Refusal('LOCK_FAILED', 'the VNC server is gone');
    this.#input.strike(chordOf(this.#lock.keys) ?? []);
    await this.#written();
  }

  /** RFB has no way to tell the person at the desktop anything. */
  notice(): void {}

  resize(width: number, height: number): Promise<boolean> {
    if (width === this.#screen.width && height === this.#screen.height) return Promise.resolve(true);
    const possible = this.#resizable && this.#resize === null && width * height <= SCREEN_MAX_PIXELS;
    if (this.#state !== 'open' || !possible) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#decideResize(false), RESIZE_MAX_MS);
      const decide = (granted: boolean) => {
        clearTimeout(timer);
        resolve(granted);
      };
      this.#resize = { width, height, decide };
      this.#send(desktopSizeMessage(width, height));
    });
  }

  close(): void {
    if (this.#state === 'ended') return;
    this.#input.releaseAll();
    this.#end();
    this.#socket.destroySoon();
    setTimeout(() => this.#socket.destroy(), CLOSE_MAX_MS).unref();
  }

  // What the server says, in the order of DesktopHandler ------------------------------------------------------------

  pixels(region: Region, data: Uint8Array): void {
    applyPixels(this.#screen, region, data);
    this.#received += region.width * region.height;
    const rows = this.#rows;
    if (rows && rows.x === region.x && rows.width === region.width && rows.y + rows.height === region.y) {
      this.#rows = { ...rows, height: rows.height + region.height };
      return;
    }
    this.#reportRows();
    this.#rows = region;
  }

  copy(region: Region, fromX: number, fromY: number): void {
    this.#reportRows();
    applyCopy(this.#screen, region, fromX, fromY);
    this.#damage(region);
  }

  sized(report: SizeReport): void {
    if (isResize(report) && (report.width !== this.#screen.width || report.height !== this.#screen.height)) {
      this.#rows = null;
      this.#screen = newScreen(report);
      this.#received = 0;
      this.#wholeWanted = true;
      if (this.#state === 'open') this.#events.resized(this.#screen);
    }
    if (report.reason !== SizeReason.thisClient) return;
    const { width, height } = this.#resize ?? this.#screen;
    const exact = this.#screen.width === width && this.#screen.height === height;
    this.#decideResize(report.status === SizeStatus.done && exact);
  }

  cursor(cursor: Cursor): void {
    if (Math.max(cursor.width, cursor.height) <= CURSOR_MAX_SIDE) {
      this.#showCursor(cursor);
      return;
    }
    // An unlimited pointer would be an unmarked picture channel: the server draws it into the screen from now on
    this.#send(setEncodings(false));
    this.#showCursor({ width: 0, height: 0, hotX: 0, hotY: 0, rgba: new Uint8Array(0) });
  }

  announced(encoding: number): void {
    if (encoding === Encoding.qemuExtendedKey) this.#input.physicalKeys = true;
    if (encoding === Encoding.extendedMouseButtons) this.#input.extendedButtons = true;
    if (encoding === Encoding.extendedDesktopSize) this.#resizable = true;
  }

  updated(): void {
    this.#reportRows();
    if (this.#state === 'opening' && this.#received >= this.#screen.width * this.#screen.height) this.#open();
    this.#send(updateRequest(this.#screen, !this.#wholeWanted));
    this.#wholeWanted = false;
  }

  bell(): void {
    if (this.#state === 'open') this.#events.bell();
  }

  // -----------------------------------------------------------------------------------------------------------------

  #open(): void {
    this.#state = 'open';
    this.#opened();
    // Not before the caller holds this desktop
    setImmediate(() => {
      if (this.#cursor) this.#showCursor(this.#cursor);
    });
  }

  #showCursor(cursor: Cursor): void {
    this.#cursor = cursor;
    if (this.#state === 'open') this.#events.cursor(cursor);
  }

  #reportRows(): void {
    if (this.#rows) this.#damage(this.#rows);
    this.#rows = null;
  }

  #damage(rectangle: Rectangle): void {
    if (this.#state === 'open') this.#events.damage(rectangle);
  }

  #decideResize(granted: boolean): void {
    this.#resize?.decide(granted);
    this.#resize = null;
  }

  #send(message: Uint8Array): void {
    if (this.#state === 'ended') return;
    this.#socket.write(message);
    if (this.#socket.writableLength > UNREAD_INPUT_MAX_BYTES) this.#lost(new Error('does not read its input'));
  }

  /** Resolves when the kernel has everything that was sent so far. @throws LOCK_FAILED */
  #written(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write('', (error) =>
        error ? reject(new Refusal('LOCK_FAILED', 'the VNC server is gone')) : resolve(),
      );
    });
  }

  #lost(error: unknown): void {
    if (this.#state === 'ended') return;
    const opening = this.#state === 'opening';
    this.#end();
    this.#socket.destroy();
    const detail = error instanceof Error ? error.message : 'unknown';
    if (opening) this.#failed(error);
    else this.#events.gone(new Refusal('VNC_GONE', `VNC server: ${detail}`));
  }

  #end(): void {
    this.#state = 'ended';
    this.#decideResize(false);
  }
}
