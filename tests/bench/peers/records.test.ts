import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Unframer } from '#bench/peers/frames.ts';
import {
  Batch,
  ECHO_BYTES,
  FRAME_BYTES,
  HELLO_BYTES,
  helloRecord,
  PROBE_BYTES,
  RecordReader,
  stampOf,
  textOfHello,
} from '#bench/peers/records.ts';
import { BURST_SECONDS } from '#protocol/limits.ts';
import { LaneGate } from '#protocol/outer/gate.ts';
import { Direction, Lane } from '#protocol/outer/lanes.ts';

const COUNT = 6;

describe('the records of the load', () => {
  it('pass the gate of our own relay in both directions', () => {
    const outward = new LaneGate(Direction.outward, BURST_SECONDS);
    const frames = new Batch(Lane.frame, FRAME_BYTES, 4, null).fill(0, 4, 1);
    for (let i = 0; i < 4; i++) outward.admit(frames.subarray(i * FRAME_BYTES, (i + 1) * FRAME_BYTES), 0);
    outward.admit(new Batch(Lane.control, ECHO_BYTES, 1, null).fill(4, 1, 1), 0);

    const inward = new LaneGate(Direction.inward, BURST_SECONDS);
    inward.admit(helloRecord('{"kind":"echo"}'), 0);
    const probe = inward.admit(new Batch(Lane.ack, PROBE_BYTES, 1, null).fill(1, 1, 1), 0);
    expect(probe).toEqual({ lane: Lane.ack, waitMs: 0 });
  });

  it('fill one TLS record each together with their WebSocket header', () => {
    expect(new Batch(Lane.frame, FRAME_BYTES, 1, 'masked').fill(0, 1, 0)).toHaveLength(16_384);
  });

  it('are read again from any stream of pieces, with the time that they were sent', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 90 })), fc.nat(2 ** 40), (cuts, stamp) => {
        const taken: number[] = [];
        const reader = new RecordReader(
          () => ECHO_BYTES,
          (head) => taken.push(stampOf(head)),
        );
        const unframer = new Unframer((piece) => reader.push(piece));
        const bytes = new Batch(Lane.control, ECHO_BYTES, COUNT, 'unmasked').fill(0, COUNT, stamp);
        let at = 0;
        for (const cut of cuts) {
          unframer.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        unframer.push(bytes.subarray(at));
        expect(taken).toEqual(Array(COUNT).fill(stamp));
        expect(reader.bytes).toBe(COUNT * ECHO_BYTES);
      }),
    );
  });

  it('show a relay that loses, repeats or changes one', () => {
    const batch = new Batch(Lane.control, ECHO_BYTES, 1, null);
    const reader = () =>
      new RecordReader(
        () => ECHO_BYTES,
        () => {},
      );
    const lossy = reader();
    lossy.push(Buffer.from(batch.fill(0, 1, 0)));
    expect(() => lossy.push(batch.fill(2, 1, 0))).toThrow('record 2 where 1 was due');
    const repeating = reader();
    repeating.push(Buffer.from(batch.fill(0, 1, 0)));
    expect(() => repeating.push(batch.fill(0, 1, 0))).toThrow('record 0 where 1 was due');
    expect(() => reader().push(Buffer.alloc(ECHO_BYTES))).toThrow();
  });

  it('carry the load that is wanted in the hello', () => {
    const hello = helloRecord('{"kind":"frames","mbps":10}');
    expect(hello).toHaveLength(HELLO_BYTES);
    expect(textOfHello(hello)).toBe('{"kind":"frames","mbps":10}');
    expect(() => helloRecord('x'.repeat(HELLO_BYTES))).toThrow(RangeError);
  });
});
