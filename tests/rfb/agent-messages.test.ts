import { deflateSync } from 'node:zlib';
import { createCanvas } from '@napi-rs/canvas';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgentMessages } from '#rfb/agent-messages.ts';
import { FrameClient } from '#tests/support/frame-client.ts';
import { cut, oneScreen, rectangle, u16, u32, update } from '#tests/support/rfb-bytes.ts';

const SCREEN = { width: 100, height: 80 };
const TIGHT = 7;
const EXTENDED_SIZE = -308;
const VMWARE_CURSOR = 0x574d5664;
const FILL = [0x80, 1, 2, 3];

/** One of everything, with a resize in the middle. */
function everything(): Uint8Array {
  const canvas = createCanvas(20, 20);
  canvas.getContext('2d').fillRect(3, 3, 9, 9);
  const jpeg = canvas.encodeSync('jpeg', 85);
  const copy = deflateSync(Uint8Array.from({ length: 5 * 7 * 3 }, (_, i) => i));
  const indexes = deflateSync(Uint8Array.from({ length: 4 * 4 }, (_, i) => i % 3));
  return Uint8Array.from([
    ...update(
      rectangle([0, 0, 100, 80], EXTENDED_SIZE, oneScreen(100, 80)),
      rectangle([0, 0, 0, 0], -258),
      rectangle([0, 0, 0, 0], -316),
      rectangle([0, 0, 0, 0], VMWARE_CURSOR, [1, 0]),
      rectangle([0, 0, 100, 80], TIGHT, FILL),
      rectangle([3, 4, 5, 7], TIGHT, [0x01, copy.length, ...copy]),
    ),
    2,
    ...update(
      rectangle([1, 0, 64, 48], EXTENDED_SIZE, oneScreen(64, 48)),
      rectangle([1, 3, 64, 48], EXTENDED_SIZE, oneScreen(64, 48)),
    ),
    ...update(),
    ...update(
      rectangle([1, 1, 2, 2], VMWARE_CURSOR, [1, 0, ...Array(16).fill(9)]),
      rectangle([30, 10, 20, 20], TIGHT, [0x90, (jpeg.length & 0x7f) | 0x80, jpeg.length >> 7, ...jpeg]),
      rectangle([30, 10, 4, 4], TIGHT, [0x41, 1, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, indexes.length, ...indexes]),
    ),
    2,
  ]);
}

async function played(chunks: Uint8Array[]): Promise<FrameClient> {
  const client = new FrameClient(SCREEN);
  await Promise.all(chunks.map((chunk) => client.push(chunk)));
  return client;
}

describe('the stream of an agent', () => {
  it('is read whole', async () => {
    const client = await played([everything()]);
    expect(client.kinds).toEqual(['fill', 'copy', 'jpeg', 'palette']);
    expect(client.sizes.map(({ width, reason, status }) => [width, reason, status])).toEqual([
      [100, 0, 0],
      [64, 1, 0],
      [64, 1, 3],
    ]);
    expect(client.announcements).toEqual([-258, -316]);
    expect(client.cursors.map(({ width, hotX, hotY }) => [width, hotX, hotY])).toEqual([
      [0, 0, 0],
      [2, 1, 1],
    ]);
    expect([client.updates, client.bells]).toEqual([4, 2]);
  });

  it('gives the same picture wherever it is cut', async () => {
    const stream = everything();
    const whole = await played([stream]);
    const same = async (places: readonly number[]) => {
      const client = await played(cut(stream, places));
      expect(client.picture).toEqual(whole.picture);
      expect(client.rectangles).toEqual(whole.rectangles);
      expect([client.updates, client.bells]).toEqual([4, 2]);
    };
    await same(Array.from(stream.keys()));
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(stream.length), { maxLength: 20 }), same));
  });

  it.each<[string, 'MALFORMED' | 'MESSAGE_UNKNOWN', Uint8Array]>([
    ['SetColourMapEntries', 'MESSAGE_UNKNOWN', Uint8Array.of(1, 0, 0, 0, 0, 0)],
    ['ServerCutText', 'MESSAGE_UNKNOWN', Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 1, 65)],
    ['a fence', 'MESSAGE_UNKNOWN', Uint8Array.of(248, 0, 0, 0, 0, 0, 0, 0, 0)],
    ['Raw', 'MESSAGE_UNKNOWN', update(rectangle([0, 0, 1, 1], 0, [1, 2, 3, 4]))],
    ['CopyRect', 'MESSAGE_UNKNOWN', update(rectangle([0, 0, 1, 1], 1, u16(0, 0)))],
    ['LastRect', 'MESSAGE_UNKNOWN', update(rectangle([0, 0, 0, 0], -224))],
    ['an update whose padding is not zero', 'MALFORMED', Uint8Array.of(0, 1, 0, 0)],
    ['a rectangle beyond the right edge', 'MALFORMED', update(rectangle([99, 0, 2, 1], TIGHT, FILL))],
    ['a rectangle beyond the lower edge', 'MALFORMED', update(rectangle([0, 79, 1, 2], TIGHT, FILL))],
    ['an empty rectangle', 'MALFORMED', update(rectangle([0, 0, 0, 1], TIGHT, FILL))],
    ['an announcement with a position', 'MALFORMED', update(rectangle([1, 0, 0, 0], -258))],
    ['a screen without an area', 'MALFORMED', update(rectangle([0, 0, 0, 9], EXTENDED_SIZE, oneScreen(0, 9)))],
    [
      'a screen beyond all bounds',
      'MALFORMED',
      update(rectangle([0, 0, 65535, 65535], EXTENDED_SIZE, oneScreen(65535, 65535))),
    ],
    [
      'two screens',
      'MALFORMED',
      update(rectangle([0, 0, 9, 9], EXTENDED_SIZE, [2, ...oneScreen(9, 9).slice(1), ...Array(16).fill(0)])),
    ],
    ['a screen that fills a part', 'MALFORMED', update(rectangle([0, 0, 9, 9], EXTENDED_SIZE, oneScreen(9, 8)))],
    [
      'screen flags',
      'MALFORMED',
      update(rectangle([0, 0, 9, 9], EXTENDED_SIZE, [...oneScreen(9, 9).slice(0, 16), ...u32(1)])),
    ],
    ['a size for another client', 'MALFORMED', update(rectangle([2, 0, 9, 9], EXTENDED_SIZE, oneScreen(9, 9)))],
    [
      'a cursor of 65 columns',
      'MALFORMED',
      update(rectangle([0, 0, 65, 1], VMWARE_CURSOR, [1, 0, ...Array(260).fill(0)])),
    ],
    ['a cursor of two masks', 'MALFORMED', update(rectangle([0, 0, 1, 1], VMWARE_CURSOR, [0, 0, ...Array(8).fill(0)]))],
  ])('refuses %s', async (_, reason, bytes) => {
    await expect(new FrameClient(SCREEN).push(bytes)).rejects.toMatchObject({ reason });
  });

  it('refuses every message type but two', async () => {
    for (let type = 0; type < 256; type++) {
      const pushed = new FrameClient(SCREEN).push(Uint8Array.of(type));
      if (type === 0 || type === 2) await pushed;
      else await expect(pushed).rejects.toMatchObject({ reason: 'MESSAGE_UNKNOWN' });
    }
  });

  it('refuses to start with a screen beyond all bounds', () => {
    expect(() => new AgentMessages({ width: 65535, height: 65535 }, new FrameClient(SCREEN))).toThrow('MALFORMED');
  });
});
