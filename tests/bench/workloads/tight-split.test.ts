import { describe, expect, it } from 'vitest';
import { encodeAreas } from '#agent/screen/encode.ts';
import { splitRectangles } from '#bench/workloads/tight-split.ts';
import { concat } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { photo, randomColours, sharedScreen } from '#tests/support/shared-screen.ts';

const SIDE = 64;
const paints = {
  'one colour': () => 0x10_20_30,
  'two colours': randomColours(2, 1),
  'two hundred colours': randomColours(200, 2),
  text: randomColours(3_000, 3),
  'a photo': photo(4),
};

describe('what the encoder wrote', () => {
  it.each(Object.entries(paints))('is cut into its rectangles: %s', (_, paint) => {
    const screen = sharedScreen(4 * SIDE, 2 * SIDE, paint);
    const areas = [0, 1].flatMap((row) =>
      [0, 1, 2, 3].map((column) => ({ x: column * SIDE, y: row * SIDE, width: SIDE, height: SIDE })),
    );
    const { bytes, rectangles } = encodeAreas({
      ...screen,
      mask: new Uint8Array(new SharedArrayBuffer(screen.width * screen.height)),
      areas,
      lossless: false,
    });
    const parts = splitRectangles(bytes);
    expect(parts).toHaveLength(rectangles);
    expect(concat(...parts)).toEqual(bytes);
    expect(() => splitRectangles(bytes.subarray(0, -1))).toThrow(Refusal);
  });
});
