import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { marked, PERIOD_WIDTH, Watermark } from '../../../agent/screen/watermark.ts';

const LINES = [
  'tanaka-taro 131016',
  '131016/agent1/desktop-1',
  '00112233445566778899aabbccddeeff',
  '2026-03-01 09:15 UTC',
];

describe('the map of a marked pixel', () => {
  it('moves every channel by exactly 40, so that the mark shows on every background', () => {
    for (let value = 0; value < 256; value++) {
      for (const shift of [0, 8, 16]) {
        const pixel = (0xff00_0000 | (value << shift)) >>> 0;
        expect((marked(pixel) >>> shift) & 0xff).toBe(value >= 128 ? value - 40 : value + 40);
      }
    }
  });

  it('treats each channel for itself and keeps the pixel opaque', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), fc.nat(255), (r, g, b) => {
        const out = marked((0xff00_0000 | (b << 16) | (g << 8) | r) >>> 0);
        const channel = (value: number) => (value >= 128 ? value - 40 : value + 40);
        expect([out & 0xff, (out >>> 8) & 0xff, (out >>> 16) & 0xff, out >>> 24]).toEqual([
          channel(r),
          channel(g),
          channel(b),
          255,
        ]);
      }),
    );
  });
});

describe('the watermark', () => {
  it.each([
    [640, 480],
    [1280, 800],
    [2560, 1440],
  ])('stands in every 400×200 region of %i×%i', (width, height) => {
    const mask = new Watermark(LINES).lay(width, height);
    for (let y = 0; y + 200 <= height; y += 97) {
      for (let x = 0; x + PERIOD_WIDTH <= width; x += 131) {
        let dots = 0;
        for (let row = y; row < y + 200; row++) {
          for (let at = row * width + x; at < row * width + x + PERIOD_WIDTH; at++) dots += mask[at] as number;
        }
        expect(dots).toBeGreaterThan(1500);
      }
    }
  });

  it('is thin: text under it stays readable', () => {
    const mask = new Watermark(LINES).lay(1280, 800);
    expect(mask.filter((bit) => bit === 1).length / mask.length).toBeLessThan(0.08);
  });

  it('says what it is given: each line changes it', () => {
    const whole = new Watermark(LINES).lay(400, 200);
    for (const [i, line] of LINES.entries()) {
      const other = new Watermark(LINES.with(i, line.replace('1', '2'))).lay(400, 200);
      expect(Buffer.compare(whole, other)).not.toBe(0);
    }
  });

  it('draws Japanese', () => {
    const [taro, jiro] = ['田中太郎', '田中次郎'].map((name) => new Watermark([name]).lay(400, 200));
    expect(Buffer.compare(taro as Uint8Array, jiro as Uint8Array)).not.toBe(0);
  });

  it('goes on in the next line rather than off the edge', () => {
    const long = '131016/an-agent-with-a-very-long-name/a-desktop-with-a-very-long-name';
    const [one, other] = [`${long}-a`, `${long}-b`].map((line) => new Watermark([line]).lay(400, 200));
    expect(Buffer.compare(one as Uint8Array, other as Uint8Array)).not.toBe(0);
  });

  it('stays complete when there is more text than usual', () => {
    const mask = new Watermark(Array.from({ length: 20 }, (_, i) => `line ${i}`)).lay(400, 700);
    const rowsWithDots = Array.from({ length: 20 }, (_, i) => mask.subarray((12 + i * 24) * 400, (36 + i * 24) * 400));
    expect(rowsWithDots.every((row) => row.includes(1))).toBe(true);
  });

  it.each([[[]], [['']], [['  ', '\u3000']]])('refuses to be nothing: %j', (lines) => {
    expect(() => new Watermark(lines)).toThrow('INTERNAL');
  });
});
