import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStamp, STAMP_BYTES, type Stamp, StampReader, UPDATE_MAX_BYTES, writeStamp } from '#bench/replay/stamp.ts';
import { concat } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { AgentMessages } from '#rfb/agent-messages.ts';

const stamps: fc.Arbitrary<Stamp> = fc.record({
  capturedUs: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  length: fc.integer({ min: STAMP_BYTES, max: UPDATE_MAX_BYTES }),
  echo: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
});

/** A stamp alone is a whole update; each of these has some bytes behind it that nobody reads. */
const updates = fc.array(
  fc.record({ stamp: stamps, behind: fc.uint8Array({ maxLength: 200 }) }).map(({ stamp, behind }) => {
    const own = { ...stamp, length: STAMP_BYTES + behind.length };
    return { stamp: own, bytes: concat(writeStamp(own, 1), behind) };
  }),
  { minLength: 1, maxLength: 8 },
);

describe('a stamp', () => {
  it('says what was written into it', () => {
    fc.assert(fc.property(stamps, (stamp) => void expect(readStamp(writeStamp(stamp, 3))).toEqual(stamp)));
  });

  it('is two small rectangles to any RFB client', async () => {
    const regions: object[] = [];
    let updated = 0;
    const ignored = () => {};
    const messages = new AgentMessages(
      { width: 640, height: 480 },
      {
        tight: (region, contents) => void regions.push({ ...region, kind: contents.kind }),
        ...{ sized: ignored, cursor: ignored, announced: ignored, bell: ignored },
        updated: () => updated++,
      },
    );
    await messages.push(writeStamp({ capturedUs: 123_456_789, length: STAMP_BYTES, echo: 7 }, 0));
    expect(updated).toBe(1);
    expect(regions).toMatchObject([
      { x: 0, y: 0, width: 3, height: 1, kind: 'copy' },
      { x: 0, y: 1, width: 3, height: 1, kind: 'copy' },
    ]);
  });

  it('is refused with any other byte where it says nothing', () => {
    const good = writeStamp({ capturedUs: 1, length: STAMP_BYTES, echo: 1 }, 0);
    const speaking = new Set([2, 3, 17, 18, 19, 20, 21, 22, 23, 24, 25, 39, 40, 41, 42]);
    for (let at = 0; at < good.length; at++) {
      if (speaking.has(at)) continue;
      const changed = good.with(at, (good[at] ?? 0) ^ 0x40);
      expect(() => readStamp(changed), `byte ${at}`).toThrow(Refusal);
    }
  });
});

describe('the reader of a stamped stream', () => {
  it('finds every update, however the stream is cut', () => {
    fc.assert(
      fc.property(updates, fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (sent, cuts) => {
        const found: Stamp[] = [];
        const reader = new StampReader((stamp) => found.push(stamp));
        const stream = concat(...sent.map(({ bytes }) => bytes));
        for (let at = 0, i = 0; at < stream.length; i++) {
          const next = at + (cuts[i % cuts.length] ?? 1);
          reader.push(stream.subarray(at, next));
          at = next;
        }
        expect(found).toEqual(sent.map(({ stamp }) => stamp));
      }),
    );
  });

  it('tells an update when its last byte is there, and not before', () => {
    const found: Stamp[] = [];
    const reader = new StampReader((stamp) => found.push(stamp));
    const stamp = { capturedUs: 5, length: STAMP_BYTES + 2, echo: 0 };
    reader.push(concat(writeStamp(stamp, 1), Uint8Array.of(1)));
    expect(found).toEqual([]);
    reader.push(Uint8Array.of(2));
    expect(found).toEqual([stamp]);
  });

  it('takes any bytes with a refusal or none, and never for a stamp that was not written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const found: Stamp[] = [];
        try {
          new StampReader((stamp) => found.push(stamp)).push(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
        expect(found.length).toBeLessThanOrEqual(bytes.length / STAMP_BYTES);
      }),
    );
  });
});
