// The replayed screen with a window that the test opens and shuts, against the real reader of its stream.
import { describe, expect, it, vi } from 'vitest';
import type { ScreenSenderParts } from '#agent/screen/screen-sender.ts';
import { ReplayScreen } from '#bench/replay/replay-screen.ts';
import { type Stamp, StampReader } from '#bench/replay/stamp.ts';
import { placeOf, type Trace } from '#bench/workloads/trace.ts';
import { Writer } from '#protocol/bytes.ts';
import { Encoding } from '#protocol/inner/profile.ts';
import { TIGHT_JPEG } from '#protocol/inner/screen/tight-format.ts';

/** A rectangle whose picture nobody decodes, as long as wanted. */
function rectangle(x: number, length: number) {
  const body = length - 12 - 1 - 3;
  const writer = new Writer().u16(x).u16(0).u16(64).u16(64).u32(Encoding.tight).u8(TIGHT_JPEG);
  writer
    .u8((body & 0x7f) | 0x80)
    .u8(((body >> 7) & 0x7f) | 0x80)
    .u8(body >> 14);
  const bytes = writer.bytes(new Uint8Array(body)).done();
  return { place: placeOf(bytes), bytes };
}

/** The same two tiles at each of three moments. */
const TRACE: Trace = {
  width: 640,
  height: 480,
  durationMs: 300,
  frames: [0, 100, 200].map((atMs) => ({ atMs, rectangles: [rectangle(0, 1_000), rectangle(64, 1_000)] })),
};

function setUp({ updateBytes = 100_000 } = {}) {
  let room = 0;
  let sequence = 0;
  let captured = 1_000;
  const found: Stamp[] = [];
  const reader = new StampReader((stamp) => found.push(stamp));
  const failed = vi.fn();
  const parts = {
    send(chunk: Uint8Array) {
      room -= chunk.length;
      reader.push(chunk);
      return ++sequence;
    },
    room: () => room,
    recordBytes: () => 500,
    updateBytes: () => updateBytes,
    now: () => performance.now(),
    failed,
  } as Partial<ScreenSenderParts> as ScreenSenderParts;
  const screen = new ReplayScreen(parts, () => ++captured);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return {
    screen,
    found,
    failed,
    /** The window opens by so much, and everything before is acknowledged and drawn. */
    async open(bytes: number) {
      room += bytes;
      screen.acked(sequence, found.length);
      for (let i = 0; i < 4; i++) await turn();
    },
    get sent() {
      return sequence;
    },
  };
}

describe('a replayed screen', () => {
  it('sends nothing while the window is full, and answers a key as soon as there is room', async () => {
    const { screen, found, open, failed } = setUp();
    screen.key(5);
    screen.key(6);
    await open(0);
    expect(found).toEqual([]);
    await open(10_000);
    expect(found).toMatchObject([{ echo: 6 }]);
    await open(10_000);
    expect(found, 'one answer is enough').toHaveLength(1);
    expect(failed).not.toHaveBeenCalled();
    screen.close();
  });

  it('keeps of what waits only the newest of each place, and counts the others', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const { screen, found, open } = setUp();
      screen.show({ trace: TRACE, pace: 'recorded' }, 0);
      vi.advanceTimersByTime(250);
      expect(screen.counts).toEqual({ updates: 0, staleTiles: 4 });
      await open(100_000);
      expect(found).toHaveLength(1);
      expect(found[0]?.length, 'two tiles and the stamp').toBe(2_000 + 48);
      screen.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it('always has something new when it saturates, captured when it goes', async () => {
    const { screen, found, open } = setUp({ updateBytes: 1_500 });
    screen.show({ trace: TRACE, pace: 'saturating' }, 0.5);
    await open(3_000);
    const [first] = found;
    await open(3_000);
    const last = found.at(-1);
    expect(found.length).toBeGreaterThan(1);
    expect(last?.capturedUs ?? 0).toBeGreaterThan(first?.capturedUs ?? 0);
    screen.close();
  });

  it('holds an update to the measure of the window, but for its last rectangle', async () => {
    const { screen, found, open } = setUp({ updateBytes: 800 });
    screen.show({ trace: TRACE, pace: 'saturating' }, 0);
    await open(5_000);
    expect(found.length).toBeGreaterThan(1);
    for (const { length } of found) expect(length).toBeLessThan(800 + 1_000 + 48);
    screen.close();
  });

  it('ends an update that it began before it begins another', async () => {
    const { screen, found, open } = setUp();
    screen.show({ trace: TRACE, pace: 'saturating' }, 0);
    await open(600);
    screen.key(9);
    screen.show(null, 0);
    await open(0);
    expect(found).toEqual([]);
    await open(5_000);
    expect(found).toMatchObject([{ echo: 0 }, { echo: 9 }]);
  });

  it('is silent after close, whatever its desktop shows', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const set = setUp();
      set.screen.show({ trace: TRACE, pace: 'saturating' }, 0);
      set.screen.close();
      set.screen.key(1);
      set.screen.show({ trace: TRACE, pace: 'recorded' }, 0);
      expect(vi.getTimerCount(), 'a closed screen waits for no frame').toBe(0);
      await set.open(10_000);
      expect(set.sent).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
