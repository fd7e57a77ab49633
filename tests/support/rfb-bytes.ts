// Server messages of RFB written by hand, by code that shares nothing with the project's own writers.

export function u16(...values: number[]): number[] {
  return values.flatMap((value) => [(value >>> 8) & 0xff, value & 0xff]);
}

export function u32(...values: number[]): number[] {
  return values.flatMap((value) => u16(value >>> 16, value & 0xffff));
}

/** One rectangle of an update: header and content. */
export function rectangle(
  [x, y, width, height]: readonly [number, number, number, number],
  encoding: number,
  content: Iterable<number> = [],
): number[] {
  return [...u16(x, y, width, height), ...u32(encoding), ...content];
}

/** A whole FramebufferUpdate. */
export function update(...rectangles: number[][]): Uint8Array {
  return Uint8Array.from([0, 0, ...u16(rectangles.length), ...rectangles.flat()]);
}

/** The content of an ExtendedDesktopSize with one screen. */
export function oneScreen(width: number, height: number): number[] {
  return [1, 0, 0, 0, ...u32(0), ...u16(0, 0, width, height), ...u32(0)];
}

/** Cuts bytes at the given places, which may lie outside or come twice. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [
    0,
    ...places.filter((place) => place > 0 && place < bytes.length).sort((a, b) => a - b),
    bytes.length,
  ];
  return sorted.slice(1).map((end, i) => bytes.slice(sorted[i], end));
}
