import { describe, expect, it } from 'vitest';
import { judgeWatermarks, type MarkedScreen } from '#evidence/secrecy/watermark.ts';

const screen = (width: number, height: number): MarkedScreen => {
  const mark = Math.round(width * height * 0.02);
  return { width, height, mark, asMarked: mark, stray: 0, emptyRegions: 0 };
};
const GOOD = [screen(800, 600), screen(1280, 800), screen(1920, 1080)];
const changed = (change: Partial<MarkedScreen>) => GOOD.map((one, i) => (i === 1 ? { ...one, ...change } : one));

describe('the watermark is judged', () => {
  it('passed when every pixel of it is burnt in and no other one is touched', () => {
    expect(judgeWatermarks({ screens: GOOD }).result).toBe('pass');
  });

  it.each<[string, readonly MarkedScreen[]]>([
    ['it is off', changed({ asMarked: 0 })],
    ['one pixel of it is bare', changed({ asMarked: (GOOD[1] as MarkedScreen).mark - 1 })],
    ['something else differs', changed({ stray: 1 })],
    ['a part of the screen has none', changed({ emptyRegions: 1 })],
    ['it is too thin to be read', changed({ mark: 10, asMarked: 10 })],
    ['only two resolutions were looked at', GOOD.slice(1)],
    ['the same one was looked at three times', [GOOD[0], GOOD[0], GOOD[0]] as MarkedScreen[]],
  ])('failed when %s', (_, screens) => {
    expect(judgeWatermarks({ screens }).result).toBe('fail');
  });
});
