// The cutting of updates into records, with a window that the test opens and shuts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat } from '#protocol/bytes.ts';
import { Outgoing } from '../../../agent/screen/outgoing.ts';
import { DrawnUpdates } from '../../../agent/screen/pacing.ts';

const RECORD = 100;
const WINDOW = 1_000;

function setUp() {
  const records: Uint8Array[] = [];
  const ends: number[] = [];
  const drawn = new DrawnUpdates();
  const original = drawn.sent.bind(drawn);
  drawn.sent = (last) => {
    ends.push(last);
    original(last);
  };
  let inFlight = 0;
  const outgoing = new Outgoing(
    {
      send(chunk) {
        if (inFlight >= WINDOW) throw new Error('sent without room');
        records.push(chunk);
        inFlight += chunk.length;
        return records.length - 1;
      },
      room: () => Math.max(0, WINDOW - inFlight),
      recordBytes: () => RECORD,
      updateBytes: () => WINDOW / 2,
    },
    drawn,
  );
  return {
    outgoing,
    records,
    ends,
    arrive(bytes: number) {
      inFlight = Math.max(0, inFlight - bytes);
    },
    get lengths() {
      return records.map(({ length }) => length);
    },
  };
}

const update = (bytes: number, value = 1) => new Uint8Array(bytes).fill(value);

describe('the end of an update', () => {
  it('goes at once if nothing follows', () => {
    const set = setUp();
    set.outgoing.addUpdate(update(4), update(126));
    set.outgoing.send(false);
    expect([set.lengths, set.ends, set.outgoing.length]).toEqual([[100, 30], [1], 0]);
  });

  it('goes at once if the line would be without work', () => {
    const set = setUp();
    set.outgoing.addUpdate(update(130));
    set.outgoing.send(true);
    expect(set.lengths).toEqual([100, 30]);
  });

  it('shares a record with the next update while the line is full, and both are told of it', () => {
    const set = setUp();
    set.outgoing.addUpdate(update(830));
    set.outgoing.send(true);
    expect(set.lengths).toEqual(Array(8).fill(100));
    expect([set.outgoing.length, set.outgoing.room]).toEqual([30, 170]);
    set.outgoing.addUpdate(update(50));
    set.outgoing.send(false);
    expect(set.lengths.at(-1)).toBe(80);
    expect(set.ends).toEqual([8, 8]);
  });

  it('waits no longer than until a quarter of the window is free', () => {
    const set = setUp();
    set.outgoing.addUpdate(update(830));
    set.outgoing.send(true);
    set.arrive(40);
    set.outgoing.send(true);
    expect(set.records).toHaveLength(8);
    set.arrive(40);
    set.outgoing.send(true);
    expect(set.lengths.at(-1)).toBe(30);
    expect(set.ends).toEqual([8]);
  });
});

describe('whatever is sent and acknowledged', () => {
  const step = fc.record({ bytes: fc.integer({ min: 1, max: 700 }), more: fc.boolean(), arrived: fc.nat(600) });

  it('the stream is the updates in order, and each end is told once, with the record that holds it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const set = setUp();
        const updates = steps.map(({ bytes }, i) => update(bytes, i));
        for (const [i, { more, arrived }] of steps.entries()) {
          set.outgoing.addUpdate(updates[i] ?? update(0));
          set.outgoing.send(more);
          set.arrive(arrived);
        }
        while (set.outgoing.length > 0) {
          set.arrive(WINDOW);
          set.outgoing.send(false);
        }
        const stream = concat(...set.records);
        expect(Buffer.compare(stream, concat(...updates))).toBe(0);
        const upTo = (record: number) => set.lengths.slice(0, record + 1).reduce((sum, length) => sum + length, 0);
        let end = 0;
        expect(set.ends).toHaveLength(updates.length);
        for (const [i, record] of set.ends.entries()) {
          end += updates[i]?.length ?? 0;
          expect(upTo(record)).toBeGreaterThanOrEqual(end);
          expect(upTo(record - 1)).toBeLessThan(end);
        }
      }),
    );
  });
});
