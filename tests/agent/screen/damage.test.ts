import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cover } from '../../../agent/desktop/rectangle.ts';
import { Damage } from '../../../agent/screen/damage.ts';
import { tileCount, tileRectangle } from '../../../agent/screen/tiles.ts';

const SCREEN = { width: 150, height: 70 };

describe('tiles', () => {
  it('cover each pixel of the screen exactly once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200 }), (width, height) => {
        const times = new Uint8Array(width * height);
        for (let tile = 0; tile < tileCount({ width, height }); tile++) {
          const area = tileRectangle(tile, { width, height });
          for (let y = area.y; y < area.y + area.height; y++) {
            for (let x = area.x; x < area.x + area.width; x++) times[y * width + x] = (times[y * width + x] ?? 0) + 1;
          }
        }
        expect(times.every((count) => count === 1)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('end with the screen', () => {
    for (const tile of [-1, 6, Number.NaN]) expect(() => tileRectangle(tile, SCREEN)).toThrow(RangeError);
  });
});

describe('damage', () => {
  it('is every tile that the rectangle touches and no other', () => {
    fc.assert(
      fc.property(
        fc.nat(149),
        fc.nat(69),
        fc.integer({ min: 1, max: 150 }),
        fc.integer({ min: 1, max: 70 }),
        (...area) => {
          const [x, y, width, height] = area;
          const damage = new Damage(SCREEN);
          damage.add({ x, y, width, height });
          const touched = Array.from({ length: 6 }, (_, tile) => tile).filter((tile) => {
            const t = tileRectangle(tile, SCREEN);
            return t.x < x + width && x < t.x + t.width && t.y < y + height && y < t.y + t.height;
          });
          const taken = damage.take(100);
          expect(taken.map(({ tile }) => tile)).toEqual(touched);
          // Together the areas are exactly what of the rectangle is on the screen
          const inside = taken.every(
            ({ area: a }) => a.x >= x && a.y >= y && a.x + a.width <= x + width && a.y + a.height <= y + height,
          );
          expect(inside).toBe(true);
          const pixels = taken.reduce((sum, { area: a }) => sum + a.width * a.height, 0);
          expect(pixels).toBe(Math.min(width, 150 - x) * Math.min(height, 70 - y));
          expect(damage.size).toBe(0);
        },
      ),
    );
  });

  it('ignores what lies outside the screen', () => {
    const damage = new Damage(SCREEN);
    damage.add({ x: 500, y: 0, width: 10, height: 10 });
    damage.add({ x: -20, y: -20, width: 10, height: 10 });
    damage.add({ x: 0, y: 70, width: 10, height: 10 });
    expect(damage.size).toBe(0);
    damage.add({ x: -5, y: -5, width: 1000, height: 1000 });
    expect(damage.size).toBe(6);
  });

  it('of one tile is the smallest rectangle that holds it all', () => {
    const damage = new Damage(SCREEN);
    damage.add({ x: 3, y: 5, width: 2, height: 2 });
    damage.add({ x: 10, y: 1, width: 1, height: 3 });
    expect(damage.take(9)).toEqual([{ tile: 0, area: { x: 3, y: 1, width: 8, height: 6 } }]);
    damage.add({ x: 0, y: 0, width: 1, height: 1 });
    expect(damage.take(9)).toEqual([{ tile: 0, area: { x: 0, y: 0, width: 1, height: 1 } }]);
  });

  it('counts a tile once however often it is hit, and lets the longest waiting go first', () => {
    const damage = new Damage(SCREEN);
    damage.add({ x: 140, y: 0, width: 1, height: 1 });
    for (let i = 0; i < 50; i++) damage.add({ x: 0, y: 0, width: 1, height: 1 });
    damage.add({ x: 70, y: 0, width: 1, height: 1 });
    expect(damage.take(2).map(({ tile }) => tile)).toEqual([0, 2]);
    damage.add({ x: 0, y: 0, width: 1, height: 1 });
    expect(damage.take(1).map(({ tile }) => tile)).toEqual([1]);
    expect(damage.take(9).map(({ tile }) => tile)).toEqual([0]);
  });

  it('that is small can be taken first, however much of the rest waits longer', () => {
    const damage = new Damage({ width: 640, height: 640 });
    damage.add({ x: 0, y: 0, width: 640, height: 640 });
    damage.add({ x: 130, y: 70, width: 8, height: 16 });
    expect(
      damage.takeSmall(9).map(({ tile }) => tile),
      'with what else of its tile was damaged',
    ).toEqual([12]);
    expect(damage.takeSmall(9)).toEqual([]);
    damage.add({ x: 0, y: 0, width: 300, height: 60 });
    expect(damage.takeSmall(9), 'five tiles are not small').toEqual([]);
    expect(damage.size).toBe(99);
  });

  it('goes once, small or not, and with all that was hit of its tile', () => {
    const area = fc.record({
      x: fc.nat(320),
      y: fc.nat(320),
      width: fc.integer({ min: 1, max: 320 }),
      height: fc.integer({ min: 1, max: 320 }),
    });
    fc.assert(
      fc.property(fc.array(area, { minLength: 1, maxLength: 8 }), fc.nat(5), (areas, small) => {
        const size = { width: 320, height: 320 };
        const [damage, apart] = [new Damage(size), areas.map(() => new Damage(size))];
        for (const [i, one] of areas.entries()) {
          damage.add(one);
          apart[i]?.add(one);
        }
        const taken = [...damage.takeSmall(small), ...damage.take(100)];
        expect(damage.size).toBe(0);
        const tiles = taken.map(({ tile }) => tile);
        expect(new Set(tiles).size).toBe(tiles.length);
        const parts = apart.flatMap((one) => one.take(100));
        expect(new Set(tiles)).toEqual(new Set(parts.map(({ tile }) => tile)));
        for (const { tile, area: part } of parts) {
          const whole = taken.find((one) => one.tile === tile)?.area;
          expect(whole && cover(whole, part), 'holds the part').toEqual(whole);
        }
      }),
    );
  });
});
