import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyCopy, applyFill, applyPixels, createFramebuffer, type Framebuffer } from '#rfb/framebuffer.ts';

const SIDE = 8;

/** Every pixel is another colour. */
function numbered(): Framebuffer {
  const picture = createFramebuffer(SIDE, SIDE);
  for (let i = 0; i < SIDE * SIDE; i++) picture.pixels[i * 4] = i;
  return picture;
}

function red({ pixels }: Framebuffer, x: number, y: number): number {
  return pixels[(y * SIDE + x) * 4] as number;
}

describe('the framebuffer', () => {
  it('copies a region as if the source were untouched, however the two overlap', () => {
    const side = fc.integer({ min: 1, max: SIDE });
    const place = fc.nat(SIDE - 1);
    fc.assert(
      fc.property(side, side, place, place, place, place, (width, height, ...places) => {
        const [x, fromX] = [places[0], places[1]].map((p) => Math.min(p, SIDE - width)) as [number, number];
        const [y, fromY] = [places[2], places[3]].map((p) => Math.min(p, SIDE - height)) as [number, number];
        const before = numbered();
        const after = numbered();
        applyCopy(after, { x, y, width, height }, fromX, fromY);
        for (let row = 0; row < SIDE; row++) {
          for (let column = 0; column < SIDE; column++) {
            const inside = column >= x && column < x + width && row >= y && row < y + height;
            const from = inside ? red(before, fromX + column - x, fromY + row - y) : red(before, column, row);
            expect(red(after, column, row)).toBe(from);
          }
        }
      }),
    );
  });

  it('gives every pixel written an opaque fourth byte', () => {
    const picture = createFramebuffer(SIDE, SIDE);
    applyPixels(picture, { x: 1, y: 2, width: 2, height: 1 }, Uint8Array.of(1, 2, 3, 0, 4, 5, 6, 77));
    expect([...picture.pixels.subarray((2 * SIDE + 1) * 4, (2 * SIDE + 3) * 4)]).toEqual([1, 2, 3, 255, 4, 5, 6, 255]);
    expect(picture.pixels.filter((byte, i) => i % 4 === 3 && byte !== 255)).toHaveLength(0);
  });

  it('fills only the region', () => {
    const picture = createFramebuffer(SIDE, SIDE);
    applyFill(picture, { x: 3, y: 3, width: 2, height: 5 }, Uint8Array.of(9, 8, 7));
    expect(picture.pixels.filter((byte, i) => i % 4 === 0 && byte === 9)).toHaveLength(10);
    expect([...picture.pixels.subarray((7 * SIDE + 4) * 4, (7 * SIDE + 5) * 4)]).toEqual([9, 8, 7, 255]);
  });
});
