// What noVNC says, on its way into the session: read by length whatever the cut, at the lane's rate, and never a clipboard.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeInput, type InputEvent } from '#protocol/inner/profile.ts';
import { CONTROL_PER_SECOND, INPUT_PER_SECOND } from '#protocol/limits.ts';
import { TokenBucket } from '#protocol/token-bucket.ts';
import { AdapterBench } from '#tests/support/adapter-bench.ts';
import { u16, u32 } from '#tests/support/rfb-bytes.ts';
import { SCREEN_KEYS } from '#web/core/screen-keys.ts';

const keysym = (down: boolean, sym: number) => [4, Number(down), 0, 0, ...u32(sym)];
const physical = (down: boolean, sym: number, code: number) => [255, 0, ...u16(Number(down)), ...u32(sym, code)];
const pointer = (buttons: number, x: number, y: number) =>
  buttons > 0x7f ? [5, (buttons & 0x7f) | 0x80, ...u16(x, y), buttons >> 7] : [5, buttons, ...u16(x, y)];
const size = (width: number, height: number) => [
  ...[251, 0, ...u16(width, height), 1, 0],
  ...[...u32(0), ...u16(0, 0, width, height), ...u32(0)],
];
/** ClientCutText, as RFC 6143 has it and in the extended form. */
const cutText = (text: number[]) => [6, 0, 0, 0, ...u32(text.length), ...text];
const extendedCutText = (text: number[]) => [6, 0, 0, 0, ...u32(-text.length), ...text];

describe('noVNC’s messages', () => {
  it('become events of the session', () => {
    const bench = new AdapterBench();
    bench
      .show()
      .say([
        ...physical(true, 0, 0x73),
        ...physical(false, 0, 0x73),
        ...keysym(true, 0x100_3042),
        ...keysym(false, 0x100_3042),
        ...pointer(1, 2, 3),
        ...pointer(0x180, 4, 5),
      ]);
    expect(bench.events).toEqual([
      { type: 'physical-key', down: true, keysym: 0, code: 0x73 },
      { type: 'physical-key', down: false, keysym: 0, code: 0x73 },
      { type: 'key', down: true, keysym: 0x100_3042 },
      { type: 'key', down: false, keysym: 0x100_3042 },
      { type: 'pointer', buttons: 1, x: 2, y: 3 },
      { type: 'pointer', buttons: 0x180, x: 4, y: 5 },
    ]);
  });

  it('are understood however they are cut, whatever is swallowed between them, and no clipboard ever leaves (T10)', () => {
    const text = fc.array(fc.nat(255), { maxLength: 40 });
    const swallowed = fc.oneof(
      text.map(cutText),
      text.map(extendedCutText),
      fc.constant([0, 0, 0, 0, ...Array(16).fill(1)]),
      fc.nat(5).map((count) => [2, 0, ...u16(count), ...Array(4 * count).fill(6)]),
      fc.constant([3, 1, ...u16(0, 0, 9, 9)]),
      fc.constant([150, 1, ...u16(0, 0, 9, 9)]),
      fc.constant([250, 0, 1, 2]),
      fc.nat(64).map((length) => [248, 0, 0, 0, ...u32(1), length, ...Array(length).fill(6)]),
    );
    fc.assert(
      fc.property(fc.array(swallowed, { maxLength: 6 }), fc.array(fc.nat(30)), (messages, sizes) => {
        const bench = new AdapterBench();
        const noVnc = bench.show();
        const bytes = [...messages.flat(), ...physical(true, 0x61, 0x1e)];
        for (const length of sizes) noVnc.say(bytes.splice(0, length));
        noVnc.say(bytes);
        expect(bench.events).toEqual([{ type: 'physical-key', down: true, keysym: 0x61, code: 0x1e }]);
        expect(bench.requests).toEqual([]);
      }),
    );
  });

  it('of a clipboard are skipped, not stored, however long they claim to be', () => {
    const bench = new AdapterBench();
    const noVnc = bench.show();
    noVnc.say([6, 0, 0, 0, ...u32(0x7fff_ffff)]);
    for (let part = 0; part < 100; part++) noVnc.say(Array(10_000).fill(4));
    expect(bench.inputs).toEqual([]);
    expect(bench.stuckTimes).toBe(0);
  });

  it('that are none lead to a new RFB object, and nothing after them is believed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(255).filter((type) => ![0, 2, 3, 4, 5, 6, 150, 248, 250, 251, 255].includes(type)),
        async (type) => {
          const bench = new AdapterBench();
          bench.show().say([type, ...physical(true, 0x61, 0x1e)]);
          await new Promise((next) => setImmediate(next));
          bench.clock.pass(0);
          expect(bench.stuckTimes).toBe(1);
          expect(bench.events).toEqual([]);
        },
      ),
    );
  });

  it('ask for another size once each, at the pace of the control lane; one without an area is nobody’s', () => {
    const bench = new AdapterBench();
    const noVnc = bench.show();
    noVnc.say(size(0, 300));
    for (let i = 1; i <= 20; i++) noVnc.say(size(100 + i, 100));
    bench.clock.pass(10_000);
    expect(bench.requests.length).toBeLessThanOrEqual(CONTROL_PER_SECOND + 1);
    expect(bench.requests.at(-1)?.request).toEqual({ width: 120, height: 100 });
  });
});

describe('input', () => {
  const events = fc.array(
    fc.record({
      wait: fc.constantFrom(0, 0, 0, 1, 5, 17, 300),
      message: fc.oneof(
        fc.record({ x: fc.nat(99), y: fc.nat(79) }).map(({ x, y }) => pointer(0, x, y)),
        fc.record({ x: fc.nat(99), y: fc.nat(79), buttons: fc.nat(0x1ff) }).map((p) => pointer(p.buttons, p.x, p.y)),
        fc.record({ down: fc.boolean(), code: fc.integer({ min: 1, max: 9 }) }).map((k) => physical(k.down, 0, k.code)),
      ),
    }),
    { maxLength: 900, size: 'max' },
  );

  it('never goes faster than the agent allows, whatever the user does, and each record has a valid form', () => {
    fc.assert(
      fc.property(events, (all) => {
        const bench = new AdapterBench();
        const noVnc = bench.show();
        for (const { wait, message } of all) {
          bench.clock.pass(wait);
          noVnc.say(message);
        }
        bench.clock.pass(60_000);
        const bucket = new TokenBucket(INPUT_PER_SECOND, INPUT_PER_SECOND + 1, 0);
        for (const { at, event } of bench.inputs) {
          expect(bucket.take(at)).toBe(0);
          encodeInput(event);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('ends where noVNC’s did: the same keys up, the same buttons, the pointer at its last place', () => {
    fc.assert(
      fc.property(events, (all) => {
        const bench = new AdapterBench();
        const noVnc = bench.show();
        for (const { wait, message } of all) {
          bench.clock.pass(wait);
          noVnc.say(message);
        }
        noVnc.say(pointer(0, 42, 24));
        bench.adapter.release();
        bench.clock.pass(60_000);
        const held = new Set<number>();
        for (const event of bench.events) {
          if (event.type !== 'physical-key') continue;
          if (event.down) held.add(event.code);
          else expect(held.delete(event.code)).toBe(true);
        }
        expect([...held]).toEqual([]);
        const last = bench.events.findLast(
          (event): event is InputEvent & { type: 'pointer' } => event.type === 'pointer',
        );
        expect(last).toEqual({ type: 'pointer', buttons: 0, x: 42, y: 24 });
      }),
      { numRuns: 30 },
    );
  });

  it('of moves is coalesced while it waits; clicks between them stay where they were', () => {
    const bench = new AdapterBench();
    const noVnc = bench.show();
    for (let i = 0; i < INPUT_PER_SECOND; i++) noVnc.say(pointer(0, i, 0));
    bench.inputs.length = 0;
    for (let i = 0; i < 50; i++) noVnc.say(pointer(0, i, 1));
    noVnc.say(pointer(1, 50, 1));
    noVnc.say(pointer(0, 50, 1));
    for (let i = 0; i < 50; i++) noVnc.say(pointer(0, i, 2));
    bench.clock.pass(1_000);
    expect(bench.events).toEqual([
      { type: 'pointer', buttons: 0, x: 49, y: 1 },
      { type: 'pointer', buttons: 1, x: 50, y: 1 },
      { type: 'pointer', buttons: 0, x: 50, y: 1 },
      { type: 'pointer', buttons: 0, x: 49, y: 2 },
    ]);
  });

  it('of a wheel that spins freely stops soon after the wheel does', () => {
    const bench = new AdapterBench();
    const noVnc = bench.show();
    for (let i = 0; i < 1_000; i++) {
      noVnc.say(pointer(8, 5, 5));
      noVnc.say(pointer(0, 5, 5));
    }
    bench.clock.pass(200);
    const sent = bench.inputs.length;
    bench.clock.pass(60_000);
    expect(bench.inputs.length).toBe(sent);
    expect(bench.events.at(-1)).toEqual({ type: 'pointer', buttons: 0, x: 5, y: 5 });
  });

  it('that was held is let go of when the picture is taken away', () => {
    const bench = new AdapterBench();
    bench.show().say([...physical(true, 0xffe3, 0x1d), ...pointer(1, 7, 8)]);
    bench.adapter.detach();
    expect(bench.events.slice(2)).toEqual([
      { type: 'physical-key', down: false, keysym: 0xffe3, code: 0x1d },
      { type: 'pointer', buttons: 0, x: 7, y: 8 },
    ]);
  });

  it('counts as the user’s activity, a picture does not', async () => {
    const bench = new AdapterBench();
    const noVnc = bench.show();
    bench.clock.pass(5_000);
    await bench.adapter.frame(Uint8Array.of(2));
    expect(bench.adapter.activeAt).toBe(0);
    noVnc.say(pointer(0, 1, 1));
    expect(bench.adapter.activeAt).toBe(5_000);
    bench.clock.pass(1_000);
    bench.adapter.stay();
    expect(bench.adapter.activeAt).toBe(6_000);
    expect(bench.events.at(-1)).toEqual({ type: 'pointer', buttons: 0, x: 1, y: 1 });
  });
});

describe('keys on the screen', () => {
  it.each(SCREEN_KEYS)('%s goes down and up again as physical keys', (key) => {
    const bench = new AdapterBench();
    bench.adapter.press(key);
    const codes = bench.events.map((event) => (event.type === 'physical-key' ? [event.down, event.code] : []));
    expect(codes.every(([, code]) => Number(code) > 0)).toBe(true);
    const downs = codes.filter(([down]) => down);
    expect(codes.length).toBe(2 * downs.length);
    expect(codes.slice(downs.length).map(([, code]) => code)).toEqual(downs.map(([, code]) => code).toReversed());
  });

  it('Ctrl+Alt+Delete are the three keys of that name', () => {
    const bench = new AdapterBench();
    bench.adapter.press('ctrlAltDelete');
    expect(bench.events.slice(0, 3)).toEqual([
      { type: 'physical-key', down: true, code: 0x1d, keysym: 0xffe3 },
      { type: 'physical-key', down: true, code: 0x38, keysym: 0xffe9 },
      { type: 'physical-key', down: true, code: 0xd3, keysym: 0xffff },
    ]);
  });
});
