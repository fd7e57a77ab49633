import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Refusal } from '#protocol/codes.ts';
import { ScreenLink, tilesOf } from '#tests/support/screen-link.ts';
import {
  type Paint,
  photo,
  psnr,
  randomColours,
  repaint,
  sharedScreen,
  throughMask,
} from '#tests/support/shared-screen.ts';
import type { Rectangle, Screen } from '../../../agent/desktop/desktop.ts';
import { encodeAreas } from '../../../agent/screen/encode.ts';
import { Watermark } from '../../../agent/screen/watermark.ts';

const MARK = ['tanaka-taro 131016', '131016/agent1/desktop-1'];

/** f(desktop), the picture that a client must end up with. */
function expected(screen: Screen): Uint8Array {
  return throughMask(screen, new Watermark(MARK).lay(screen.width, screen.height));
}

function expectExact(link: ScreenLink, screen: Screen): void {
  expect(link.client.picture.width).toBe(screen.width);
  expect(Buffer.compare(link.client.picture.pixels, expected(screen))).toBe(0);
}

/** Each pixel twice, side by side: so many repeats are no photo, whatever the number of colours. */
function inPairs(paint: Paint): Paint {
  let last = 0;
  return (x, y) => {
    if (x % 2 === 0) last = paint(x, y);
    return last;
  };
}

/** Paints one colour over the part of the area that is on the screen. */
function repaintArea({ width, height, pixels }: Screen, area: Rectangle, seed: number): void {
  const words = new Uint32Array(pixels.buffer);
  for (let y = area.y; y < Math.min(height, area.y + area.height); y++) {
    words.fill((seed | 0xff00_0000) >>> 0, y * width + area.x, y * width + Math.min(width, area.x + area.width));
  }
}

function whole({ width, height }: Screen) {
  return { x: 0, y: 0, width, height };
}

describe('the first update', () => {
  it('says size, input extensions and cursor before the first tile, and then the whole screen', async () => {
    const screen = sharedScreen(300, 200, randomColours(20, 1));
    const link = new ScreenLink(screen);
    const order: string[] = [];
    for (const name of ['sized', 'announced', 'cursor', 'tight', 'updated'] as const) {
      const original = link.client[name].bind(link.client) as (...args: unknown[]) => void;
      link.client[name] = (...args: unknown[]) => {
        if (order.at(-1) !== name) order.push(name);
        return original(...args);
      };
    }
    await link.finish();
    expect(order).toEqual(['sized', 'announced', 'cursor', 'tight', 'updated']);
    expectExact(link, screen);
    expect(link.sender.idle).toBe(true);
  });

  it('is cut among the workers without losing a tile', async () => {
    const screen = sharedScreen(640, 320, randomColours(20, 1));
    const link = new ScreenLink(screen, { workers: 3 });
    await link.finish();
    expect(link.jobs.length).toBe(3);
    expect(link.tilesEncoded.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, tile) => tile));
    expectExact(link, screen);
  });
});

describe('damage', () => {
  it('of one turn is one update of each tile once', async () => {
    const screen = sharedScreen(300, 200, () => 0x808080);
    const link = new ScreenLink(screen);
    await link.finish();
    link.jobs.length = 0;
    for (let i = 0; i < 100; i++) link.sender.damage({ x: 60 + (i % 10), y: 10, width: 1, height: 1 });
    await link.finish();
    expect(link.jobs.map(tilesOf)).toEqual([[0, 1]]);
  });

  it('that comes while its tile is being encoded is sent again', async () => {
    const screen = sharedScreen(64, 64, () => 0x111111);
    const link = new ScreenLink(screen);
    await link.finish();
    link.encode = async (job) => {
      const early = encodeAreas(job);
      repaint(screen, () => 0x333333);
      link.encode = async (next) => encodeAreas(next);
      link.sender.damage(whole(screen));
      return early;
    };
    repaint(screen, () => 0x222222);
    link.sender.damage(whole(screen));
    await link.finish();
    expectExact(link, screen);
  });
});

describe('small damage beside a film', () => {
  it('is the next update and travels alone, though older damage waits', async () => {
    const screen = sharedScreen(640, 640, inPairs(randomColours(4_000, 1)));
    const link = new ScreenLink(screen, { window: 20_000 });
    await link.settle();
    expect(link.sender.idle).toBe(false);
    link.sender.damage({ x: 600, y: 600, width: 8, height: 16 });
    link.jobs.length = 0;
    while (link.jobs.length === 0) {
      await link.deliver();
      await link.settle();
    }
    expect(link.jobs.map(tilesOf)[0]).toEqual([99]);
    await link.finish();
    expectExact(link, screen);
  });

  it('that never ends takes turns with it', async () => {
    const screen = sharedScreen(640, 640, inPairs(randomColours(4_000, 1)));
    const link = new ScreenLink(screen, { window: 20_000 });
    await link.settle();
    for (let round = 0; round < 200; round++) {
      link.sender.damage({ x: 600, y: 600, width: 8, height: 16 });
      await link.deliver();
      await link.settle();
    }
    expect(new Set(link.tilesEncoded).size, 'each tile of the screen has gone').toBe(100);
    const small = link.jobs.filter((job) => job.areas.length === 1 && tilesOf(job)[0] === 99);
    expect(small.length).toBeGreaterThan(50);
  });
});

describe('partial damage', () => {
  const step = fc.record({
    x: fc.nat(149),
    y: fc.nat(99),
    width: fc.integer({ min: 1, max: 100 }),
    height: fc.integer({ min: 1, max: 100 }),
    seed: fc.nat(),
    settle: fc.boolean(),
  });

  it('sends the damaged part of a tile, not all of it', async () => {
    const screen = sharedScreen(192, 128, randomColours(200, 1));
    const link = new ScreenLink(screen);
    await link.finish();
    link.jobs.length = 0;
    link.sender.damage({ x: 60, y: 10, width: 8, height: 16 });
    link.sender.damage({ x: 70, y: 10, width: 2, height: 16 });
    await link.finish();
    expect(link.jobs.map(({ areas }) => areas)).toEqual([
      [
        { x: 60, y: 10, width: 4, height: 16 },
        { x: 64, y: 10, width: 8, height: 16 },
      ],
    ]);
    expect(link.client.rectangles.at(-1)?.region).toMatchObject({ x: 60, y: 10, width: 12, height: 16 });
  });

  it('of any shape ends in f(desktop)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const screen = sharedScreen(150, 100, randomColours(30, 1));
        const link = new ScreenLink(screen);
        for (const { seed, settle, ...area } of steps) {
          repaintArea(screen, area, seed);
          link.sender.damage(area);
          if (settle) await link.finish();
        }
        await link.finish();
        expectExact(link, screen);
      }),
      { numRuns: 30 },
    );
  });
});

describe('while there is no room', () => {
  it('nothing is encoded, and what goes afterwards is only the newest', async () => {
    const screen = sharedScreen(64, 64, () => 0x000000);
    const link = new ScreenLink(screen, { window: 0 });
    for (let value = 1; value <= 20; value++) {
      repaint(screen, () => value * 0x010101);
      link.sender.damage(whole(screen));
      link.sender.refresh();
      await link.settle();
    }
    expect(link.jobs).toEqual([]);
    link.window = 100_000;
    link.acknowledge();
    await link.finish();
    expect(link.tilesEncoded).toEqual([0]);
    expectExact(link, screen);
  });

  it('what was painted over before it went is counted, over a resize, too', async () => {
    const screen = sharedScreen(192, 64, () => 0x000000);
    const link = new ScreenLink(screen);
    await link.finish();
    expect(link.sender.counts).toEqual({ updates: 1, staleTiles: 0 });
    link.window = 0;
    for (let i = 0; i < 3; i++) link.sender.damage({ x: 0, y: 0, width: 65, height: 1 });
    link.sender.damage({ x: 128, y: 0, width: 1, height: 1 });
    await link.settle();
    expect(link.sender.counts).toEqual({ updates: 1, staleTiles: 4 });
    link.sender.resized(sharedScreen(64, 64, () => 0xff));
    expect(link.sender.counts.staleTiles, 'the three tiles that waited').toBe(7);
    link.window = 100_000;
    await link.finish();
    expect(link.sender.counts).toEqual({ updates: 2, staleTiles: 7 });
  });

  it('an update that is begun waits with its rest, and is never dropped or overtaken', async () => {
    // Several kB a tile, so that the window is full again and again
    const screen = sharedScreen(256, 128, inPairs(randomColours(4000, 2)));
    const link = new ScreenLink(screen, { window: 3_000 });
    for (let round = 0; round < 200 && !link.sender.idle; round++) {
      await link.settle();
      link.sender.bell();
      await link.deliver(1);
    }
    await link.finish();
    expectExact(link, screen);
    expect(link.client.bells).toBeGreaterThan(0);
    // One record may pass the limit that was not yet reached before it
    expect(link.highest).toBeLessThanOrEqual(3_000 + 16_384);
  });

  it('an update does not overshoot the room by much, even when tiles get dearer at once', async () => {
    const screen = sharedScreen(1280, 800, () => 0xffffff);
    const link = new ScreenLink(screen, { window: 64 * 1024 });
    await link.finish();
    repaint(screen, randomColours(60, 3));
    link.sender.damage(whole(screen));
    let largest = 0;
    link.encode = async (job) => {
      const encoded = encodeAreas(job);
      largest = Math.max(largest, encoded.bytes.length);
      return encoded;
    };
    await link.finish();
    expectExact(link, screen);
    // 64 tiles of at most 3.5 kB: the first guess; from the second on the cost is known
    expect(largest).toBeLessThan(4 * 64 * 1024);
  });
});

describe('undrawn updates', () => {
  it('stop the encoding at two, and the drawing starts it again', async () => {
    const screen = sharedScreen(64, 64, () => 0);
    const link = new ScreenLink(screen);
    await link.finish();
    link.draws = false;
    const paint = async (value: number) => {
      repaint(screen, () => value);
      link.sender.damage(whole(screen));
      await link.finish();
    };
    link.jobs.length = 0;
    for (let value = 1; value <= 6; value++) await paint(value);
    expect(link.jobs).toHaveLength(2);
    link.draws = true;
    link.acknowledge();
    await link.finish();
    expect(link.jobs).toHaveLength(3);
    expectExact(link, screen);
  });
});

describe('a refresh', () => {
  it('sends everything once more, however many were asked for', async () => {
    const screen = sharedScreen(200, 100, randomColours(9, 1));
    const link = new ScreenLink(screen);
    await link.finish();
    link.jobs.length = 0;
    for (let i = 0; i < 50; i++) link.sender.refresh();
    await link.finish();
    expect(link.tilesEncoded).toHaveLength(8);
    expect(link.client.sizes).toHaveLength(2);
    expect(link.client.cursors).toHaveLength(2);
  });
});

describe('a resize', () => {
  it('forgets what was being encoded, says the new size first, lays the mask anew and sends all', async () => {
    const small = sharedScreen(200, 100, randomColours(9, 1));
    const large = sharedScreen(333, 277, randomColours(9, 2));
    const link = new ScreenLink(small);
    await link.finish();
    const { promise, resolve } = Promise.withResolvers<void>();
    link.encode = async (job) => {
      await promise;
      return encodeAreas(job);
    };
    link.sender.damage(whole(small));
    await link.settle();
    expect(link.jobs.at(-1)?.width).toBe(200);
    link.sender.resized(large);
    link.sender.answerResize('granted');
    resolve();
    await link.finish();
    expect(link.client.sizes.slice(1)).toEqual([{ width: 333, height: 277, reason: 1, status: 0 }]);
    expectExact(link, large);
  });

  it('of another size than asked for is one update: the size as the desktop’s own, then the refusal', async () => {
    const link = new ScreenLink(sharedScreen(200, 100, () => 0));
    await link.finish();
    const before = link.client.updates;
    link.sender.resized(sharedScreen(150, 100, () => 0));
    link.sender.answerResize('refused');
    await link.finish();
    expect(link.client.updates).toBe(before + 1);
    expect(link.client.sizes.slice(1).map(({ reason, status }) => [reason, status])).toEqual([
      [0, 0],
      [1, 2],
    ]);
  });

  it('that is refused or a repeat is answered although nothing else is to be sent', async () => {
    const link = new ScreenLink(sharedScreen(200, 100, () => 0));
    await link.finish();
    link.jobs.length = 0;
    link.sender.answerResize('refused');
    await link.finish();
    link.sender.answerResize('unchanged');
    await link.finish();
    expect(link.client.sizes.slice(1).map(({ reason, status }) => [reason, status])).toEqual([
      [1, 1],
      [1, 3],
    ]);
    expect(link.jobs).toEqual([]);
  });
});

describe('tiles sent as JPEG', () => {
  function withTimers(test: (advance: (ms: number, link: ScreenLink) => Promise<void>) => Promise<void>) {
    return async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        await test(async (ms, link) => {
          link.clock += ms;
          vi.advanceTimersByTime(ms);
          await link.finish();
        });
      } finally {
        vi.useRealTimers();
      }
    };
  }

  it(
    'are sent again without loss once the screen has rested for 500 ms',
    withTimers(async (advance) => {
      const screen = sharedScreen(256, 128, photo(1));
      const link = new ScreenLink(screen);
      await link.finish();
      expect(link.client.kinds).toContain('jpeg');
      expect(psnr(link.client.picture.pixels, expected(screen))).toBeGreaterThan(30);
      await advance(499, link);
      expect(Buffer.compare(link.client.picture.pixels, expected(screen))).not.toBe(0);
      await advance(1, link);
      expectExact(link, screen);
      const rectangles = link.client.rectangles.length;
      await advance(5_000, link);
      expect(link.client.rectangles).toHaveLength(rectangles);
    }),
  );

  it(
    'wait as long as their tile is still changing, while others are refined',
    withTimers(async (advance) => {
      const screen = sharedScreen(128, 64, photo(1));
      const link = new ScreenLink(screen);
      await link.finish();
      link.jobs.length = 0;
      for (let i = 0; i < 10; i++) {
        link.sender.damage({ x: 0, y: 0, width: 1, height: 1 });
        await link.finish();
        await advance(100, link);
      }
      expect(link.jobs.filter((job) => job.lossless).map(tilesOf)).toEqual([[1]]);
      await advance(500, link);
      expect(link.jobs.filter((job) => job.lossless).map(tilesOf)).toEqual([[1], [0]]);
      expectExact(link, screen);
    }),
  );

  it(
    'are refined whole after a part of one was sent without loss',
    withTimers(async (advance) => {
      const screen = sharedScreen(64, 64, photo(1));
      const link = new ScreenLink(screen);
      await link.finish();
      await advance(300, link);
      repaintArea(screen, { x: 5, y: 5, width: 9, height: 9 }, 0x336699);
      link.sender.damage({ x: 5, y: 5, width: 9, height: 9 });
      await link.finish();
      await advance(400, link);
      expect(Buffer.compare(link.client.picture.pixels, expected(screen))).not.toBe(0);
      await advance(100, link);
      expectExact(link, screen);
    }),
  );

  it(
    'are not refined while there is no room',
    withTimers(async (advance) => {
      const screen = sharedScreen(128, 64, photo(1));
      const link = new ScreenLink(screen);
      await link.finish();
      link.window = 0;
      link.jobs.length = 0;
      await advance(2_000, link);
      expect(link.jobs).toEqual([]);
      link.window = 100_000;
      link.acknowledge();
      await link.finish();
      expectExact(link, screen);
    }),
  );
});

describe('a bell', () => {
  it('rings between updates, once for many', async () => {
    const link = new ScreenLink(sharedScreen(64, 64, () => 0));
    for (let i = 0; i < 10; i++) link.sender.bell();
    await link.finish();
    expect(link.client.bells).toBe(1);
  });
});

describe('the end', () => {
  it('comes with one failure if encoding fails for good, and nothing is sent after it', async () => {
    const screen = sharedScreen(64, 64, () => 0);
    const link = new ScreenLink(screen);
    link.encode = () => Promise.reject(new Refusal('INTERNAL', 'an encoder failed twice'));
    await link.finish();
    link.sender.damage(whole(screen));
    link.sender.refresh();
    await link.settle();
    expect(link.failures.map(({ reason }) => reason)).toEqual(['INTERNAL']);
    expect(link.pathBytes).toBe(0);
  });

  it('is final: after close() nothing is encoded or sent', async () => {
    const screen = sharedScreen(64, 64, () => 0);
    const link = new ScreenLink(screen);
    await link.finish();
    link.jobs.length = 0;
    link.sender.damage(whole(screen));
    link.sender.close();
    link.sender.refresh();
    await link.settle();
    expect([link.jobs.length, link.pathBytes, link.failures.length]).toEqual([0, 0, 0]);
  });
});

describe('whatever happens in whatever order', () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant('paint' as const), seed: fc.nat(), colours: fc.integer({ min: 1, max: 1000 }) }),
    fc.record({ type: fc.constant('deliver' as const), count: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ type: fc.constant('settle' as const) }),
    fc.record({ type: fc.constant('refresh' as const) }),
    fc.record({ type: fc.constant('stall' as const), draws: fc.boolean() }),
    fc.record({
      type: fc.constant('resize' as const),
      width: fc.integer({ min: 1, max: 200 }),
      height: fc.integer({ min: 1, max: 150 }),
    }),
  );

  it('the client ends with f(desktop), each pixel marked, and the window holds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.integer({ min: 1, max: 20_000 }),
        async (steps, window) => {
          let screen = sharedScreen(150, 100, randomColours(30, 1));
          const link = new ScreenLink(screen, { window, mark: MARK });
          for (const each of steps) {
            if (each.type === 'paint') {
              repaint(screen, inPairs(randomColours(each.colours, each.seed)));
              link.sender.damage(whole(screen));
            }
            if (each.type === 'deliver') await link.deliver(each.count);
            if (each.type === 'settle') await link.settle();
            if (each.type === 'refresh') link.sender.refresh();
            if (each.type === 'stall') link.draws = each.draws;
            if (each.type === 'resize') {
              screen = sharedScreen(each.width, each.height, randomColours(40, each.width));
              link.sender.resized(screen);
            }
          }
          link.draws = true;
          await link.finish();
          // Small windows refuse a tile until a whole record fits: widen, as a measured window would
          link.window = 100_000;
          link.acknowledge();
          await link.finish();
          expect(link.failures).toEqual([]);
          expect(link.highest).toBeLessThanOrEqual(window + 16_384);
          expectExact(link, screen);
          expect(link.jobs.every((job) => job.mask.length === job.width * job.height)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });
});
