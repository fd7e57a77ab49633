import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RECORD_MAX_WIRE_BYTES, wireBytes } from '#broker/shaping/wire-bytes.ts';
import { RECORD_MAX_BYTES } from '#protocol/limits.ts';

describe('the weight of a record on the line', () => {
  it.each([
    // record, WebSocket header, TLS record, segments of 1,448 bytes with 52 bytes each
    [40, 40 + 2 + 22 + 52],
    [125, 125 + 2 + 22 + 52],
    [126, 126 + 4 + 22 + 52],
    [1_422, 1_422 + 4 + 22 + 52],
    [1_423, 1_423 + 4 + 22 + 2 * 52],
    [4_096, 4_096 + 4 + 22 + 3 * 52],
    [RECORD_MAX_BYTES, RECORD_MAX_BYTES + 4 + 22 + 12 * 52],
  ])('of %i bytes is that of its frame, its TLS record and its segments', (record, wire) => {
    expect(wireBytes(record)).toBe(wire);
  });

  it('grows with the record and never reaches 5 % of a full one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 9, max: RECORD_MAX_BYTES - 1 }), (bytes) => {
        expect(wireBytes(bytes + 1)).toBeGreaterThan(wireBytes(bytes));
        expect(wireBytes(bytes + 1)).toBeLessThanOrEqual(RECORD_MAX_WIRE_BYTES);
      }),
    );
    expect(RECORD_MAX_WIRE_BYTES / RECORD_MAX_BYTES).toBeLessThan(1.05);
  });
});
