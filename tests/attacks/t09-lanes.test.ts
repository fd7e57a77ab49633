// T09: the lanes of a session cannot be made into a tunnel. Whoever holds the client's end (or the gateway) can push
// only records of the right lane, direction, size and order, and inward less than 100 kbit/s of them.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Refusal } from '#protocol/codes.ts';
import { Lane } from '#protocol/lanes.ts';
import {
  ACK_PLAINTEXT_BYTES,
  BURST_SECONDS,
  CONTROL_PLAINTEXT_BYTES,
  HANDSHAKE_RECORD_MAX_BYTES,
  HANDSHAKE_RECORDS_INWARD,
  HEADER_BYTES,
  INPUT_PLAINTEXT_BYTES,
  RECORD_MAX_BYTES,
  TAG_BYTES,
} from '#protocol/limits.ts';
import { type LaneBuckets, LaneGate } from '#protocol/outer/gate.ts';
import { Direction } from '#protocol/outer/lanes.ts';
import { openBroker, openSession, type Peer, type TestBroker } from '../support/broker.ts';
import { record } from '../support/record.ts';

const SIZES = new Map<Lane, number>([
  [Lane.input, INPUT_PLAINTEXT_BYTES],
  [Lane.ack, ACK_PLAINTEXT_BYTES],
  [Lane.control, CONTROL_PLAINTEXT_BYTES],
]);
const RATED = [...SIZES.keys()];

/** A relay's pump reads record after record and waits when told to. @returns bytes it forwarded in `seconds` */
function pushed(lanes: (i: number) => Lane, seconds: number): number {
  const gate = new LaneGate(Direction.inward, BURST_SECONDS);
  let now = 0;
  let bytes = 0;
  for (let i = 0; now < seconds * 1000; i++) {
    const lane = lanes(i);
    const one = record(lane, i, SIZES.get(lane) ?? 0);
    now += gate.admit(one, now).waitMs;
    bytes += one.length;
  }
  return bytes;
}

describe('inward', () => {
  it('less than 100 kbit/s pass over a minute, whatever mixture of lanes is pushed', () => {
    const seconds = 60;
    // What may come at once stands on top: two seconds' worth, and the record during which a wait begins, per lane.
    const most = ((seconds + BURST_SECONDS) * 100_000) / 8 + 3 * 56;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...RATED), { minLength: 1, maxLength: 40 }), (pattern) => {
        expect(pushed((i) => pattern[i % pattern.length] as Lane, seconds)).toBeLessThan(most);
      }),
      { numRuns: 30 },
    );
  });

  it('no burst comes with a session that begins on what the last one left', () => {
    const buckets: LaneBuckets = new Map();
    const pushedBy = () => {
      const gate = new LaneGate(Direction.inward, BURST_SECONDS, buckets);
      let [bytes, sequence] = [0, 0];
      for (const lane of RATED) {
        for (let waitMs = 0; waitMs === 0; ) {
          const one = record(lane, sequence++, SIZES.get(lane) ?? 0);
          waitMs = gate.admit(one, 0).waitMs;
          bytes += one.length;
        }
      }
      return bytes;
    };
    expect(pushedBy()).toBeGreaterThan(24_000);
    // The record during which a wait begins, in each lane.
    for (let session = 0; session < 20; session++) expect(pushedBy()).toBe(40 + 40 + 56);
  });

  it('the handshake adds two records and is then shut for good', () => {
    const gate = new LaneGate(Direction.inward, BURST_SECONDS);
    const hello = (sequence: number) =>
      record(Lane.handshake, sequence, HANDSHAKE_RECORD_MAX_BYTES - HEADER_BYTES - TAG_BYTES);
    for (let i = 0; i < HANDSHAKE_RECORDS_INWARD; i++) gate.admit(hello(i), 0);
    expect(() => gate.admit(hello(HANDSHAKE_RECORDS_INWARD), 0)).toThrow(Refusal);
    const shut = new LaneGate(Direction.inward, BURST_SECONDS);
    shut.admit(record(Lane.input, 0, INPUT_PLAINTEXT_BYTES), 0);
    expect(() => shut.admit(hello(1), 0)).toThrow('LANE_SHUT');
  });
});

describe('at the broker', () => {
  let test: TestBroker;
  let gateway: Peer;
  let agent: Peer;
  beforeAll(async () => {
    test = await openBroker();
    gateway = await test.gatewayLink();
    agent = await test.agentLink();
    await gateway.next('presence');
  }, 60_000);
  afterAll(() => test.close());

  const inward: [string, string, Buffer[]][] = [
    ['pixels towards the office', 'LANE_DIRECTION', [record(Lane.frame, 0, 1_000)]],
    ['a lane of its own', 'LANE_UNKNOWN', [record(7 as Lane, 0, 16)]],
    ['lane 0', 'LANE_UNKNOWN', [record(0 as Lane, 0, 16)]],
    ['input of one byte more', 'RECORD_SIZE', [record(Lane.input, 0, INPUT_PLAINTEXT_BYTES + 1)]],
    ['input of one byte less', 'RECORD_SIZE', [record(Lane.input, 0, INPUT_PLAINTEXT_BYTES - 1)]],
    ['a file on the control lane', 'RECORD_SIZE', [record(Lane.control, 0, 4_096)]],
    ['a large ack', 'RECORD_SIZE', [record(Lane.ack, 0, 64)]],
    ['a third handshake record', 'LANE_SHUT', [0, 1, 2].map((i) => record(Lane.handshake, i, 64))],
    ['a handshake of 16 KiB', 'RECORD_SIZE', [record(Lane.handshake, 0, RECORD_MAX_BYTES - HEADER_BYTES - TAG_BYTES)]],
    ['a record twice', 'RECORD_OUT_OF_ORDER', [record(Lane.input, 0, 16), record(Lane.input, 0, 16)]],
    ['a gap in the sequence', 'RECORD_OUT_OF_ORDER', [record(Lane.input, 0, 16), record(Lane.input, 2, 16)]],
    ['the highest sequence number', 'RECORD_OUT_OF_ORDER', [record(Lane.input, 2 ** 48 - 1, 16)]],
    ['anything after the close', 'LANE_SHUT', [record(Lane.close, 0, 16), record(Lane.input, 1, 16)]],
  ];

  it.each(inward)('ends the session for %s and writes down why', async (_, reason, records) => {
    const { session, gatewayData, agentData } = await openSession(test, gateway, agent);
    for (const one of records) gatewayData.socket.sendRecord(one);
    expect(await agentData.ended()).toBe('PROTOCOL_ERROR');
    expect(await gatewayData.ended()).toBe('PROTOCOL_ERROR');
    expect(agentData.records.length).toBe(records.length - 1);
    expect(test.audit.of('lane-violation').find((one) => one.session === session)).toMatchObject({ reason });
  });

  it.each([
    ['keys towards the client', 'LANE_DIRECTION', record(Lane.input, 0, INPUT_PLAINTEXT_BYTES)],
    ['an empty frame', 'RECORD_SIZE', record(Lane.frame, 0, 0)],
    ['an unknown lane', 'LANE_UNKNOWN', record(8 as Lane, 0, 100)],
  ])('holds a hostile agent to its lanes too: %s', async (_, reason, bytes) => {
    const { session, gatewayData, agentData } = await openSession(test, gateway, agent);
    agentData.socket.sendRecord(bytes);
    expect(await gatewayData.ended()).toBe('PROTOCOL_ERROR');
    expect(gatewayData.records).toEqual([]);
    expect(test.audit.of('lane-violation').find((one) => one.session === session)).toMatchObject({ reason });
  });

  it('carries no ping, no text and no close reason from one end to the other', async () => {
    const { gatewayData, agentData } = await openSession(test, gateway, agent);
    let pings = 0;
    agentData.socket.observe({ heard: () => pings++ });
    for (let i = 0; i < 5; i++) gatewayData.socket.ping();
    gatewayData.socket.sendRecord(record(Lane.input, 0, INPUT_PLAINTEXT_BYTES));
    await agentData.until(() => agentData.records.length === 1);
    // The record itself is all that was heard: pings end at each hop.
    expect(pings).toBe(1);
    gatewayData.socket.sendText('text is no lane');
    expect(await agentData.ended()).toBe('PROTOCOL_ERROR');
    expect(agentData.of('text')).toEqual([]);
  });
});
