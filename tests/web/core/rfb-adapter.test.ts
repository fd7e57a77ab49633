// Between the session and noVNC: the greeting inside the page, the stream unchanged, "drawn" only on proof, and a noVNC that
// is stuck or gone.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '#protocol/codes.ts';
import { AdapterBench } from '#tests/support/adapter-bench.ts';
import { cut, oneScreen, rectangle, u16, u32, update } from '#tests/support/rfb-bytes.ts';
import { ScriptedNoVnc } from '#tests/support/scripted-novnc.ts';

const TIGHT = 7;
const EXTENDED_SIZE = -308;
const FILL = [0x80, 1, 2, 3];
const fill = () => update(rectangle([0, 0, 100, 80], TIGHT, FILL));
const jpeg = (length: number) =>
  update(rectangle([0, 0, 64, 64], TIGHT, [0x90, (length & 0x7f) | 0x80, length >> 7, ...Array(length).fill(0xaa)]));
const resized = (width: number, height: number) =>
  update(rectangle([0, 0, width, height], EXTENDED_SIZE, oneScreen(width, height)));
const bell = Uint8Array.of(2);

const STREAM = Uint8Array.from([
  ...update(
    rectangle([0, 0, 100, 80], EXTENDED_SIZE, oneScreen(100, 80)),
    rectangle([0, 0, 0, 0], -258),
    rectangle([1, 1, 2, 2], 0x574d5664, [1, 0, ...Array(16).fill(9)]),
    rectangle([0, 0, 100, 80], TIGHT, FILL),
  ),
  ...bell,
  ...jpeg(300),
  ...update(),
  ...update(rectangle([0, 0, 2, 1], TIGHT, [0x01, 1, 2, 3, 4, 5, 6])),
  ...bell,
]);

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'accepted',
    (error) => (error instanceof Refusal ? error.reason : String(error)),
  );
}

describe('the greeting', () => {
  it('is played inside the page, each step in an event of its own, and nothing of it is sent', () => {
    const bench = new AdapterBench();
    const noVnc = bench.show();
    expect(noVnc.events).toEqual(['open', 12, 2, 4, 31]);
    expect(noVnc.connected).toBe(true);
    expect(noVnc.greeting[3]?.slice(0, 24)).toEqual([
      ...u16(100, 80),
      ...[32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 0, 8, 16, 0, 0, 0],
      ...u32(7),
    ]);
    expect([...bench.inputs, ...bench.requests, ...bench.drawn]).toEqual([]);
  });

  it('holds the agent’s first bytes back until it is over', async () => {
    const bench = new AdapterBench();
    const channel = bench.adapter.attach();
    let shown = false;
    const frame = bench.adapter.frame(fill()).then(() => {
      shown = true;
    });
    await new Promise((next) => setImmediate(next));
    expect(shown).toBe(false);
    const noVnc = new ScriptedNoVnc(channel);
    bench.clock.pass(0);
    await frame;
    expect(noVnc.stream).toEqual([...fill()]);
  });

  it('that never ends is a noVNC that is stuck', () => {
    const bench = new AdapterBench();
    bench.adapter.attach();
    bench.clock.pass(10_000);
    expect(bench.stuckTimes).toBe(1);
  });
});

describe('the stream', () => {
  it('reaches noVNC byte for byte however it is cut, and each update is drawn exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(STREAM.length)), async (places) => {
        const bench = new AdapterBench();
        const noVnc = bench.show();
        for (const chunk of cut(STREAM, places)) await bench.adapter.frame(chunk);
        expect(noVnc.stream).toEqual([...STREAM]);
        expect(bench.drawn).toEqual([1, 2, 3, 4]);
      }),
    );
  });

  it('is handed over without a second copy where a record holds no end of an update', async () => {
    const bench = new AdapterBench();
    const channel = bench.adapter.attach();
    const noVnc = new ScriptedNoVnc(channel);
    bench.clock.pass(0);
    const seen: unknown[] = [];
    channel.onmessage = ({ data }) => void seen.push(data);
    const [record] = cut(jpeg(300), [100]);
    await bench.adapter.frame(record as Uint8Array);
    expect(noVnc.connected).toBe(true);
    expect(seen).toEqual([record?.buffer]);
  });

  it.each([
    ['text for the clipboard', [3, 0, 0, 0, ...u32(1), 65]],
    ['a fence of the agent’s own', [248, 0, 0, 0, ...u32(0), 0]],
    ['colours', [1]],
    ['a copy of pixels', [...update(rectangle([0, 0, 1, 1], 1, u16(0, 0)))]],
    ['raw pixels', [...update(rectangle([0, 0, 1, 1], 0, u32(0)))]],
    ['a name', [...update(rectangle([0, 0, 0, 0], -307, u32(0)))]],
  ])('that holds %s ends the session, and noVNC gets none of it', async (_, bytes) => {
    const bench = new AdapterBench();
    const noVnc = bench.show();
    expect(await refusal(bench.adapter.frame(Uint8Array.from(bytes)))).toBe('MESSAGE_UNKNOWN');
    expect(noVnc.received).toEqual([]);
  });

  it.each([
    ['beside the screen', rectangle([90, 0, 20, 20], TIGHT, FILL)],
    ['of no pixels', rectangle([0, 0, 0, 9], TIGHT, FILL)],
    ['with a JPEG larger than its pixels', rectangle([0, 0, 1, 1], TIGHT, [0x90, 0xff, 0xff, 0xff])],
    ['in a Tight that the agent has not', rectangle([0, 0, 1, 1], TIGHT, [0xa0])],
  ])('with a rectangle %s is refused', async (_, content) => {
    const bench = new AdapterBench();
    bench.show();
    expect(await refusal(bench.adapter.frame(update(content)))).toBe('MALFORMED');
  });
});

describe('drawn', () => {
  it('is said when noVNC has proved it, not before', async () => {
    const bench = new AdapterBench();
    const noVnc = bench.show();
    noVnc.draws = false;
    await bench.adapter.frame(fill());
    await bench.adapter.frame(fill());
    expect(bench.drawn).toEqual([]);
    noVnc.draw();
    expect(bench.drawn).toEqual([1, 2]);
    expect(bench.clock.waiting).toBe(0);
  });

  it('is not believed of updates that never came, or twice', async () => {
    const bench = new AdapterBench();
    const noVnc = bench.show();
    await bench.adapter.frame(fill());
    for (const claimed of [1, 0, 2, 0xffff_ffff]) noVnc.say([248, 0, 0, 0, ...u32(1), 4, ...u32(claimed)]);
    expect(bench.drawn).toEqual([1]);
  });
});

describe('a noVNC that does not draw', () => {
  it('is replaced after ten seconds: the new one sees the screen’s size of now and asks for all of it', async () => {
    const bench = new AdapterBench();
    const first = bench.show();
    await bench.adapter.frame(resized(64, 48));
    first.draws = false;
    await bench.adapter.frame(update(rectangle([0, 0, 9, 9], TIGHT, FILL)));
    bench.clock.pass(9_999);
    expect(bench.stuckTimes).toBe(0);
    bench.clock.pass(1);
    expect(bench.stuckTimes).toBe(1);
    expect(first.events.at(-1)).toBe('close');

    const second = bench.show();
    expect(second.greeting[3]?.slice(0, 4)).toEqual(u16(64, 48));
    // The undrawn update counts, or the agent would wait for it for good.
    expect(bench.drawn).toEqual([1, 2]);
    expect(bench.requests.map(({ request }) => request)).toEqual(['refresh']);
    const more = update(rectangle([0, 0, 64, 48], TIGHT, FILL));
    await bench.adapter.frame(more);
    expect(second.stream).toEqual([...more]);
    expect(bench.drawn).toEqual([1, 2, 3]);
  });

  it('is not heard any more once it is replaced', async () => {
    const bench = new AdapterBench();
    const first = bench.show();
    first.draws = false;
    await bench.adapter.frame(fill());
    bench.clock.pass(10_000);
    bench.show();
    first.draw();
    first.say([4, 1, 0, 0, ...u32(0x61)]);
    expect(bench.drawn).toEqual([1]);
    expect(bench.inputs).toEqual([]);
  });

  it('may be replaced in the middle of an update: the rest of that is not shown to the new one, but counts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: jpeg(300).length - 1 }), async (place) => {
        const bench = new AdapterBench();
        bench.show();
        const [begin, end] = cut(jpeg(300), [place]) as [Uint8Array, Uint8Array];
        await bench.adapter.frame(begin);
        bench.adapter.detach();
        const second = bench.show();
        await bench.adapter.frame(Uint8Array.from([...end, ...fill()]));
        expect(second.stream).toEqual([...fill()]);
        expect(bench.drawn).toEqual([1, 2]);
      }),
    );
  });

  it('three times without a proof in between ends the session', () => {
    const bench = new AdapterBench();
    for (let time = 0; time < 3; time++) {
      bench.adapter.attach();
      bench.clock.pass(10_000);
    }
    expect(bench.stuckTimes).toBe(2);
    expect(bench.failures.map(({ reason, code }) => [reason, code])).toEqual([['PICTURE_STUCK', 'PICTURE_LOST']]);
  });

  it('is noticed at once when it closes the channel, throws, or says what no client says', async () => {
    for (const fault of ['close', 'throw', 'speak'] as const) {
      const bench = new AdapterBench();
      const channel = bench.adapter.attach();
      const noVnc = new ScriptedNoVnc(channel);
      bench.clock.pass(0);
      if (fault === 'close') channel.close();
      if (fault === 'throw') {
        channel.onmessage = () => {
          throw new Error('an array out of range');
        };
        await bench.adapter.frame(fill());
      }
      if (fault === 'speak') noVnc.say([77]);
      await new Promise((next) => setImmediate(next));
      bench.clock.pass(0);
      expect(bench.stuckTimes, fault).toBe(1);
    }
  });
});

describe('while nobody looks', () => {
  it('updates pass by: the agent is not told that they are drawn, so it sends two and waits', async () => {
    const bench = new AdapterBench();
    bench.show();
    await bench.adapter.frame(fill());
    bench.adapter.detach();
    await bench.adapter.frame(fill());
    await bench.adapter.frame(fill());
    expect(bench.drawn).toEqual([1]);
    bench.show();
    expect(bench.drawn).toEqual([1, 3]);
    expect(bench.requests.map(({ request }) => request)).toEqual(['refresh']);
  });

  it('a frame that waited for a greeting goes by when there will be none', async () => {
    const bench = new AdapterBench();
    bench.adapter.attach();
    const frame = bench.adapter.frame(fill());
    bench.adapter.detach();
    await frame;
    expect(bench.drawn).toEqual([]);
  });

  it('no timer runs, and none is left at the end', async () => {
    const bench = new AdapterBench();
    bench.show().draws = false;
    await bench.adapter.frame(fill());
    bench.adapter.detach();
    expect(bench.clock.waiting).toBe(0);
    bench.show();
    bench.adapter.close();
    expect(bench.clock.waiting).toBe(0);
  });
});

describe('from a press to its picture', () => {
  it('is measured to the first update that can answer it', async () => {
    const bench = new AdapterBench();
    const noVnc = bench.show();
    bench.roundTripMs = 50;
    noVnc.say([4, 1, 0, 0, ...u32(0x61)]);
    bench.clock.pass(20);
    await bench.adapter.frame(fill());
    expect(bench.adapter.inputToPixelMs).toBe(null);
    bench.clock.pass(40);
    await bench.adapter.frame(fill());
    expect(bench.adapter.inputToPixelMs).toBe(60);
  });

  it('a press that changes nothing is forgotten, and the next one measured', async () => {
    const bench = new AdapterBench();
    const noVnc = bench.show();
    bench.roundTripMs = 20;
    noVnc.say([5, 1, ...u16(3, 4)]);
    bench.clock.pass(3_500);
    await bench.adapter.frame(fill());
    expect(bench.adapter.inputToPixelMs).toBe(null);
    noVnc.say([5, 1, ...u16(3, 4)]);
    bench.clock.pass(30);
    await bench.adapter.frame(fill());
    expect(bench.adapter.inputToPixelMs).toBe(30);
  });

  it('is not told while nobody knows what an answer needs at least', async () => {
    const bench = new AdapterBench();
    const noVnc = bench.show();
    noVnc.say([5, 1, ...u16(3, 4)]);
    await bench.adapter.frame(fill()); // was on its way when the button went down
    expect(bench.adapter.inputToPixelMs).toBe(null);
  });
});
