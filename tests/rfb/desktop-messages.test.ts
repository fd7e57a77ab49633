import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isResize } from '#protocol/inner/screen/rectangle.ts';
import { type DesktopHandler, DesktopMessages } from '#rfb/desktop-messages.ts';
import { applyCopy, applyPixels, createFramebuffer } from '#rfb/framebuffer.ts';
import { cut, oneScreen, rectangle, u16, u32, update } from '#tests/support/rfb-bytes.ts';

const SCREEN = { width: 40, height: 30 };
const [RAW, COPY, SIZE, LAST, CURSOR, EXTENDED_SIZE, VMWARE] = [0, 1, -223, -224, -239, -308, 0x574d5664];

/** Writes down every call but pixels and copies, which it draws. */
function recorder() {
  const calls: unknown[][] = [];
  const seen = { calls, picture: createFramebuffer(SCREEN.width, SCREEN.height) };
  const handler: DesktopHandler = {
    pixels: (region, data) => applyPixels(seen.picture, region, data),
    copy: (region, fromX, fromY) => applyCopy(seen.picture, region, fromX, fromY),
    sized: (report) => {
      calls.push(['sized', report.width, report.height, report.reason, report.status]);
      if (isResize(report)) seen.picture = createFramebuffer(report.width, report.height);
    },
    cursor: ({ width, height, hotX, hotY, rgba }) => calls.push(['cursor', width, height, hotX, hotY, [...rgba]]),
    announced: (encoding) => calls.push(['announced', encoding]),
    updated: () => calls.push(['updated']),
    bell: () => calls.push(['bell']),
  };
  return { seen, messages: new DesktopMessages(SCREEN, handler) };
}

async function played(...chunks: Uint8Array[]) {
  const { seen, messages } = recorder();
  for (const chunk of chunks) await messages.push(chunk);
  return seen;
}

function pixels(count: number, red: number): number[] {
  return Array.from({ length: count }, (_, i) => [red + i, 1, 2, 0]).flat();
}

const SKIPPED: [string, number[]][] = [
  ['SetColourMapEntries', [1, 0, ...u16(0, 2), ...Array(12).fill(7)]],
  ['ServerCutText', [3, 0, 0, 0, ...u32(5), 2, 2, 2, 2, 2]],
  ['extended ServerCutText', [3, 0, 0, 0, ...u32(-5), 2, 2, 2, 2, 2]],
  ['EndOfContinuousUpdates', [150]],
  ['a fence', [248, 0, 0, 0, ...u32(1), 3, 2, 2, 2]],
  ['xvp', [250, 0, 1, 0]],
];

describe('the stream of a desktop', () => {
  it('gives pixels, copies, sizes, cursors, announcements and bells in order', async () => {
    const seen = await played(
      update(rectangle([1, 2, 2, 2], RAW, pixels(4, 10)), rectangle([5, 5, 2, 2], COPY, u16(1, 2))),
      Uint8Array.of(2),
      update(
        rectangle([1, 0, 3, 1], CURSOR, [...pixels(3, 50), 0b1010_0000]),
        rectangle([9, 9, 1, 1], VMWARE, [1, 0, 1, 2, 3, 128]),
        rectangle([0, 0, 0, 0], -258),
      ),
    );
    expect(seen.calls).toEqual([
      ['updated'],
      ['bell'],
      ['cursor', 3, 1, 1, 0, [50, 1, 2, 255, 51, 1, 2, 0, 52, 1, 2, 255]],
      ['cursor', 1, 1, 0, 0, [1, 2, 3, 128]],
      ['announced', -258],
      ['updated'],
    ]);
    const red = (x: number, y: number) => seen.picture.pixels[(y * SCREEN.width + x) * 4];
    expect([red(1, 2), red(2, 2), red(1, 3), red(2, 3)]).toEqual([10, 11, 12, 13]);
    expect([red(5, 5), red(6, 5), red(5, 6), red(6, 6)]).toEqual([10, 11, 12, 13]);
  });

  it('is the same wherever it is cut', async () => {
    const stream = Uint8Array.from([
      ...update(rectangle([0, 0, 40, 3], RAW, pixels(120, 1)), rectangle([3, 9, 20, 2], COPY, u16(1, 0))),
      ...SKIPPED.flatMap(([, bytes]) => bytes),
      ...update(rectangle([0, 0, 20, 10], SIZE), rectangle([10, 9, 10, 1], RAW, pixels(10, 7))),
      2,
    ]);
    const whole = await played(stream);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(stream.length), { maxLength: 30 }), async (places) => {
        expect(await played(...cut(stream, places))).toEqual(whole);
      }),
    );
  });

  it('follows both ways to say a size, and only where it changes something', async () => {
    const seen = await played(
      update(rectangle([0, 0, 50, 20], SIZE), rectangle([49, 19, 1, 1], RAW, pixels(1, 3))),
      update(rectangle([2, 0, 60, 20], EXTENDED_SIZE, [...oneScreen(60, 20)])),
      update(rectangle([1, 1, 99, 99], EXTENDED_SIZE, [2, 0, 0, 0, ...Array(32).fill(0)])),
      update(rectangle([59, 19, 1, 1], RAW, pixels(1, 4))),
    );
    expect(seen.calls.filter(([name]) => name === 'sized')).toEqual([
      ['sized', 50, 20, 0, 0],
      ['sized', 60, 20, 2, 0],
      ['sized', 99, 99, 1, 1],
    ]);
    expect(seen.picture.width).toBe(60);
  });

  it('ends an update of unknown length at LastRect', async () => {
    const until = update(rectangle([0, 0, 1, 1], RAW, pixels(1, 1)), rectangle([0, 0, 0, 0], LAST));
    until.set([0xff, 0xff], 2);
    expect((await played(until, Uint8Array.of(2))).calls).toEqual([['updated'], ['bell']]);
  });

  it.each(SKIPPED)('skips %s unread', async (_, bytes) => {
    expect((await played(Uint8Array.from([...bytes, 2]))).calls).toEqual([['bell']]);
  });

  it('shows no pointer for a cursor that is too large or made of two masks', async () => {
    const seen = await played(
      update(
        rectangle([0, 0, 257, 1], CURSOR, Array(257 * 4 + 33).fill(1)),
        rectangle([0, 0, 257, 1], VMWARE, [1, 0, ...Array(257 * 4).fill(1)]),
        rectangle([0, 0, 2, 1], VMWARE, [0, 0, ...Array(16).fill(1)]),
      ),
    );
    expect(seen.calls).toEqual([...Array(3).fill(['cursor', 0, 0, 0, 0, []]), ['updated']]);
  });

  it.each<[string, string, number[]]>([
    ['an unknown message', 'MESSAGE_UNKNOWN', [77]],
    ['an encoding that was not asked for', 'MESSAGE_UNKNOWN', [...update(rectangle([0, 0, 1, 1], 16))]],
    ['Raw outside the screen', 'MALFORMED', [...update(rectangle([39, 0, 2, 1], RAW))]],
    ['a copy from outside the screen', 'MALFORMED', [...update(rectangle([0, 0, 2, 1], COPY, u16(39, 0)))]],
    ['a copy to outside the screen', 'MALFORMED', [...update(rectangle([39, 0, 2, 1], COPY, u16(0, 0)))]],
    ['a screen beyond all bounds', 'MALFORMED', [...update(rectangle([0, 0, 65535, 65535], SIZE))]],
    ['a screen without an area', 'MALFORMED', [...update(rectangle([0, 0, 0, 5], EXTENDED_SIZE, [0, 0, 0, 0]))]],
  ])('refuses %s', async (_, reason, bytes) => {
    await expect(played(Uint8Array.from(bytes))).rejects.toMatchObject({ reason });
  });
});
