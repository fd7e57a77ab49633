import { deflateSync } from 'node:zlib';
import { createCanvas } from '@napi-rs/canvas';
import { describe, expect, it } from 'vitest';
import { FrameClient } from '#tests/support/frame-client.ts';
import { rectangle, update } from '#tests/support/rfb-bytes.ts';

const TIGHT = 7;
const SCREEN = { width: 100, height: 80 };

/** Draws one Tight rectangle at (0, 0). */
async function draw(width: number, height: number, content: Iterable<number>): Promise<FrameClient> {
  const client = new FrameClient(SCREEN);
  await client.push(update(rectangle([0, 0, width, height], TIGHT, content)));
  return client;
}

function compactLength(length: number): number[] {
  if (length < 0x80) return [length];
  if (length < 0x4000) return [(length & 0x7f) | 0x80, length >> 7];
  return [(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14];
}

function deflated(data: Uint8Array): number[] {
  const packed = deflateSync(data);
  return [...compactLength(packed.length), ...packed];
}

function reds(client: FrameClient, width: number, height: number): number[][] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => client.picture.pixels[(y * SCREEN.width + x) * 4] as number),
  );
}

function jpeg(width: number, height: number): Uint8Array {
  const canvas = createCanvas(width, height);
  canvas.getContext('2d').fillRect(0, 0, width, height);
  return canvas.encodeSync('jpeg', 85);
}

describe('Tight', () => {
  it('draws a fill', async () => {
    const client = await draw(2, 2, [0x80, 7, 8, 9]);
    expect(reds(client, 3, 2)).toEqual([
      [7, 7, 0],
      [7, 7, 0],
    ]);
  });

  it('draws two colours from bits in padded rows, uncompressed below 12 bytes', async () => {
    const client = await draw(9, 2, [0x41, 1, 1, 5, 0, 0, 6, 0, 0, 0b10000001, 0b1000_0000, 0b01000000, 0]);
    expect(reds(client, 9, 2)).toEqual([
      [6, 5, 5, 5, 5, 5, 5, 6, 6],
      [5, 6, 5, 5, 5, 5, 5, 5, 5],
    ]);
  });

  it('draws three colours from bytes', async () => {
    const client = await draw(3, 1, [0x41, 1, 2, 5, 0, 0, 6, 0, 0, 7, 0, 0, 2, 0, 1]);
    expect(reds(client, 3, 1)).toEqual([[7, 5, 6]]);
  });

  it('draws a deflated copy, with a length of one, two and three bytes', async () => {
    for (const [width, height] of [
      [2, 2],
      [12, 12],
      [100, 80],
    ] as const) {
      let noise = 1;
      const rgb = Uint8Array.from({ length: width * height * 3 }, () => {
        noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0;
        return noise >>> 24;
      });
      const client = await draw(width, height, [0x01, ...deflated(rgb)]);
      const drawn = reds(client, width, height).flat();
      expect(drawn).toEqual([...rgb.filter((_, i) => i % 3 === 0)]);
    }
  });

  it('draws a JPEG of exactly its rectangle', async () => {
    const picture = jpeg(40, 30);
    expect((await draw(40, 30, [0x90, ...compactLength(picture.length), ...picture])).kinds).toEqual(['jpeg']);
  });

  it.each<[string, number, number, () => Iterable<number>]>([
    ['a control byte with another stream', 4, 1, () => [0x11, ...deflated(new Uint8Array(12))]],
    ['a basic rectangle that does not reset its stream', 4, 1, () => [0x00, ...deflated(new Uint8Array(12))]],
    ['the gradient filter', 4, 1, () => [0x41, 2, 1, ...deflated(new Uint8Array(12))]],
    ['a PNG', 4, 1, () => [0xa0, 1, 0]],
    ['a palette of one colour', 4, 1, () => [0x41, 1, 0, 1, 2, 3, 0]],
    ['an index without a colour', 2, 1, () => [0x41, 1, 2, 5, 0, 0, 6, 0, 0, 7, 0, 0, 0, 3]],
    ['data that is no zlib stream', 4, 1, () => [0x01, 5, 1, 2, 3, 4, 5]],
    ['data that inflates to less', 4, 1, () => [0x01, ...deflated(new Uint8Array(11))]],
    ['data that inflates to more', 4, 1, () => [0x01, ...deflated(new Uint8Array(13))]],
    ['data that inflates to a thousand times more', 4, 4, () => [0x01, ...deflated(new Uint8Array(48_000))]],
    [
      'bytes behind the zlib stream',
      4,
      1,
      () => {
        const packed = deflateSync(new Uint8Array(12));
        return [0x01, packed.length + 1, ...packed, 0];
      },
    ],
    ['a length of nothing', 4, 1, () => [0x01, 0]],
    ['a length far beyond what the rectangle can need', 4, 1, () => [0x01, ...compactLength(200)]],
    ['a JPEG length far beyond what the rectangle can need', 4, 4, () => [0x90, ...compactLength(2 ** 22 - 1)]],
    ['a JPEG that does not decode', 4, 1, () => [0x90, 4, 0xff, 0xd8, 0xff, 0xd9]],
    [
      'a JPEG of another size',
      8,
      8,
      () => {
        const picture = jpeg(8, 9);
        return [0x90, ...compactLength(picture.length), ...picture];
      },
    ],
  ])('refuses %s', async (_, width, height, content) => {
    await expect(draw(width, height, content())).rejects.toMatchObject({ reason: 'MALFORMED' });
  });

  it('refuses a rectangle of more than 2048 columns', async () => {
    const client = new FrameClient({ width: 3000, height: 10 });
    const wide = update(rectangle([0, 0, 2049, 1], TIGHT, [0x80, 1, 2, 3]));
    await expect(client.push(wide)).rejects.toMatchObject({ reason: 'MALFORMED' });
  });
});
