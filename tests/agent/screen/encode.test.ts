import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameClient } from '#tests/support/frame-client.ts';
import {
  type Paint,
  photo,
  psnr,
  randomColours,
  randomNumbers,
  sharedScreen,
  throughMask,
} from '#tests/support/shared-screen.ts';
import type { Screen } from '../../../agent/desktop/desktop.ts';
import { encodeAreas } from '../../../agent/screen/encode.ts';
import { tileCount, tileRectangle } from '../../../agent/screen/tiles.ts';
import { updateHeader } from '../../../agent/screen/update.ts';
import { type Mask, Watermark } from '../../../agent/screen/watermark.ts';

/** Low enough for hard edges of the mark in a photo, far above what a wrong picture reaches. */
const JPEG_MIN_DB = 30;

const watermark = new Watermark(['tanaka-taro 131016', '131016/agent1/desktop-1']);

function noMask({ width, height }: Screen): Mask {
  return new Uint8Array(new SharedArrayBuffer(width * height));
}

/** What a client makes of the whole screen, or of some tiles. */
async function shown(screen: Screen, mask: Mask, options: { lossless?: boolean; tiles?: number[] } = {}) {
  const tiles = options.tiles ?? Array.from({ length: tileCount(screen) }, (_, tile) => tile);
  const areas = tiles.map((tile) => tileRectangle(tile, screen));
  const encoded = encodeAreas({ ...screen, mask, areas, lossless: options.lossless ?? false });
  expect(encoded.lossy).toHaveLength(areas.length);
  const client = new FrameClient(screen);
  await client.push(updateHeader(encoded.rectangles));
  await client.push(encoded.bytes);
  expect(client.updates).toBe(1);
  return { client, encoded };
}

describe('encoding without loss', () => {
  const side = fc.constantFrom(1, 2, 7, 8, 9, 62, 63, 64, 65, 100, 130);
  const colours = fc.oneof(
    fc.constantFrom(1, 2, 3, 16, 17, 255, 256, 257),
    fc.integer({ min: 3, max: 16 }),
    fc.integer({ min: 17, max: 256 }),
    fc.integer({ min: 257, max: 3000 }),
  );

  it('is exact: the client shows f(desktop) for any number of colours and any size', async () => {
    await fc.assert(
      fc.asyncProperty(side, side, colours, fc.nat(), fc.boolean(), async (width, height, count, seed, masked) => {
        const screen = sharedScreen(width, height, randomColours(count, seed));
        const mask = masked ? watermark.lay(width, height) : noMask(screen);
        const { client, encoded } = await shown(screen, mask, { lossless: true });
        expect(Buffer.compare(client.picture.pixels, throughMask(screen, mask))).toBe(0);
        expect(encoded.lossy).not.toContain(true);
        expect(client.kinds).not.toContain('jpeg');
      }),
      { numRuns: 150 },
    );
  });

  it('is exact where every tile has another content', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(1, 1, 2, 3, 90, 200, 256, 300), { minLength: 24, maxLength: 24 }),
        fc.nat(),
        async (counts, seed) => {
          const paints = counts.map((count, i) => randomColours(count, seed + (count === 1 ? i % 2 : i)));
          const screen = sharedScreen(12 * 64 - 9, 2 * 64 - 3, (x, y) =>
            (paints[Math.floor(y / 64) * 12 + Math.floor(x / 64)] as Paint)(x, y),
          );
          const mask = noMask(screen);
          const { client } = await shown(screen, mask, { lossless: true });
          expect(Buffer.compare(client.picture.pixels, throughMask(screen, mask))).toBe(0);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('touches the tiles it is given and no other', async () => {
    const screen = sharedScreen(300, 200, randomColours(50, 1));
    const { client } = await shown(screen, noMask(screen), { tiles: [0, 1, 7, 19] });
    const places = client.rectangles.map(({ region: { x, y, width, height } }) => [x, y, width, height]);
    expect(places).toEqual([
      [0, 0, 128, 64],
      [128, 64, 64, 64],
      [256, 192, 44, 8],
    ]);
  });

  it('refuses an area outside the screen', () => {
    const screen = sharedScreen(64, 64, () => 0);
    for (const [x, y] of [
      [1, 0],
      [0, 1],
      [-1, 0],
      [0, -1],
      [Number.NaN, 0],
    ] as const) {
      const areas = [{ x, y, width: 64, height: 64 }];
      expect(() => encodeAreas({ ...screen, mask: noMask(screen), areas, lossless: true })).toThrow(RangeError);
    }
  });
});

describe('the choice by content', () => {
  it.each([
    [1, 'fill'],
    [2, 'palette'],
    [256, 'palette'],
    [257, 'copy'],
  ])('of %i colours is %s', async (count, kind) => {
    const screen = sharedScreen(64, 64, randomColours(count, 5));
    expect((await shown(screen, noMask(screen), { lossless: true })).client.kinds).toEqual([kind]);
  });

  it('never sends one colour as a palette, nor more than 256 as one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 400 }),
        fc.nat(),
        async (left, right, seed) => {
          const [a, b] = [randomColours(left, seed), randomColours(right, seed + 1)];
          const screen = sharedScreen(128, 20, (x, y) => (x < 64 ? a : b)(x, y));
          const { client } = await shown(screen, noMask(screen));
          for (const { contents } of client.rectangles) {
            if (contents.kind !== 'palette') continue;
            expect(contents.palette.length).toBeGreaterThanOrEqual(6);
            expect(contents.palette.length).toBeLessThanOrEqual(768);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('merges neighbours of one colour into one fill, and those of few colours into one palette', async () => {
    const plain = sharedScreen(500, 64, () => 0x123456);
    expect((await shown(plain, noMask(plain))).client.rectangles.map(({ region }) => region.width)).toEqual([500]);
    const text = sharedScreen(500, 64, randomColours(40, 3));
    expect((await shown(text, noMask(text))).client.rectangles.map(({ region }) => region.width)).toEqual([500]);
  });

  it('counts colours after the watermark', async () => {
    const screen = sharedScreen(400, 200, () => 0xffffff);
    const { client } = await shown(screen, watermark.lay(400, 200));
    expect(new Set(client.kinds)).toEqual(new Set(['fill', 'palette']));
    for (const { contents } of client.rectangles) {
      if (contents.kind === 'palette') expect([...contents.palette].sort()).toEqual([215, 215, 215, 255, 255, 255]);
    }
  });

  it('keeps many colours with flat parts, like drawn text, without loss', async () => {
    const next = randomNumbers(9);
    // A line of "letters" of 300 shades on a plain ground
    const screen = sharedScreen(64, 64, (x, y) => (y % 8 < 5 && x % 3 === 0 ? next() & 0xff_ffff : 0xffffff));
    const mask = noMask(screen);
    const { client } = await shown(screen, mask);
    expect(client.kinds).toEqual(['copy']);
    expect(Buffer.compare(client.picture.pixels, throughMask(screen, mask))).toBe(0);
  });

  it(`sends a photo as JPEG of at least ${JPEG_MIN_DB} dB, marked, and says which tiles`, async () => {
    const screen = sharedScreen(700, 140, photo(1));
    for (const mask of [noMask(screen), watermark.lay(700, 140)]) {
      const { client, encoded } = await shown(screen, mask);
      expect(new Set(client.kinds)).toContain('jpeg');
      expect(encoded.lossy.filter((lossy) => lossy).length).toBeGreaterThan(20);
      expect(psnr(client.picture.pixels, throughMask(screen, mask))).toBeGreaterThan(JPEG_MIN_DB);
    }
  });

  it('sends a small photo as it is: the tables of a JPEG would outweigh it', async () => {
    const screen = sharedScreen(20, 20, photo(1));
    expect((await shown(screen, noMask(screen))).client.kinds).not.toContain('jpeg');
  });
});
