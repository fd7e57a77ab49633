// T14: streams of RFB made by somebody who means harm, towards the agent (a desktop's server) and towards the client (a
// compromised agent). Neither may crash the reader, make it hold memory, or leave it going on after a violation.
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '#protocol/codes.ts';
import { type DesktopHandler, DesktopMessages } from '#rfb/desktop-messages.ts';
import { FrameClient } from '#tests/support/frame-client.ts';
import { liveMemory } from '#tests/support/live-memory.ts';
import { cut, oneScreen, rectangle, u16, u32, update } from '#tests/support/rfb-bytes.ts';

const SCREEN = { width: 64, height: 48 };
const MEGABYTE = 1024 * 1024;

async function expectFlat(work: () => Promise<void>): Promise<void> {
  await work();
  const before = await liveMemory();
  await work();
  expect((await liveMemory()) - before).toBeLessThan(4 * MEGABYTE);
}

function desktopReader(heard: string[] = []): DesktopMessages {
  const handler: DesktopHandler = {
    pixels: () => heard.push('pixels'),
    copy: () => heard.push('copy'),
    sized: () => heard.push('sized'),
    cursor: () => heard.push('cursor'),
    announced: () => heard.push('announced'),
    updated: () => heard.push('updated'),
    bell: () => heard.push('bell'),
  };
  return new DesktopMessages(SCREEN, handler);
}

/** Everything both grammars know, as material for mutation. */
const copy = deflateSync(Uint8Array.from({ length: 300 }, (_, i) => i));
const FROM_DESKTOP = [
  ...update(
    rectangle([0, 0, 9, 3], 0, Array(108).fill(5)),
    rectangle([1, 1, 5, 5], 1, u16(3, 3)),
    rectangle([0, 0, 9, 2], -239, Array(76).fill(255)),
    rectangle([0, 0, 64, 40], -308, oneScreen(64, 40)),
  ),
  ...[3, 0, 0, 0, ...u32(4), 65, 66, 67, 68],
  ...[248, 0, 0, 0, ...u32(3), 2, 1, 1],
  ...[1, 0, ...u16(0, 1), 1, 2, 3, 4, 5, 6],
];
const FROM_AGENT = [
  ...update(
    rectangle([0, 0, 64, 48], -308, oneScreen(64, 48)),
    rectangle([0, 0, 2, 1], 0x574d5664, [1, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
    rectangle([0, 0, 10, 10], 7, [0x80, 1, 2, 3]),
    rectangle([0, 0, 10, 10], 7, [0x01, (copy.length & 0x7f) | 0x80, copy.length >> 7, ...copy]),
    rectangle([0, 0, 8, 2], 7, [0x41, 1, 1, 1, 2, 3, 4, 5, 6, 0xaa, 0x55]),
  ),
  2,
];

const places = fc.array(fc.nat(400), { maxLength: 5 });
const mutations = fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 });

function mutated(stream: readonly number[], changes: readonly (readonly [number, number])[]): Uint8Array {
  const bytes = Uint8Array.from(stream);
  for (const [at, value] of changes) bytes[at % bytes.length] = value;
  return bytes;
}

async function expectReadOrRefused(reader: { push(chunk: Uint8Array): Promise<void> }, chunks: Uint8Array[]) {
  for (const chunk of chunks) {
    try {
      await reader.push(chunk);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      expect(['MALFORMED', 'MESSAGE_UNKNOWN']).toContain(error.reason);
      // Not by expect().rejects, which would keep what it has seen alive until the test ends
      expect(await reader.push(Uint8Array.of(2)).catch((again) => again)).toBe(error);
      return;
    }
  }
}

describe('T14: a hostile stream of RFB', () => {
  it.each([
    ['plain', 0x7fff_ffff],
    ['extended', -0x8000_0000],
  ])(
    'may announce 2 GiB of %s clipboard: it is skipped without being held, and none of it goes on',
    async (_, length) => {
      const bytes = Math.abs(length);
      const chunk = new Uint8Array(MEGABYTE).fill(65);
      await expectFlat(async () => {
        const heard: string[] = [];
        const reader = desktopReader(heard);
        await reader.push(Uint8Array.from([3, 0, 0, 0, ...u32(length)]));
        for (let left = bytes; left > 0; left -= chunk.length) await reader.push(chunk.subarray(0, left));
        expect(heard).toEqual([]);
        await reader.push(Uint8Array.of(2));
        expect(heard).toEqual(['bell']);
      });
    },
  );

  it('may announce pixels, cursors and colours that never come: nothing is held for them', async () => {
    const openings = [
      update(rectangle([0, 0, 64, 48], 0)),
      update(rectangle([0, 0, 65535, 65535], -239)),
      update(rectangle([0, 0, 256, 256], -239)),
      Uint8Array.from([1, 0, ...u16(0, 65535)]),
    ];
    await expectFlat(async () => {
      const readers = Array.from({ length: 500 }, (_, i) => ({ reader: desktopReader(), bytes: openings[i % 4] }));
      const before = await liveMemory();
      for (const { reader, bytes } of readers) await reader.push(bytes as Uint8Array);
      expect((await liveMemory()) - before).toBeLessThan(4 * MEGABYTE);
    });
  });

  it('may announce data for a rectangle: no more is held than has come, and not one byte beyond the geometry', async () => {
    const before = await liveMemory();
    const clients = Array.from({ length: 200 }, () => new FrameClient(SCREEN));
    const held = (await liveMemory()) - before;
    for (const client of clients) {
      await client.push(update(rectangle([0, 0, 64, 48], 7, [0x90, 0xff, 0x67])));
    }
    expect((await liveMemory()) - before - held).toBeLessThan(4 * MEGABYTE);
    const tooMuch = new FrameClient(SCREEN).push(update(rectangle([0, 0, 64, 48], 7, [0x90, 0xff, 0xff, 0xff])));
    await expect(tooMuch).rejects.toMatchObject({ reason: 'MALFORMED' });
  });

  it('may hold a bomb: 100 MB behind 100 kB are not inflated', async () => {
    const bomb = deflateSync(new Uint8Array(100 * MEGABYTE));
    const client = new FrameClient({ width: 2048, height: 2048 });
    const length = [(bomb.length & 0x7f) | 0x80, ((bomb.length >> 7) & 0x7f) | 0x80, bomb.length >> 14];
    const before = process.memoryUsage().rss;
    const pushed = client.push(update(rectangle([0, 0, 1024, 100], 7, [0x01, ...length, ...bomb])));
    await expect(pushed).rejects.toMatchObject({ reason: 'MALFORMED' });
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * MEGABYTE);
  });

  it('is read or refused, whatever a desktop says, with memory flat', async () => {
    await expectFlat(() =>
      fc.assert(
        fc.asyncProperty(
          fc.oneof(
            mutations.map((each) => mutated(FROM_DESKTOP, each)),
            fc.uint8Array({ maxLength: 300 }),
          ),
          places,
          (bytes, at) => expectReadOrRefused(desktopReader(), cut(bytes, at)),
        ),
        { numRuns: 1000 },
      ),
    );
  });

  it('is read or refused, whatever an agent says, with memory flat', async () => {
    await expectFlat(() =>
      fc.assert(
        fc.asyncProperty(
          fc.oneof(
            mutations.map((each) => mutated(FROM_AGENT, each)),
            fc.uint8Array({ maxLength: 300 }),
          ),
          places,
          (bytes, at) => expectReadOrRefused(new FrameClient(SCREEN), cut(bytes, at)),
        ),
        { numRuns: 1000 },
      ),
    );
  });
});
