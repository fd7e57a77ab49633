import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Contract } from '#broker/shaping/contract.ts';
import type { Flow } from '#broker/shaping/flow.ts';
import { wireBytes } from '#broker/shaping/wire-bytes.ts';
import { bytesPerSecondOf, TIER_LABELS } from '#broker/tiers.ts';
import { RECORD_MAX_BYTES } from '#protocol/limits.ts';
import { jain, lineOf, recordOf, VirtualLine } from '#tests/support/virtual-line.ts';

const SMALL_RECORD = 4_096;
const MANY = Array.from({ length: 20 }, (_, i) => `s${i}`);

/** A source of numbers that is the same in every run. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

describe.each(TIER_LABELS)('a line of %s', (tier) => {
  const rate = bytesPerSecondOf(tier);
  const { burstBytes } = new Contract(lineOf(tier));

  it('never carries more than the contract and the stated burst, over no time at all, whatever arrives', () => {
    const arrival = fc.record({
      gapMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 30, noNaN: true })),
      size: fc.integer({ min: 9, max: RECORD_MAX_BYTES }),
      session: fc.integer({ min: 0, max: 5 }),
    });
    const late = fc.double({ min: 0, max: 40, noNaN: true });
    fc.assert(
      fc.property(fc.array(arrival, { minLength: 1, maxLength: 150 }), late, (arrivals, lateMs) => {
        const virtual = new VirtualLine(lineOf(tier), () => lateMs);
        const flows = MANY.slice(0, 6).map((session, i) => virtual.open(session, `13101${i % 3}`));
        let at = 0;
        for (const { gapMs, size, session } of arrivals) {
          at += gapMs;
          virtual.at(at, () => virtual.push(flows[session] as Flow, recordOf(size)));
        }
        virtual.run(60_000);
        expect(virtual.worstExcess(rate)).toBeLessThanOrEqual(burstBytes + 1);
        expect(virtual.sent).toHaveLength(arrivals.length);
      }),
      { numRuns: 30 },
    );
  });

  it.each([0, 6, 15])('is full while there is something to send, with timers that are %i ms late', (lateMs) => {
    const virtual = new VirtualLine(lineOf(tier), () => lateMs);
    for (const session of MANY.slice(0, 3)) virtual.saturating(session, () => SMALL_RECORD);
    virtual.run(2_100);
    expect(virtual.bytes(100, 2_100) / (2 * rate)).toBeGreaterThan(0.995);
    expect(virtual.bytes(100, 2_100) / (2 * rate)).toBeLessThan(1 + burstBytes / (2 * rate));
  });

  it('gives each of 20 sessions the same number of bytes, whatever the sizes of their records', () => {
    const virtual = new VirtualLine(lineOf(tier));
    const random = dice(7);
    const sizes = [200, 1_400, SMALL_RECORD, RECORD_MAX_BYTES];
    for (const [i, session] of MANY.entries()) {
      virtual.saturating(session, () => (i % 5 === 4 ? sizes[Math.floor(random() * 4)] : sizes[i % 5]) as number);
    }
    const seconds = tier === '10Mbps' ? 4 : 1;
    virtual.run(seconds * 1_000);
    expect(jain(MANY.map((session) => virtual.bytesOf(session)))).toBeGreaterThan(0.999);
  });
});

describe('a line', () => {
  const rate = bytesPerSecondOf('10Mbps');

  it('lets a record go at once when nothing waits', () => {
    const virtual = new VirtualLine(lineOf('10Mbps'));
    const flow = virtual.open('a');
    virtual.run(100);
    virtual.push(flow, recordOf(200));
    expect(virtual.sent).toMatchObject([{ at: 100, waitedMs: 0, bytes: wireBytes(200) }]);
  });

  it('keeps each session in order and loses nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 9, max: 9_000 })), { maxLength: 200 }), (pushes) => {
        const virtual = new VirtualLine(lineOf('10Mbps'));
        const flows = MANY.slice(0, 4).map((session, i) => virtual.open(session, `13101${i % 2}`));
        const pushed = MANY.slice(0, 4).map((): Uint8Array[] => []);
        for (const [index, size] of pushes) {
          const record = recordOf(size);
          pushed[index]?.push(record);
          virtual.push(flows[index] as Flow, record);
        }
        virtual.run(60_000);
        for (const [i, records] of pushed.entries()) {
          const got = virtual.sent.filter(({ session }) => session === MANY[i]).map(({ record }) => record);
          expect(got.length).toBe(records.length);
          expect(got.every((record, k) => record === records[k])).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('gives what others do not use to whoever wants it, and takes it back when they do', () => {
    const virtual = new VirtualLine(lineOf('100Mbps'));
    const full = bytesPerSecondOf('100Mbps');
    virtual.saturating('a', () => RECORD_MAX_BYTES, '131016');
    const b = virtual.open('b', '131024');
    for (let at = 1_000; at < 2_000; at++) {
      virtual.at(at, () => {
        if (b.queuedBytes < 40_000) for (let i = 0; i < 3; i++) virtual.push(b, recordOf(RECORD_MAX_BYTES));
      });
    }
    virtual.run(3_000);
    expect(virtual.bytesOf('a', 500, 1_000) / (full / 2)).toBeGreaterThan(0.99);
    expect(virtual.bytesOf('a', 1_000, 2_000) / full).toBeCloseTo(0.5, 1);
    expect(virtual.bytesOf('a', 2_100, 3_000) / (0.9 * full)).toBeGreaterThan(0.99);
  });

  it('lets no municipality have more for having more sessions', () => {
    const virtual = new VirtualLine(lineOf('10Mbps'));
    virtual.saturating('alone', () => SMALL_RECORD, '131016');
    for (const session of MANY) virtual.saturating(session, () => SMALL_RECORD, '131024');
    virtual.run(4_000);
    expect(virtual.bytesOf('alone') / virtual.bytes()).toBeCloseTo(0.5, 2);
  });

  it('honours every guarantee and every ceiling, and fills what is left', () => {
    const names = ['131016', '131024', '131032', '131041'];
    const share = fc.record({
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      room: fc.double({ min: 0.05, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.tuple(share, share, share, share), fc.subarray(names, { minLength: 1 }), (shares, active) => {
        const total = Math.max(1, ...[shares.reduce((sum, { part }) => sum + part, 0)]);
        const municipalities = Object.fromEntries(
          shares.map(({ part, room }, i) => {
            const guarantee = part / total;
            return [names[i] as string, { guarantee, ceiling: Math.min(1, guarantee + room) }];
          }),
        );
        const virtual = new VirtualLine(lineOf('10Mbps', { municipalities }));
        for (const name of active) for (const i of [0, 1, 2]) virtual.saturating(name + i, () => SMALL_RECORD, name);
        virtual.run(6_000);
        const used = Object.fromEntries(
          active.map((name) => [
            name,
            [0, 1, 2].reduce((sum, i) => sum + virtual.bytesOf(name + i, 1_000), 0) / rate / 5,
          ]),
        );
        let room = 0;
        for (const name of active) {
          const { guarantee, ceiling } = municipalities[name] ?? { guarantee: 0, ceiling: 1 };
          expect(used[name]).toBeGreaterThan(guarantee - 0.01);
          expect(used[name]).toBeLessThan(ceiling + 0.01);
          room += ceiling;
        }
        const all = Object.values(used).reduce((sum, one) => sum + one, 0);
        expect(all).toBeGreaterThan(Math.min(1, room) - 0.01);
      }),
      { numRuns: 25 },
    );
  }, 30_000);

  it('gives a guarantee back within a tenth of a second, also to who had more before', () => {
    const municipalities = { '131016': { guarantee: 0.4, ceiling: 1 } };
    const virtual = new VirtualLine(lineOf('10Mbps', { municipalities }));
    virtual.saturating('a', () => SMALL_RECORD, '131016');
    virtual.run(2_000);
    for (const [i, session] of MANY.entries()) virtual.saturating(session, () => SMALL_RECORD, `2310${10 + i}`);
    virtual.run(5_000);
    for (let from = 2_100; from + 500 <= 5_000; from += 500) {
      expect(virtual.bytesOf('a', from, from + 500) / (rate / 2)).toBeGreaterThan(0.39);
    }
  });

  it('goes from 100 to 10 to 100 Mbps while sessions go on, without losing or turning round a record', () => {
    const [fast, slow] = [bytesPerSecondOf('100Mbps'), rate];
    const virtual = new VirtualLine(lineOf('100Mbps'));
    for (const session of MANY) virtual.saturating(session, () => SMALL_RECORD);
    const pushed: Uint8Array[] = [];
    const steady = virtual.open('steady', '131024');
    virtual.every(10, () => {
      const record = recordOf(1_000);
      pushed.push(record);
      virtual.push(steady, record);
    });
    virtual.at(1_000, () => virtual.change(lineOf('10Mbps')));
    virtual.at(2_000, () => virtual.change(lineOf('100Mbps')));
    virtual.run(3_000);
    expect(virtual.bytes(0, 1_000) / fast).toBeGreaterThan(0.99);
    expect(virtual.bytes(1_000.5, 2_000) / slow).toBeGreaterThan(0.98);
    expect(virtual.bytes(1_000.5, 2_000)).toBeLessThanOrEqual(slow + new Contract(lineOf('10Mbps')).burstBytes);
    expect(virtual.bytes(2_000, 3_000) / fast).toBeGreaterThan(0.99);
    const got = virtual.sent.filter(({ session }) => session === 'steady').map(({ record }) => record);
    expect(got.every((record, i) => record === pushed[i])).toBe(true);
    expect(pushed.length - got.length).toBeLessThanOrEqual(1);
  });
});
