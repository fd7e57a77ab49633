import { createCanvas } from '@napi-rs/canvas';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientFramebuffer } from '#client-sim/framebuffer.ts';
import { decodeJpeg, jpegSize } from '#client-sim/jpeg.ts';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const rectangle = (place: string, contents: string) => `${place} 00000007 ${contents}`;
const RED = '80 ff0000';
const update = (...rectangles: string[]) =>
  bytes(`00 00 ${rectangles.length.toString(16).padStart(4, '0')} ${rectangles.join('')}`);

function jpegOf(width: number, height: number): Buffer {
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  context.fillStyle = '#2060a0';
  context.fillRect(0, 0, width, height);
  return canvas.toBuffer('image/jpeg', 90);
}

function tightJpeg(place: string, jpeg: Uint8Array): string {
  const length = [(jpeg.length & 0x7f) | 0x80, ((jpeg.length >> 7) & 0x7f) | 0x80, jpeg.length >> 14];
  return rectangle(place, `90 ${Buffer.from(length).toString('hex')} ${Buffer.from(jpeg).toString('hex')}`);
}

describe('the picture of the headless client', () => {
  it('is complete once every pixel was drawn, however often some were', async () => {
    const picture = new ClientFramebuffer(4, 2);
    let complete = false;
    void picture.complete.then(() => {
      complete = true;
    });
    for (let i = 0; i < 3; i++) await picture.push(update(rectangle('0000 0000 0003 0002', RED)));
    expect([complete, picture.drawn]).toEqual([false, 3]);
    await picture.push(update(rectangle('0003 0000 0001 0002', RED)));
    await picture.complete;
    expect(Array.from(picture.pixels.subarray(0, 8))).toEqual([255, 0, 0, 255, 255, 0, 0, 255]);
  });

  it('draws a JPEG before what comes after it, and tells each region once it is drawn', async () => {
    const picture = new ClientFramebuffer(32, 16);
    const drawn: [number, number][] = [];
    picture.onDrawn = (region) => drawn.push([region.x, picture.pixels[4 * region.x] ?? -1]);
    const stream = update(tightJpeg('0000 0000 0020 0010', jpegOf(32, 16)), rectangle('0010 0000 0010 0010', RED));
    await Promise.all(Array.from(stream, (byte) => picture.push(Uint8Array.of(byte))));
    expect(drawn.map(([x]) => x)).toEqual([0, 16]);
    expect(Math.abs((drawn[0]?.[1] ?? 0) - 0x20)).toBeLessThan(8);
    expect(drawn[1]?.[1]).toBe(255);
  });

  it('keeps the pointer apart from the picture', async () => {
    const picture = new ClientFramebuffer(4, 4);
    await picture.push(update('0000 0000 0001 0001 574d5664 0100 01020304'));
    expect(picture.cursor).toMatchObject({ width: 1, height: 1, rgba: Uint8Array.of(1, 2, 3, 4) });
    expect(Array.from(picture.pixels.subarray(0, 4))).toEqual([0, 0, 0, 255]);
  });

  it('is not changed by a Buffer that is written again after it was pushed', async () => {
    const picture = new ClientFramebuffer(4, 4);
    const chunk = Buffer.from(update('0000 0000 0001 0001 574d5664 0100 01020304'));
    await picture.push(chunk);
    chunk.fill(0xee);
    expect(picture.cursor?.rgba).toEqual(Uint8Array.of(1, 2, 3, 4));
  });
});

describe('a JPEG from the agent', () => {
  it('says its size in its frame header', async () => {
    expect(jpegSize(jpegOf(100, 40))).toEqual({ width: 100, height: 40 });
    expect(await decodeJpeg(jpegOf(100, 40))).toMatchObject({ width: 100, height: 40 });
  });

  it('is not decoded unless it is a JPEG of a possible size', async () => {
    const png = createCanvas(8, 8).toBuffer('image/png');
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>');
    const huge = jpegOf(8, 8);
    const at = huge.indexOf(Buffer.from('ffc0', 'hex'));
    huge.writeUInt32BE(0xffff_ffff, at + 5);
    for (const data of [
      png,
      svg,
      huge,
      Buffer.alloc(0),
      Buffer.from('ffd8', 'hex'),
      Buffer.from('ffd8ffda0002', 'hex'),
    ]) {
      await expect(decodeJpeg(data)).rejects.toMatchObject({ reason: 'MALFORMED' });
    }
  });

  it('ends the session when its size is not the rectangle’s', async () => {
    const picture = new ClientFramebuffer(32, 32);
    const pushed = picture.push(update(tightJpeg('0000 0000 0010 0010', jpegOf(16, 17))));
    await expect(pushed).rejects.toMatchObject({ reason: 'MALFORMED' });
  });

  it('never makes the reader of its size loop or throw anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        try {
          jpegSize(Buffer.concat([Buffer.from('ffd8', 'hex'), noise]));
        } catch (error) {
          expect(error).toMatchObject({ reason: 'MALFORMED' });
        }
      }),
    );
  });
});
