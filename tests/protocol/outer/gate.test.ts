import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '#protocol/bytes.ts';
import { readHeader, writeHeader } from '#protocol/header.ts';
import { Direction, Lane } from '#protocol/lanes.ts';
import {
  ACK_PER_SECOND,
  BURST_SECONDS,
  CONTROL_PER_SECOND,
  HANDSHAKE_RECORD_MAX_BYTES,
  INPUT_PER_SECOND,
  RECORD_MAX_BYTES,
} from '#protocol/limits.ts';
import { LaneGate } from '#protocol/outer/gate.ts';
import { LANE_RULES } from '#protocol/outer/lanes.ts';
import { openChannels, recordsOf } from '#tests/support/end-to-end.ts';

const LENGTH: Record<Lane, number> = { 1: 200, 2: 1000, 3: 40, 4: 56, 5: 40, 6: 40 };
function record(lane: number, sequence: number, length = LENGTH[lane as Lane] ?? 40): Bytes {
  const bytes = new Uint8Array(length);
  writeHeader(bytes, { lane: lane as Lane, sequence });
  return bytes;
}
const inward = (): LaneGate => new LaneGate(Direction.inward, BURST_SECONDS);
const outward = (): LaneGate => new LaneGate(Direction.outward, BURST_SECONDS);

describe('the header', () => {
  it('comes back, up to 48 bits of sequence', () => {
    const lanes = fc.constantFrom(...Object.values(Lane));
    const property = fc.property(lanes, fc.integer({ min: 0, max: 2 ** 48 - 1 }), (lane, sequence) => {
      expect(readHeader(record(lane, sequence))).toEqual({ lane, sequence });
    });
    fc.assert(property);
  });

  it('is eight bytes: version, lane, sequence', () => {
    const bytes = record(Lane.input, 0x0102_0304_0506, 8);
    expect([...bytes]).toEqual([1, 3, 1, 2, 3, 4, 5, 6]);
  });

  it('is refused when short, of another version or lane', () => {
    for (let length = 0; length < 8; length++) {
      expect(() => readHeader(record(Lane.input, 0).subarray(0, length))).toThrow('MALFORMED');
    }
    for (const lane of [0, 7, 255]) expect(() => readHeader(record(lane, 0))).toThrow('LANE_UNKNOWN');
    for (const version of [0, 2, 0x7b]) {
      const bytes = record(Lane.input, 0);
      bytes[0] = version;
      expect(() => readHeader(bytes)).toThrow('MALFORMED');
    }
  });
});

describe('the gate of a relay', () => {
  it('lets a whole session through, as the ends send it', async () => {
    const shaken = await recordsOf();
    const [into, out] = [inward(), outward()];
    for (const bytes of [shaken.hello, shaken.proof]) into.admit(bytes, 0);
    for (const bytes of [shaken.answer, shaken.identity, shaken.ready]) out.admit(bytes, 0);
    const channels = await openChannels({}, { records: 3, ms: 1000 });
    for (let i = 0; i < 4; i++) {
      channels.client.send(Lane.input, new Uint8Array(16).fill(i + 1));
      channels.agent.send(Lane.frame, new Uint8Array(1 + i * 5000));
      channels.client.acknowledge(i);
      channels.agent.acknowledge(0);
    }
    await Promise.all([channels.client.close('ENDED'), channels.agent.close('ENDED')]);
    for (const bytes of channels.inward) expect(into.admit(bytes, 0).waitMs).toBe(0);
    for (const bytes of channels.outward) expect(out.admit(bytes, 0).waitMs).toBe(0);
  });

  it('knows the direction of each lane', () => {
    expect(() => inward().admit(record(Lane.frame, 0), 0)).toThrow('LANE_DIRECTION');
    expect(() => outward().admit(record(Lane.input, 0), 0)).toThrow('LANE_DIRECTION');
  });

  it.each(Object.values(Direction))('holds each lane to its sizes, direction %s', (direction) => {
    for (const lane of Object.values(Lane)) {
      const rule = LANE_RULES[direction][lane];
      if (!rule) continue;
      const gate = () => new LaneGate(direction, BURST_SECONDS);
      gate().admit(record(lane, 0, rule.min), 0);
      gate().admit(record(lane, 0, rule.max), 0);
      expect(() => gate().admit(record(lane, 0, rule.max + 1), 0)).toThrow('RECORD_SIZE');
      expect(() => gate().admit(record(lane, 0, rule.min - 1), 0)).toThrow('RECORD_SIZE');
    }
    expect(LANE_RULES[Direction.outward][Lane.frame]?.max).toBe(RECORD_MAX_BYTES);
    expect(LANE_RULES[direction][Lane.handshake]?.max).toBe(HANDSHAKE_RECORD_MAX_BYTES);
  });

  it('takes each sequence once and in order, over all lanes', () => {
    const property = fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (sequence) => {
      const gate = outward();
      gate.admit(record(Lane.frame, 0), 0);
      gate.admit(record(Lane.ack, 1), 0);
      if (sequence === 2) gate.admit(record(Lane.frame, sequence), 0);
      else expect(() => gate.admit(record(Lane.frame, sequence), 0)).toThrow('RECORD_OUT_OF_ORDER');
    });
    fc.assert(property, { examples: [[0], [1], [2], [3]] });
  });

  it('shuts the handshake lane after its records, and after the first of another lane', () => {
    const gate = inward();
    gate.admit(record(Lane.handshake, 0), 0);
    gate.admit(record(Lane.handshake, 1), 0);
    expect(() => gate.admit(record(Lane.handshake, 2), 0)).toThrow('LANE_SHUT');
    const early = inward();
    early.admit(record(Lane.handshake, 0), 0);
    early.admit(record(Lane.input, 1), 0);
    expect(() => early.admit(record(Lane.handshake, 2), 0)).toThrow('LANE_SHUT');
    const out = outward();
    for (let i = 0; i < 3; i++) out.admit(record(Lane.handshake, i), 0);
    expect(() => out.admit(record(Lane.handshake, 3), 0)).toThrow('LANE_SHUT');
  });

  it('lets nothing follow a close', () => {
    const gate = outward();
    gate.admit(record(Lane.close, 0), 0);
    expect(() => gate.admit(record(Lane.frame, 1), 0)).toThrow('LANE_SHUT');
  });

  it.each([
    [Lane.input, INPUT_PER_SECOND],
    [Lane.ack, ACK_PER_SECOND],
    [Lane.control, CONTROL_PER_SECOND],
  ])('slows lane %i down to %i a second after a burst, and never refuses it (T09, T18)', (lane, perSecond) => {
    const gate = inward();
    let now = 0;
    let waited = 0;
    let sent = 0;
    const push = () => {
      const { waitMs } = gate.admit(record(lane, sent++), now);
      now += waitMs;
      waited += waitMs;
    };
    for (let i = 0; i < perSecond * BURST_SECONDS; i++) push();
    expect(waited, 'the burst is free').toBe(0);
    for (let i = 0; i < perSecond * 10; i++) push();
    expect(now).toBeGreaterThanOrEqual(9_900);
    expect(now).toBeLessThan(12_000);
    now += BURST_SECONDS * 1000;
    waited = 0;
    for (let i = 0; i < perSecond; i++) push();
    expect(waited, 'rest earns a new burst').toBe(0);
  });

  it('limits each lane by itself, and frames not at all', () => {
    const gate = inward();
    for (let i = 0; i < 1000; i++) gate.admit(record(Lane.input, i), 0);
    expect(gate.admit(record(Lane.ack, 1000), 0).waitMs).toBe(0);
    const out = outward();
    for (let i = 0; i < 1000; i++) expect(out.admit(record(Lane.frame, i), 0).waitMs).toBe(0);
  });

  it('passes less than 100 kbit/s of sealed records inwards', () => {
    const bytes = Object.values(LANE_RULES[Direction.inward])
      .filter((rule) => Number.isFinite(rule.perSecond))
      .reduce((sum, rule) => sum + rule.max * rule.perSecond, 0);
    expect(bytes * 8).toBeLessThan(100_000);
  });
});
