// A session at the client, against the real agent's core: order, acknowledgements, and how it ends.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Refusal } from '#protocol/codes.ts';
import { Lane } from '#protocol/lanes.ts';
import { ACK_PER_SECOND, INPUT_WINDOW_BYTES, RECORD_MAX_BYTES, WINDOW_MAX_BYTES } from '#protocol/limits.ts';
import { type BothEnds, bothEnds, DESKTOP } from '#tests/support/both-ends.ts';
import { settle, until } from '#tests/support/memory-link.ts';

let ends: BothEnds;
/** Of the agent itself, which follows its state. */
let timers: number;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  ends = await bothEnds();
  await ends.paired();
  timers = vi.getTimerCount();
});
afterEach(() => vi.useRealTimers());

const ofLane = (lane: Lane) => ends.link().sent.inward.filter((record) => record[1] === lane);
const damage = () => ends.desktop.events?.damage({ x: 0, y: 0, width: 128, height: 64 });
const gone = () => until('the agent’s place is free', () => !ends.sessions.live(DESKTOP));

describe('frames', () => {
  it('come in order, the next one when the one before is done', async () => {
    const seen: string[] = [];
    let first = () => {};
    const shown = await ends.show(
      {},
      {
        async frame() {
          const number = seen.filter((line) => line.startsWith('begin')).length;
          seen.push(`begin ${number}`);
          if (number === 0) await new Promise<void>((resolve) => (first = resolve));
          seen.push(`end ${number}`);
        },
      },
    );
    await until('the first frame', () => seen.length === 1);
    ends.desktop.events?.bell();
    await settle();
    expect(seen).toEqual(['begin 0']);
    first();
    await until('the second', () => seen.length >= 4);
    expect(seen.slice(0, 4)).toEqual(['begin 0', 'end 0', 'begin 1', 'end 1']);
    expect(shown.session.receivedBytes).toBeGreaterThan(0);
  });

  it('that were received are shown before a relay’s end is', async () => {
    const order: string[] = [];
    let first = () => {};
    const shown = await ends.show(
      {},
      {
        async frame() {
          order.push('frame');
          if (order.length === 1) await new Promise<void>((resolve) => (first = resolve));
        },
        ended: () => void order.push('ended'),
      },
    );
    await until('the first frame', () => order.length === 1);
    ends.desktop.events?.bell();
    await until('the bell is under way', () => ends.link().sent.outward.length > 4);
    ends.link().cut('CONNECTION_LOST');
    await settle();
    first();
    await until('the end', () => order.includes('ended'));
    expect(order).toEqual(['frame', 'frame', 'ended']);
    expect(shown.ends).toEqual([]);
  });

  it('that the client cannot draw end the session, and the agent is told', async () => {
    const shown = await ends.show({}, { frame: () => Promise.reject(new Refusal('MESSAGE_UNKNOWN')) });
    await gone();
    expect(shown.ends).toEqual([{ code: 'PROTOCOL_ERROR', authentic: true }]);
    expect(ends.audit.of('session-ended').at(-1)).toMatchObject({ reason: 'ENDED_BY_CLIENT' });
  });

  it('that nobody could have sent within the window do not fill the memory (T13)', async () => {
    const shown = await ends.show({}, { frame: () => new Promise(() => {}) });
    await until('the first frame', () => ends.link().sent.outward.length > 3);
    const many = Math.ceil(WINDOW_MAX_BYTES / RECORD_MAX_BYTES) + 2;
    for (let i = 0; i <= many; i++) ends.link().put('outward', new Uint8Array(RECORD_MAX_BYTES));
    await until('the end', () => shown.ends.length === 1);
    expect(shown.ends).toEqual([{ code: 'PROTOCOL_ERROR', authentic: true }]);
    expect(ends.link().client.ended).toBe('PROTOCOL_ERROR');
  });
});

describe('acknowledgements', () => {
  it('stay below the lane’s rate however fast records come, and the last one is not forgotten', async () => {
    const shown = await ends.show();
    await until('the first picture', () => shown.frames.length > 0);
    const before = ofLane(Lane.ack).length;
    for (let ms = 0; ms < 200; ms++) {
      ends.desktop.events?.bell();
      await new Promise((next) => setImmediate(next));
      shown.session.drawn(ms);
      ends.pass(1);
      vi.advanceTimersByTime(1);
    }
    const acks = ofLane(Lane.ack).length - before;
    expect(acks).toBeGreaterThan(10);
    // 95 % of the rate, and one that a late timer left to the next
    expect(acks).toBeLessThanOrEqual((ACK_PER_SECOND / 5) * 0.95 + 1);
    ends.pass(1_000);
    vi.advanceTimersByTime(1_000);
    const last = ofLane(Lane.ack).length;
    ends.pass(1_000);
    vi.advanceTimersByTime(1_000);
    expect(ofLane(Lane.ack).length).toBe(last);
  });

  it('tell what is drawn, so that the agent goes on', async () => {
    const shown = await ends.show();
    await until('the first picture', () => shown.frames.length > 0);
    for (let drawn = 1; drawn < 6; drawn++) {
      const before = shown.frames.length;
      ends.pass(50);
      vi.advanceTimersByTime(50);
      shown.session.drawn(drawn);
      damage();
      await until(`frame ${drawn}`, () => shown.frames.length > before);
    }
  });
});

describe('the round trip', () => {
  it('is the way there and back, without the time that the agent held its acknowledgement', async () => {
    const shown = await ends.show();
    expect(shown.session.roundTripMs).toBe(null);
    const held: Parameters<ReturnType<typeof ends.link>['put']>[1][] = [];
    ends.link().meddle = (way, record) => {
      if (way === 'outward') return [record];
      held.push(record);
      return [];
    };
    shown.session.input({ type: 'key', down: true, keysym: 0x61 });
    await until('the input is under way', () => held.length > 0);
    ends.pass(30);
    for (const record of held) ends.link().put('inward', record);
    await settle();
    ends.pass(250);
    vi.advanceTimersByTime(250);
    await until('the acknowledgement', () => shown.session.roundTripMs !== null);
    expect(shown.session.roundTripMs).toBeCloseTo(30, 0);
  });

  it('counts from the newest record that the agent had, be it an acknowledgement', async () => {
    const shown = await ends.show();
    await until('the first picture', () => shown.frames.length > 0);
    shown.session.input({ type: 'key', down: true, keysym: 0x61 });
    await settle();
    for (let ms = 0; ms < 200; ms += 10) {
      ends.pass(10);
      vi.advanceTimersByTime(10);
      shown.session.drawn(ms);
      await settle();
    }
    ends.pass(50);
    vi.advanceTimersByTime(50);
    await until('the acknowledgement', () => shown.session.roundTripMs !== null);
    expect(shown.session.roundTripMs).toBeLessThan(1);
  });
});

describe('the end', () => {
  it('comes once, whatever is called after it, and nothing is sent any more', async () => {
    const shown = await ends.show();
    shown.session.end();
    shown.session.end();
    const sent = ends.link().sent.inward.length;
    shown.session.input({ type: 'key', down: true, keysym: 0x61 });
    shown.session.refresh();
    shown.session.resize(640, 480);
    shown.session.drawn(9);
    await gone();
    expect(ends.link().sent.inward).toHaveLength(sent);
    expect(shown.ends).toEqual([{ code: 'ENDED', authentic: true }]);
    expect(vi.getTimerCount()).toBe(timers);
  });

  it('may have a reason of the client’s own, which the agent is told', async () => {
    const shown = await ends.show();
    shown.session.end('PICTURE_LOST');
    await gone();
    expect(shown.ends).toEqual([{ code: 'PICTURE_LOST', authentic: true }]);
    expect(ends.audit.of('session-ended').at(-1)).toMatchObject({ reason: 'ENDED_BY_CLIENT' });
  });

  it('that a relay makes is not authenticated, and leaves no timer', async () => {
    const shown = await ends.show();
    ends.link().cut('TIME_LIMIT');
    await gone();
    await until('the end', () => shown.ends.length === 1);
    expect(shown.ends).toEqual([{ code: 'TIME_LIMIT', authentic: false }]);
    expect(vi.getTimerCount()).toBe(timers);
  });

  it('by text among the records is a broken protocol', async () => {
    const shown = await ends.show();
    ends.link().client.arrive({ text: '{}' });
    await gone();
    expect(shown.ends).toEqual([{ code: 'PROTOCOL_ERROR', authentic: true }]);
  });

  it('comes when the other end acknowledges nothing for a whole window of input', async () => {
    const shown = await ends.show();
    ends.link().meddle = (way, record) => (way === 'inward' ? [record] : []);
    // Far above what the agent takes: without acknowledgements the client stops by itself.
    for (let i = 0; i <= INPUT_WINDOW_BYTES / 40 + 1; i++)
      shown.session.input({ type: 'pointer', buttons: 0, x: i % 9, y: 0 });
    expect(shown.ends).toEqual([{ code: 'CONNECTION_LOST', authentic: true }]);
    await gone();
  });
});
