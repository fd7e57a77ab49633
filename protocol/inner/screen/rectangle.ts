// What both grammars know of a rectangle of a FramebufferUpdate (RFC 6143 §7.6.1): its header, its place, and the
// pseudo-rectangles that say the size of the screen.
import { Refusal } from '../../codes.ts';
import { SCREEN_MAX_PIXELS } from '../../limits.ts';
import type { Parse } from './parse.ts';

/** In pixels. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** x u16, y u16, width u16, height u16, encoding s32. Pseudo-encodings give x and y meanings of their own. */
export interface RectangleHeader extends Region {
  readonly encoding: number;
}

export function* readRectangleHeader(): Parse<RectangleHeader> {
  const view = viewOf(yield 12);
  return {
    x: view.getUint16(0),
    y: view.getUint16(2),
    width: view.getUint16(4),
    height: view.getUint16(6),
    encoding: view.getInt32(8),
  };
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @throws MALFORMED unless the whole region lies on the screen */
export function requireInside(region: Region, screen: Size): void {
  if (region.x + region.width > screen.width || region.y + region.height > screen.height) {
    throw new Refusal('MALFORMED', 'rfb: a rectangle outside the screen');
  }
}

/** @throws MALFORMED for a screen without an area or above SCREEN_MAX_PIXELS: whoever allocates it comes after this */
export function requireScreenSize({ width, height }: Size): void {
  if (width === 0 || height === 0 || width * height > SCREEN_MAX_PIXELS) {
    throw new Refusal('MALFORMED', `rfb: a screen of ${width}x${height}`);
  }
}

/** Why a size is reported (rfbproto "ExtendedDesktopSize"). */
export const SizeReason = { desktop: 0, thisClient: 1, otherClient: 2 } as const;
/** What became of a client's request. */
export const SizeStatus = { done: 0, prohibited: 1, outOfResources: 2, invalidLayout: 3 } as const;

export interface SizeReport extends Size {
  /** One of SizeReason. */
  readonly reason: number;
  /** One of SizeStatus; for the reasons other than thisClient it has no meaning. */
  readonly status: number;
}

/** True if the screen has the reported size from here on; a refused request changes nothing. */
export function isResize({ reason, status }: SizeReport): boolean {
  return reason !== SizeReason.thisClient || status === SizeStatus.done;
}

/** The header's fields as ExtendedDesktopSize reads them. */
export function sizeReport(header: RectangleHeader): SizeReport {
  return { width: header.width, height: header.height, reason: header.x, status: header.y };
}
