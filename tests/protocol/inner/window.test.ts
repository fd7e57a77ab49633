// The window on lines in virtual time: how full, how late, how fair, and what it does when a line changes. All exact, so
// milliseconds and percent may be asserted.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Window } from '#protocol/inner/window.ts';
import {
  ACK_INTERVAL_MS,
  FRAME_CARRIED_BY_BYTES,
  FRAME_PLAINTEXT_MAX_BYTES,
  RECORD_MIN_BYTES,
  SEGMENT_BYTES,
  WINDOW_FIRST_BYTES,
  WINDOW_MAX_BYTES,
  WINDOW_MIN_BYTES,
} from '#protocol/limits.ts';
import { greedy, type LineOptions, LineSimulation, type Source } from '#tests/support/line-simulation.ts';

const MBPS = 125_000;
const TIERS = [10, 50, 100, 200, 300, 500, 1_000];
const ROUND_TRIPS = [0, 20, 50, 150];
/** The largest record. */
const RECORD_BYTES = FRAME_PLAINTEXT_MAX_BYTES + 24;

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

function oneSession(options: LineOptions, source: Source = greedy) {
  const line = new LineSimulation(options);
  return { line, session: line.add(source) };
}

/** Share of the line that was used from `from` to `to`, and each session's bytes. */
function use(line: LineSimulation, to: number, eachMs = (_: number) => {}): { share: number; bytes: number[] } {
  const from = line.now;
  const before = line.sessions.map(({ servedBytes }) => servedBytes);
  for (let now = from; now < to; now += 7) {
    line.run(now);
    eachMs(now);
  }
  line.run(to);
  const bytes = line.sessions.map(({ servedBytes }, i) => servedBytes - (before[i] ?? 0));
  return { share: bytes.reduce((sum, one) => sum + one, 0) / ((line.rate * (to - from)) / 1000), bytes };
}

/** What comes in bursts, the newest only, as a screen does. */
function frames(line: () => LineSimulation, everyMs: number, bytes: number): Source {
  let at = Number.NEGATIVE_INFINITY;
  let left = 0;
  const renew = (now: number) => {
    if (left > 0 || now - at < everyMs) return;
    at = now;
    left = bytes;
    line().after(everyMs, () => line().sessions[0]?.pump());
  };
  return {
    has(now) {
      renew(now);
      return left > 0;
    },
    take(most) {
      const taken = Math.min(most, left);
      left -= taken;
      return taken;
    },
  };
}

describe('a line that one session fills', () => {
  const lines = TIERS.flatMap((tier) => ROUND_TRIPS.map((roundTripMs) => ({ tier, roundTripMs })));

  it.each(lines)('$tier Mbps over $roundTripMs ms: 98 %, with a small queue', ({ tier, roundTripMs }) => {
    const { line, session } = oneSession({ rate: tier * MBPS, roundTripMs });
    line.run(4_000);
    const queues: number[] = [];
    const { share } = use(line, 30_000, () => queues.push((session.queuedBytes / line.rate) * 1000));
    expect(share).toBeGreaterThan(0.98);
    expect(quantile(queues, 0.5)).toBeLessThan(10 + 0.25 * roundTripMs);
    expect(session.highest).toBeLessThanOrEqual(WINDOW_MAX_BYTES + RECORD_BYTES);
  });

  it.each([
    { jitterMs: 0, encodeMs: 0, most: 12 },
    { jitterMs: 1, encodeMs: 1, most: 15 },
    { jitterMs: 2, encodeMs: 2, most: 15 },
  ])('of 10 Mbps over 20 ms with $jitterMs ms of jitter answers keys in time', ({ jitterMs, encodeMs, most }) => {
    const { line, session } = oneSession({ rate: 10 * MBPS, roundTripMs: 20, jitterMs, encodeMs });
    line.run(2_000);
    const { share } = use(line, 40_000, (now) => now % 5 === 0 && session.key());
    expect(share).toBeGreaterThan(0.98);
    // Idle: the answer's own 0.8 ms on the line, and the jitter
    const idle = 0.8 + jitterMs;
    expect(quantile(session.keyMs, 0.99) - idle).toBeLessThan(most);
  });

  it.each([
    { jitterMs: 1, encodeMs: 1, least: 0.98 },
    { jitterMs: 2, encodeMs: 2, least: 0.98 },
    { jitterMs: 3, encodeMs: 1, least: 0.97 },
    { jitterMs: 5, encodeMs: 4, least: 0.6 },
  ])('stays full with $jitterMs ms of jitter each way and $encodeMs ms of encoding', ({ least, ...disturbed }) => {
    for (const tier of [10, 100, 1_000]) {
      for (const roundTripMs of [0, 20, 50]) {
        const { line } = oneSession({ rate: tier * MBPS, roundTripMs, ...disturbed });
        line.run(4_000);
        expect(use(line, 20_000).share, `${tier} Mbps, ${roundTripMs} ms`).toBeGreaterThan(least);
      }
    }
  });

  it('is full soon: within half a second over 20 ms, and three over 150 ms', () => {
    for (const tier of TIERS) {
      const near = oneSession({ rate: tier * MBPS, roundTripMs: 20 }).line;
      near.run(500);
      expect(use(near, 1_000).share, `${tier} Mbps, 20 ms`).toBeGreaterThan(0.97);
      const far = oneSession({ rate: tier * MBPS, roundTripMs: 150 }).line;
      far.run(3_000);
      expect(use(far, 4_000).share, `${tier} Mbps, 150 ms`).toBeGreaterThan(0.97);
    }
  });

  it('takes records of at most 3.3 ms, full ones from 50 Mbps on', () => {
    const recordAt = (tier: number) => {
      const { line, session } = oneSession({ rate: tier * MBPS, roundTripMs: 20 });
      line.run(3_000);
      return session.window.recordBytes;
    };
    expect(recordAt(0.5)).toBe(RECORD_MIN_BYTES);
    expect(recordAt(10)).toBeGreaterThan(3_900);
    expect(recordAt(10)).toBeLessThan(4_300);
    expect(recordAt(50)).toBe(FRAME_PLAINTEXT_MAX_BYTES);
  });
});

describe('sessions that share a line', () => {
  const plaintextOf = (segments: number) => segments * SEGMENT_BYTES - FRAME_CARRIED_BY_BYTES;

  it.each([
    // Of 10 Mbit/s the share of one in twenty is less than a window may be: one segment a record.
    [10, 20, 1, 1],
    [50, 20, 1, 3],
    [100, 20, 2, 4],
    [200, 20, 5, 7],
    [10, 2, 2, 3],
  ])(
    'at %i Mbps %i of them take records of %i to %i segments: by the line, a quarter of their window',
    (tier, count, least, most) => {
      const line = new LineSimulation({ rate: tier * MBPS, roundTripMs: 20 });
      for (let i = 0; i < count; i++) line.at(i * 3, () => line.add(greedy));
      line.run(5_000);
      for (const { window } of line.sessions) {
        expect(window.recordBytes).toBeGreaterThanOrEqual(plaintextOf(least));
        expect(window.recordBytes).toBeLessThanOrEqual(plaintextOf(most));
        expect(window.recordBytes).toBeLessThanOrEqual(
          Math.max(RECORD_MIN_BYTES, (1.15 * window.bytes) / 4 + SEGMENT_BYTES / 2),
        );
      }
    },
  );

  it('send short records again as soon as they are alone on a slow line', () => {
    const line = new LineSimulation({ rate: 200 * MBPS, roundTripMs: 20 });
    for (let i = 0; i < 20; i++) line.at(i, () => line.add(greedy));
    line.run(3_000);
    line.rate = 10 * MBPS;
    line.run(6_000);
    for (const { window } of line.sessions) expect(window.recordBytes).toBeLessThanOrEqual(plaintextOf(2));
  });

  it.each([2, 5, 20])('%i of them get the same, fill it, and each keeps its queue small', (count) => {
    const line = new LineSimulation({ rate: 100 * MBPS, roundTripMs: 20, jitterMs: 1 });
    for (let i = 0; i < count; i++) line.at(i * 30, () => line.add(greedy));
    line.run(5_000);
    const { share, bytes } = use(line, 20_000, (now) => now % 5 === 0 && line.sessions[now % count]?.key());
    expect(share).toBeGreaterThan(0.98);
    const sum = bytes.reduce((total, one) => total + one, 0);
    const jain = sum ** 2 / (count * bytes.reduce((total, one) => total + one ** 2, 0));
    expect(jain).toBeGreaterThan(0.998);
    const keys = line.sessions.flatMap(({ keyMs }) => keyMs);
    expect(quantile(keys, 0.99)).toBeLessThan(30);
  });

  it('one of them that has little to say is not made to wait by another that fills the line', () => {
    const line = new LineSimulation({ rate: 10 * MBPS, roundTripMs: 20 });
    line.add(greedy);
    const typing = line.add({ has: () => false, take: () => 0 });
    line.run(3_000);
    use(line, 20_000, (now) => now % 5 === 0 && typing.key());
    // The record before it, 3.3 ms, and its own 0.8
    expect(quantile(typing.keyMs, 0.99)).toBeLessThan(8);
  });
});

describe('a line that changes', () => {
  it.each(ROUND_TRIPS)('from 100 to 10 Mbps over %i ms drains at once, and back up within a second', (roundTripMs) => {
    const { line, session } = oneSession({ rate: 100 * MBPS, roundTripMs });
    line.run(5_000);
    const underWayMs = (session.inFlight / (10 * MBPS)) * 1000;
    line.rate = 10 * MBPS;
    // What was under way must go out; that time again, and a little
    line.run(5_000 + 1.5 * underWayMs + 200);
    expect((session.queuedBytes / line.rate) * 1000).toBeLessThan(30 + 0.4 * roundTripMs);
    line.run(11_000);
    line.rate = 100 * MBPS;
    line.run(12_000);
    expect(use(line, 12_500).share).toBeGreaterThan(0.95);
  });

  it.each(ROUND_TRIPS)('by standing still for 300 ms, over %i ms, goes on as before', (roundTripMs) => {
    for (const disturbed of [{}, { jitterMs: 2, encodeMs: 1 }]) {
      const { line, session } = oneSession({ rate: 10 * MBPS, roundTripMs, ...disturbed });
      line.run(5_000);
      const before = session.window.bytes;
      line.pause(300);
      line.run(5_300);
      expect(session.inFlight).toBeLessThanOrEqual(before + RECORD_BYTES);
      let least = before;
      const { share } = use(line, 6_500, () => {
        least = Math.min(least, session.window.bytes);
      });
      expect(share).toBeGreaterThan(0.96);
      expect(least).toBeGreaterThan(0.85 * before);
    }
  });

  it.each(ROUND_TRIPS)(
    'by handing nothing over for 300 ms and then all at once, over %i ms, goes on',
    (roundTripMs) => {
      for (const disturbed of [{}, { jitterMs: 2, encodeMs: 1 }]) {
        const { line, session } = oneSession({ rate: 10 * MBPS, roundTripMs, ...disturbed });
        line.run(5_000);
        const before = session.window.bytes;
        line.holdUp(300);
        line.run(5_300 + roundTripMs);
        const windows: number[] = [];
        const queues: number[] = [];
        const { share } = use(line, 7_000, () => {
          windows.push(session.window.bytes);
          queues.push((session.queuedBytes / line.rate) * 1000);
        });
        expect(share).toBeGreaterThan(0.94);
        expect(Math.min(...windows)).toBeGreaterThan(0.8 * before);
        expect(Math.max(...windows), 'nor does it take the burst for a faster line').toBeLessThan(1.7 * before);
        // While it is empty afterwards the window searches once, which shows over 150 ms
        expect(Math.max(...queues)).toBeLessThan(30 + 0.9 * roundTripMs);
      }
    },
  );

  it('by becoming slower and holding things up at once is not taken for a fast one when all comes together', () => {
    for (const hold of [90, 150, 300]) {
      const { line, session } = oneSession({ rate: 100 * MBPS, roundTripMs: 50, jitterMs: 1 });
      line.run(5_000);
      const underWay = session.inFlight;
      line.rate = 10 * MBPS;
      line.run(5_060);
      line.holdUp(hold);
      let most = 0;
      use(line, 7_000, () => {
        most = Math.max(most, session.inFlight);
      });
      expect(most).toBeLessThan(1.05 * underWay);
      expect((session.queuedBytes / line.rate) * 1000).toBeLessThan(50);
    }
  });

  it.each(ROUND_TRIPS)(
    'its way, by 40 ms more than %i ms, is full again within a second, and after it, too',
    (before) => {
      const { line, session } = oneSession({ rate: 50 * MBPS, roundTripMs: before });
      line.run(5_000);
      line.roundTripMs = before + 40;
      line.run(6_500);
      expect(use(line, 9_500).share).toBeGreaterThan(0.93);
      line.roundTripMs = before;
      line.run(25_000);
      expect(use(line, 30_000).share).toBeGreaterThan(0.98);
      expect((session.queuedBytes / line.rate) * 1000).toBeLessThan(15 + 0.5 * before);
    },
  );

  it('stood still when the session began: the queue that came of it is not taken for a long way for good', () => {
    const { line, session } = oneSession({ rate: 0.5 * MBPS, roundTripMs: 20 });
    line.pause(800);
    line.run(2_000);
    expect(session.window.shortestMs, 'as long as is forgiven').toBe(500);
    line.run(14_000);
    expect(session.window.shortestMs).toBeLessThan(80);
    expect((session.queuedBytes / line.rate) * 1000).toBeLessThan(160);
  });

  it('had a long first round trip, and that is soon forgotten', () => {
    const { line, session } = oneSession({ rate: 10 * MBPS, roundTripMs: 400 });
    line.run(1_000);
    line.roundTripMs = 20;
    line.run(3_000);
    expect(session.window.shortestMs).toBeLessThan(30);
    expect(use(line, 10_000).share).toBeGreaterThan(0.98);
  });
});

describe('a sender with little to say', () => {
  it('keeps its window, however long, and fills the line again at once', () => {
    const line: LineSimulation = new LineSimulation({ rate: 100 * MBPS, roundTripMs: 20 });
    const session = line.add(greedy);
    line.run(3_000);
    const before = session.window.bytes;
    session.source = frames(() => line, 33, 20_000);
    line.run(60_000);
    expect(session.window.bytes).toBeGreaterThan(0.8 * before);
    session.source = { has: () => false, take: () => 0 };
    line.run(90_000);
    expect(session.window.bytes).toBeGreaterThan(0.8 * before);
    session.source = greedy;
    session.pump();
    line.run(90_050);
    expect(use(line, 91_000).share).toBeGreaterThan(0.97);
  });

  it('gets frames of 60 kB through 10 Mbps fresh', () => {
    const line: LineSimulation = new LineSimulation({ rate: 10 * MBPS, roundTripMs: 20 });
    let latest = 0;
    const session = line.add(frames(() => line, 33, 60_000));
    line.run(3_000);
    use(line, 13_000, () => {
      latest = Math.max(latest, (session.queuedBytes / line.rate) * 1000);
    });
    // 48 ms for the frame itself; with the window before it and the way it stays below 120 ms
    expect(latest + 48 + 10).toBeLessThan(90);
  });

  it('has its first picture of 140 kB within 400 ms over 100 Mbps and 20 ms', () => {
    const line: LineSimulation = new LineSimulation({ rate: 100 * MBPS, roundTripMs: 20 });
    const session = line.add(frames(() => line, 1_000_000, 140_000));
    line.run(400);
    expect(session.servedBytes).toBeGreaterThan(140_000);
  });
});

describe('whatever is acknowledged', () => {
  const arrival = fc.record({
    wait: fc.oneof(fc.nat(20), fc.nat(5_000), fc.double({ min: 0, max: 1e6, noNaN: true })),
    age: fc.double({ min: 0, max: 1e6, noNaN: true }),
    heldMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 4_294_967, noNaN: true })),
    bytes: fc.integer({ min: 1, max: WINDOW_MAX_BYTES + RECORD_BYTES }),
    more: fc.nat(WINDOW_MAX_BYTES),
  });

  function history(window: Window, arrivals: readonly (typeof arrival extends fc.Arbitrary<infer T> ? T : never)[]) {
    let now = 0;
    let sentAt = 0;
    for (const { wait, age, heldMs, bytes, more } of arrivals) {
      now += wait;
      sentAt = Math.max(sentAt, now - age);
      window.acked({ sentAt, heldMs, bytes, inFlight: bytes + more }, now);
      expect(window.bytes).toBeGreaterThanOrEqual(WINDOW_MIN_BYTES);
      expect(window.bytes).toBeLessThanOrEqual(WINDOW_MAX_BYTES);
      expect(Number.isInteger(window.bytes)).toBe(true);
      expect(window.room(0), 'what waits goes out sooner or later').toBeGreaterThan(0);
      expect(window.recordBytes).toBeGreaterThanOrEqual(RECORD_MIN_BYTES);
      expect(window.recordBytes).toBeLessThanOrEqual(FRAME_PLAINTEXT_MAX_BYTES);
      for (const value of [window.bytesPerSecond, window.roundTripMs, window.shortestMs]) {
        expect(Number.isFinite(value) && value >= 0).toBe(true);
      }
    }
    return now;
  }

  it('the window stays between its limits, and no number is none', () => {
    fc.assert(fc.property(fc.array(arrival, { maxLength: 100 }), (arrivals) => void history(new Window(0), arrivals)));
  });

  it('the window fits the line again after 25 s', () => {
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 60 }), fc.constantFrom(10, 100), (arrivals, tier) => {
        const window = new Window(0);
        const line = new LineSimulation({ rate: tier * MBPS, roundTripMs: 20 });
        line.now = history(window, arrivals);
        const began = line.now;
        const session = line.add(greedy, window);
        line.run(began + 25_000);
        expect(use(line, began + 30_000).share).toBeGreaterThan(0.95);
        expect((session.queuedBytes / line.rate) * 1000).toBeLessThan(60);
      }),
      { numRuns: 40 },
    );
  });

  it('a client that acknowledges what it never got makes it grow to the ceiling and no further (T13)', () => {
    const window = new Window(0);
    let now = 0;
    for (let i = 0; i < 2_000; i++) {
      now += ACK_INTERVAL_MS;
      window.acked({ sentAt: now, heldMs: 0, bytes: window.bytes, inFlight: window.bytes }, now);
    }
    expect(window.bytes).toBeLessThanOrEqual(WINDOW_MAX_BYTES);
  });

  it('a client that makes the way look long gets half a second of its rate at most (T13)', () => {
    const window = new Window(0);
    const rate = 10 * MBPS;
    for (let now = 5_000; now < 60_000; now += ACK_INTERVAL_MS) {
      const bytes = (rate * ACK_INTERVAL_MS) / 1000;
      window.acked({ sentAt: now - 5_000, heldMs: 0, bytes, inFlight: window.bytes }, now);
    }
    expect(window.bytes).toBeLessThan(2.1 * 0.51 * rate);
  });

  it('before anything is, the window is a small one', () => {
    expect(new Window(5).bytes).toBe(WINDOW_FIRST_BYTES);
  });
});
