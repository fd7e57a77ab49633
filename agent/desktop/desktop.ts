// What the agent needs of a desktop, whatever stands behind it: a picture in shared memory, what of it changed, and
// a place to put keys and pointer. Nothing here has a place for a clipboard, a file or a sound (T10).
import type { Refusal } from '#protocol/codes.ts';
import type { InputEvent } from '#protocol/inner/profile.ts';

/** A whole picture. A resize makes a new Screen; an old one is never written again. */
export interface Screen {
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** Over a SharedArrayBuffer: R, G, B, 255 for each pixel, `4 * width` bytes a row, `height` rows. */
  readonly pixels: Uint8Array;
}

/** In pixels, inside the screen, never empty. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The pointer's picture, drawn by the client. 0×0 means none. */
export interface Cursor {
  /** At most CURSOR_MAX_SIDE each; `rgba` holds 4 * width * height bytes with straight alpha. */
  readonly width: number;
  readonly height: number;
  readonly hotX: number;
  readonly hotY: number;
  readonly rgba: Uint8Array;
}

/** What a desktop reports: nothing before it is open (OpenDesktop has resolved), after close(), or after gone(). */
export interface DesktopEvents {
  /** These pixels of the current screen may have changed. */
  damage(rectangle: Rectangle): void;
  /** The picture has another size from now on; all of it is new. */
  resized(screen: Screen): void;
  cursor(cursor: Cursor): void;
  bell(): void;
  /** The desktop ended by itself. */
  gone(refusal: Refusal): void;
}

export interface Desktop {
  readonly screen: Screen;
  /** The event has passed the input policy (T18). */
  input(event: InputEvent): void;
  /** Resolves once the size is decided: true if `screen` now has exactly this size. */
  resize(width: number, height: number): Promise<boolean>;
  /** Tells the person at the desktop something, if this desktop has a way to. */
  notice(text: string): void;
  /** Lets go of every key and button that is still held. */
  releaseAll(): void;
  /**
   * Locks it, with every key and button let go of before, so that whoever comes next has to show who it is.
   * @throws LOCK_FAILED
   */
  lock(): Promise<void>;
  /** Lets go of everything held and ends the attachment; safe to call twice. */
  close(): void;
}

/** @throws DESKTOP_UNREACHABLE when the desktop cannot be attached */
export type OpenDesktop = (events: DesktopEvents) => Promise<Desktop>;
