import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LineConfig } from '#broker/config.ts';
import { DRAIN_MAX_MS } from '#broker/limits.ts';
import { Shaper } from '#broker/shaping/shaper.ts';
import { RECORD_MAX_WIRE_BYTES, wireBytes } from '#broker/shaping/wire-bytes.ts';
import { bytesPerSecondOf } from '#broker/tiers.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import type { Code } from '#protocol/codes.ts';
import { RECORD_MAX_BYTES, RELAY_QUEUE_MAX_BYTES } from '#protocol/limits.ts';
import { Direction } from '#protocol/outer/lanes.ts';
import { lineOf, recordOf } from '#tests/support/virtual-line.ts';

/** A socket whose kernel takes what the test lets it take. */
class KernelSocket {
  readonly sent: Uint8Array[] = [];
  pressure = 0;
  /** False: what is sent stays in the process. */
  flows = true;
  end: Code | null = null;
  #below: { bytes: number; then: () => void } | null = null;
  #ended: (() => void)[] = [];

  get closed(): boolean {
    return this.end !== null;
  }
  observe({ ended }: { ended?(): void }): void {
    if (ended) this.#ended.push(ended);
  }
  sendRecord(record: Uint8Array): void {
    this.sent.push(record);
    if (!this.flows) this.pressure += record.length;
  }
  onceBelow(bytes: number, then: () => void): void {
    if (this.pressure < bytes) then();
    else this.#below = { bytes, then };
  }
  close(code: Code): void {
    if (this.end) return;
    this.end = code;
    for (const ended of this.#ended) ended();
  }
  takes(bytes: number): void {
    this.pressure = Math.max(0, this.pressure - bytes);
    const below = this.#below;
    if (!below || this.pressure >= below.bytes) return;
    this.#below = null;
    below.then();
  }
}

const PICTURE = 4_096;
const rate = bytesPerSecondOf('10Mbps');

let shaper: Shaper;
const start = (line: LineConfig) => {
  shaper = new Shaper(line, () => performance.now());
  // What may be saved up is there.
  vi.advanceTimersByTime(1_000);
};
function session(id: string, municipality = '131016', direction: Direction = Direction.outward) {
  const socket = new KernelSocket();
  return { socket, outlet: shaper.outlet(socket as unknown as Socket, id, municipality, direction) };
}

beforeEach(() => {
  vi.useFakeTimers();
  start(lineOf('10Mbps'));
});
afterEach(() => {
  shaper.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('an outlet', () => {
  it('sends at once on an idle line, and paces to the contract on a full one', () => {
    const { socket, outlet } = session('a');
    outlet.sendRecord(recordOf(100));
    expect(socket.sent).toHaveLength(1);
    for (let i = 0; i < 100; i++) outlet.sendRecord(recordOf(PICTURE));
    const atOnce = socket.sent.length;
    expect(atOnce).toBeLessThan(8);
    expect(outlet.pressure).toBe((101 - atOnce) * wireBytes(PICTURE));
    vi.advanceTimersByTime(100);
    expect(((socket.sent.length - atOnce) * wireBytes(PICTURE)) / (rate / 10)).toBeCloseTo(1, 1);
    vi.advanceTimersByTime(1_000);
    expect(outlet.pressure).toBe(0);
  });

  it('says when less waits, while records leave one by one', () => {
    const { outlet } = session('a');
    for (let i = 0; i < 50; i++) outlet.sendRecord(recordOf(PICTURE));
    const seen: number[] = [];
    outlet.onceBelow(100_000, () => seen.push(outlet.pressure));
    vi.advanceTimersByTime(1_000);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBeLessThan(100_000);
    expect(seen[0]).toBeGreaterThan(100_000 - 2 * wireBytes(PICTURE));
    outlet.onceBelow(1, () => seen.push(outlet.pressure));
    expect(seen[1]).toBe(0);
  });

  it('says so as well when only the kernel is behind', () => {
    const { socket, outlet } = session('a');
    socket.flows = false;
    for (let i = 0; i < 10; i++) outlet.sendRecord(recordOf(PICTURE));
    vi.advanceTimersByTime(1_000);
    expect(socket.sent).toHaveLength(10);
    let below = false;
    outlet.onceBelow(20_000, () => {
      below = true;
    });
    socket.takes(10_000);
    expect(below).toBe(false);
    socket.takes(15_000);
    expect(below).toBe(true);
  });

  it('gives a socket that takes nothing no more than a relay may hold, spends nothing on it, and goes on after', () => {
    const stuck = session('stuck');
    const other = session('other');
    stuck.socket.flows = false;
    for (let i = 0; i < 40; i++) stuck.outlet.sendRecord(recordOf(RECORD_MAX_BYTES));
    vi.advanceTimersByTime(5_000);
    expect(stuck.socket.pressure).toBeLessThanOrEqual(RELAY_QUEUE_MAX_BYTES + RECORD_MAX_BYTES);
    const held = stuck.socket.sent.length;
    expect(held).toBeLessThan(40);
    for (let i = 0; i < 100; i++) other.outlet.sendRecord(recordOf(PICTURE));
    vi.advanceTimersByTime(342);
    expect(other.socket.sent.length).toBeGreaterThanOrEqual(98);
    stuck.socket.flows = true;
    stuck.socket.takes(stuck.socket.pressure);
    vi.advanceTimersByTime(1_000);
    expect(stuck.socket.sent).toHaveLength(40);
  });

  it('does not let one direction wait for the other', () => {
    const outward = session('a');
    const inward = session('a', '131016', Direction.inward);
    for (let i = 0; i < 100; i++) outward.outlet.sendRecord(recordOf(PICTURE));
    inward.outlet.sendRecord(recordOf(40));
    expect(outward.outlet.pressure).toBeGreaterThan(0);
    expect(inward.socket.sent).toHaveLength(1);
    vi.advanceTimersByTime(1_000);
  });

  it('takes another tier over in the middle, at once', () => {
    const { socket, outlet } = session('a');
    for (let i = 0; i < 2_000; i++) outlet.sendRecord(recordOf(PICTURE));
    const sentIn = (ms: number) => {
      const before = socket.sent.length;
      vi.advanceTimersByTime(ms);
      return ((socket.sent.length - before) * wireBytes(PICTURE)) / ((rate * ms) / 1_000);
    };
    expect(sentIn(200)).toBeCloseTo(1, 1);
    shaper.change(lineOf('100Mbps'));
    expect(shaper.measure()).toMatchObject({ tier: '100Mbps', outward: { bytesPerSecond: 10 * rate } });
    expect(sentIn(200) / 10).toBeCloseTo(1, 1);
    shaper.change(lineOf('10Mbps'));
    expect(sentIn(200)).toBeLessThan(1 + RECORD_MAX_WIRE_BYTES / (rate / 5));
    outlet.close('ENDED');
    vi.advanceTimersByTime(DRAIN_MAX_MS);
  });
});

describe('what an outlet is given with a record', () => {
  it('comes to the socket with it: the room in front of it, and who wants to know that it is written', () => {
    const given: unknown[][] = [];
    const { socket, outlet } = session('a');
    socket.sendRecord = (...all: unknown[]) => void given.push(all);
    const written = () => {};
    const [first, second] = [recordOf(100), recordOf(PICTURE)];
    outlet.sendRecord(first, 4, written);
    outlet.sendRecord(second);
    expect(given).toEqual([
      [first, 4, written],
      [second, undefined, undefined],
    ]);
  });
});

describe('the end of a session', () => {
  it('comes behind what waits for its turn', () => {
    const { socket, outlet } = session('a');
    const records = Array.from({ length: 20 }, () => recordOf(PICTURE));
    for (const record of records) outlet.sendRecord(record);
    const close = recordOf(40);
    outlet.sendRecord(close);
    outlet.close('ENDED');
    outlet.sendRecord(recordOf(9));
    expect(socket.end).toBeNull();
    vi.advanceTimersByTime(100);
    expect(socket.end).toBe('ENDED');
    expect(socket.sent.every((record, i) => record === [...records, close][i])).toBe(true);
    expect(socket.sent).toHaveLength(21);
  });

  it('comes at once if nothing waits', () => {
    const { socket, outlet } = session('a');
    outlet.sendRecord(recordOf(40));
    outlet.close('IDLE');
    expect(socket.end).toBe('IDLE');
  });

  it('waits no longer than its limit', () => {
    const { socket, outlet } = session('a');
    for (let i = 0; i < 400; i++) outlet.sendRecord(recordOf(PICTURE));
    outlet.close('RIGHTS_ENDED');
    vi.advanceTimersByTime(DRAIN_MAX_MS - 1);
    expect(socket.end).toBeNull();
    vi.advanceTimersByTime(1);
    expect(socket.end).toBe('RIGHTS_ENDED');
    const sent = socket.sent.length;
    vi.advanceTimersByTime(1_000);
    expect(socket.sent.length).toBe(sent);
  });

  it('leaves nothing that waits, and nothing to wait for, when the socket itself is gone', () => {
    const { socket, outlet } = session('a');
    for (let i = 0; i < 50; i++) outlet.sendRecord(recordOf(PICTURE));
    let called = false;
    outlet.onceBelow(1, () => {
      called = true;
    });
    socket.close('CONNECTION_LOST');
    outlet.close('ENDED');
    vi.advanceTimersByTime(1_000);
    expect(called).toBe(false);
    expect(shaper.measure().outward).toMatchObject({ queuedBytes: 0, oldestMs: 0 });
  });
});
