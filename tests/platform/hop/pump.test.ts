import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { pump } from '#platform/hop/pump.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import type { Code, Refusal } from '#protocol/codes.ts';
import { Lane } from '#protocol/lanes.ts';
import {
  BURST_SECONDS,
  FRAME_PLAINTEXT_MAX_BYTES,
  INPUT_PER_SECOND,
  RECORD_MAX_BYTES,
  RELAY_QUEUE_MAX_BYTES,
  WRITE_STALL_MAX_MS,
} from '#protocol/limits.ts';
import { LaneGate } from '#protocol/outer/gate.ts';
import { Direction } from '#protocol/outer/lanes.ts';
import { type Hop, openHop } from '#tests/support/hop.ts';
import { record } from '#tests/support/record.ts';

let hop: Hop;
beforeAll(async () => {
  hop = await openHop();
});
afterAll(() => hop.close());

interface Relay {
  client: Socket;
  agent: Socket;
  /** The relay's own two sockets. */
  outer: Socket;
  inner: Socket;
  forwarded: { inward: number; outward: number };
  ends: { code: Code; refusal: Refusal | null }[];
}

/** client ⇄ outer, pump, inner ⇄ agent; all four sockets are in this process. */
async function openRelay(now = () => performance.now()): Promise<Relay> {
  const [a, b] = [await hop.pair(), await hop.pair()];
  const forwarded = { inward: 0, outward: 0 };
  const ends: Relay['ends'] = [];
  const ended = (code: Code, refusal: Refusal | null) => ends.push({ code, refusal });
  const [outer, inner] = [a.accepted, b.accepted];
  pump({
    from: outer,
    to: inner,
    gate: new LaneGate(Direction.inward, BURST_SECONDS),
    now,
    admitted: () => forwarded.inward++,
    ended,
  });
  pump({
    from: inner,
    to: outer,
    gate: new LaneGate(Direction.outward, BURST_SECONDS),
    now,
    admitted: () => forwarded.outward++,
    ended,
  });
  return { client: a.dialled, agent: b.dialled, outer, inner, forwarded, ends };
}

/** Collects what a socket hears. */
function collect(socket: Socket) {
  const heard = { sequences: [] as number[], end: null as Code | null };
  socket.listen({
    record: (bytes) => heard.sequences.push(bytes.readUIntBE(2, 6)),
    closed: (code) => {
      heard.end = code;
    },
  });
  return heard;
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const frame = (sequence: number) => record(Lane.frame, sequence, FRAME_PLAINTEXT_MAX_BYTES);
const input = (sequence: number) => record(Lane.input, sequence, 16);

/** The sender may push as much as the kernel takes; it is stuck when something moved and nothing does any more. */
async function untilStuck(count: () => number): Promise<void> {
  for (let last = 0, same = 0; same < 5; last = count()) {
    await new Promise((resolve) => setTimeout(resolve, 40));
    same = last > 0 && last === count() ? same + 1 : 0;
  }
}

describe('a pump', () => {
  it('stops reading when the other side stops, keeps its memory bounded, and loses nothing after', async () => {
    const { client, agent, outer, inner, forwarded } = await openRelay();
    client.pause();
    agent.listen({ closed() {} });
    const total = 3_000;
    let sent = 0;
    let most = 0;
    // As a real sender does: never more than 1 MiB waiting in its own process.
    const push = () => {
      while (sent < total && agent.pressure < 1024 * 1024) agent.sendRecord(frame(sent++));
      most = Math.max(most, outer.pressure);
      if (sent < total) agent.onceBelow(512 * 1024, push);
    };
    push();
    await untilStuck(() => forwarded.outward);
    expect(inner.paused).toBe(true);
    expect(outer.pressure).toBeGreaterThan(0);
    expect(outer.pressure).toBeLessThanOrEqual(RELAY_QUEUE_MAX_BYTES + RECORD_MAX_BYTES + 64);
    // What the relay took is its queue and what the kernel holds for a reader that does not read: far below 49 MB.
    expect(forwarded.outward * RECORD_MAX_BYTES).toBeLessThan(16 * 1024 * 1024);
    expect(sent).toBeLessThan(total);
    const heard = collect(client);
    await expect.poll(() => heard.sequences.length).toBe(total);
    expect(heard.sequences).toEqual(upTo(total));
    expect(most).toBeLessThanOrEqual(RELAY_QUEUE_MAX_BYTES + RECORD_MAX_BYTES + 64);
  }, 20_000);

  it('lets one direction flow while the other is full', async () => {
    const { client, agent, outer, inner, forwarded } = await openRelay();
    const heard = collect(agent);
    client.pause();
    for (let i = 0; i < 1_500; i++) agent.sendRecord(frame(i));
    await untilStuck(() => forwarded.outward);
    expect(inner.paused).toBe(true);
    expect(outer.paused).toBe(false);
    for (let i = 0; i < 50; i++) client.sendRecord(input(i));
    await expect.poll(() => heard.sequences).toEqual(upTo(50));
  });

  it('cuts a side that takes nothing for too long and tells why', async () => {
    const { client, agent, outer, inner, forwarded, ends } = await openRelay();
    const heard = collect(agent);
    client.pause();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      for (let i = 0; i < 1_500; i++) agent.sendRecord(frame(i));
      for (let last = -1, same = 0; same < 200; same = last === forwarded.outward ? same + 1 : 0) {
        last = forwarded.outward;
        await new Promise((resolve) => setImmediate(resolve));
      }
      vi.advanceTimersByTime(WRITE_STALL_MAX_MS - 1);
      expect(ends).toEqual([]);
      vi.advanceTimersByTime(1);
    } finally {
      vi.useRealTimers();
    }
    expect(ends[0]?.refusal?.reason).toBe('PEER_STUCK');
    expect(outer.closed).toBe(true);
    expect(inner.closed).toBe(true);
    await expect.poll(() => heard.end).toBe('CONNECTION_LOST');
    agent.peer.destroy();
  });

  it('slows input above the rate down to the rate and never closes for it', async () => {
    let now = 0;
    const { client, agent, forwarded, ends } = await openRelay(() => now);
    const heard = collect(agent);
    client.listen({ closed() {} });
    const burst = INPUT_PER_SECOND * BURST_SECONDS;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const settled = async () => {
      for (let last = -1; last !== forwarded.inward; ) {
        last = forwarded.inward;
        for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
      }
    };
    try {
      for (let i = 0; i < burst + 150; i++) client.sendRecord(input(i));
      await settled();
      // One more than the burst is forwarded before its wait begins.
      expect(forwarded.inward).toBe(burst + 1);
      for (let i = 0; i < 100; i++) {
        now += 10;
        vi.advanceTimersByTime(10);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(forwarded.inward).toBe(burst + 1 + 100);
      now += 500;
      vi.advanceTimersByTime(500);
      await settled();
    } finally {
      vi.useRealTimers();
    }
    await expect.poll(() => heard.sequences.length).toBe(forwarded.inward);
    expect(ends).toEqual([]);
    client.peer.destroy();
  });

  it('brings what came before the end to the other side, even above the rate', async () => {
    const { client, agent } = await openRelay();
    const heard = collect(agent);
    client.listen({ closed() {} });
    const count = INPUT_PER_SECOND * BURST_SECONDS + 20;
    for (let i = 0; i < count; i++) client.sendRecord(input(i));
    client.sendRecord(record(Lane.close, count, 16));
    client.close('ENDED');
    await expect.poll(() => heard.end).toBe('ENDED');
    expect(heard.sequences).toEqual(upTo(count + 1));
  });

  it.each([
    ['a lane of the other direction', 'LANE_DIRECTION', record(Lane.frame, 0, 100)],
    ['a lane that does not exist', 'LANE_UNKNOWN', Buffer.from([1, 9, 0, 0, 0, 0, 0, 0, 0])],
    ['another version', 'MALFORMED', Buffer.from([2, 3, 0, 0, 0, 0, 0, 0])],
    ['a wrong size', 'RECORD_SIZE', record(Lane.input, 0, 17)],
    ['a wrong sequence number', 'RECORD_OUT_OF_ORDER', record(Lane.input, 1, 16)],
    ['a record shorter than its header', 'MALFORMED', Buffer.from([1, 3])],
    ['no bytes at all', 'MALFORMED', Buffer.alloc(0)],
  ])('closes both sides for %s and tells the owner why', async (_, reason, bytes) => {
    const { client, agent, ends, forwarded } = await openRelay();
    const [here, there] = [collect(client), collect(agent)];
    client.sendRecord(bytes);
    await expect.poll(() => [here.end, there.end]).toEqual(['PROTOCOL_ERROR', 'PROTOCOL_ERROR']);
    expect(ends[0]?.refusal?.reason).toBe(reason);
    expect(forwarded.inward).toBe(0);
    expect(there.sequences).toEqual([]);
  });

  it('refuses text once records flow', async () => {
    const { client, agent, ends } = await openRelay();
    const there = collect(agent);
    client.listen({ closed() {} });
    client.sendText('{}');
    await expect.poll(() => there.end).toBe('PROTOCOL_ERROR');
    expect(ends[0]?.refusal?.reason).toBe('MESSAGE_UNEXPECTED');
  });
});

describe('the residence time', () => {
  it('is told for one record in sixteen, by the clock, once the kernel took it', async () => {
    const [a, b] = [await hop.pair(), await hop.pair()];
    let clock = 0;
    const told: number[] = [];
    const heard = collect(b.dialled);
    a.dialled.listen({ closed() {} });
    pump({
      from: a.accepted,
      to: b.accepted,
      gate: new LaneGate(Direction.outward, BURST_SECONDS),
      now: () => clock++,
      resided: (ms) => told.push(ms),
      ended() {},
    });
    for (let i = 0; i < 40; i++) a.dialled.sendRecord(frame(i));
    await expect.poll(() => heard.sequences.length).toBe(40);
    await expect.poll(() => told.length).toBe(2);
    // The clock was looked at when the record was read, perhaps for others, and when the kernel had it.
    for (const ms of told) expect(ms).toBeGreaterThanOrEqual(1);
    a.dialled.close('ENDED');
  });
});

describe('onceBelow', () => {
  it("calls although the kernel took everything below the stream's own threshold", async () => {
    const { dialled, accepted } = await hop.pair();
    accepted.listen({ record() {}, closed() {} });
    dialled.listen({ closed() {} });
    for (let i = 0; i < 20; i++) {
      dialled.sendRecord(Buffer.alloc(1_000));
      await new Promise<void>((resolve) => dialled.onceBelow(1, resolve));
      expect(dialled.pressure).toBe(0);
    }
  });
});
