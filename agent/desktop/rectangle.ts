// Rectangles of whole pixels.
import type { Rectangle } from './desktop.ts';

/** The common part; null if there is none. */
export function intersect(a: Rectangle, b: Rectangle): Rectangle | null {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

/** The smallest rectangle that holds both. */
export function cover(a: Rectangle, b: Rectangle): Rectangle {
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  };
}

export function holds(rectangle: Rectangle, x: number, y: number): boolean {
  return (
    x >= rectangle.x && y >= rectangle.y && x < rectangle.x + rectangle.width && y < rectangle.y + rectangle.height
  );
}

export function moved(rectangle: Rectangle, dx: number, dy: number): Rectangle {
  return { x: rectangle.x + dx, y: rectangle.y + dy, width: rectangle.width, height: rectangle.height };
}
