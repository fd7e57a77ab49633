// The screen cut into squares. A tile's number counts row by row; the last of a row or column may be smaller.
import type { Rectangle } from '../desktop/desktop.ts';

export const TILE_SIDE = 64;

export interface Size {
  readonly width: number;
  readonly height: number;
}

export function tileColumns(screen: Size): number {
  return Math.ceil(screen.width / TILE_SIDE);
}

export function tileCount(screen: Size): number {
  return tileColumns(screen) * Math.ceil(screen.height / TILE_SIDE);
}

/** @throws RangeError for a tile that the screen does not have */
export function tileRectangle(tile: number, screen: Size): Rectangle {
  const columns = tileColumns(screen);
  const x = (tile % columns) * TILE_SIDE;
  const y = Math.floor(tile / columns) * TILE_SIDE;
  if (!(tile >= 0) || y >= screen.height) throw new RangeError(`tile ${tile} of ${screen.width}x${screen.height}`);
  return { x, y, width: Math.min(TILE_SIDE, screen.width - x), height: Math.min(TILE_SIDE, screen.height - y) };
}
