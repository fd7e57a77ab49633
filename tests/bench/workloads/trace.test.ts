import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STAMP_BYTES, writeStamp } from '#bench/replay/stamp.ts';
import { placeOf, readTrace, TRACE_MAX_BYTES, type Trace, writeTrace } from '#bench/workloads/trace.ts';
import { loadTrace, MIX, WORKLOADS, workloadOf } from '#bench/workloads/workloads.ts';
import { concat, Writer } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { Encoding } from '#protocol/inner/profile.ts';
import { TIGHT_FILL } from '#protocol/inner/screen/tight-format.ts';
import { AgentMessages } from '#rfb/agent-messages.ts';

const SCREEN = { width: 640, height: 480 };

function fill(x: number, y: number, width: number, height: number) {
  const writer = new Writer().u16(x).u16(y).u16(width).u16(height).u32(Encoding.tight).u8(TIGHT_FILL);
  const bytes = writer.u8(1).u8(2).u8(3).done();
  return { place: placeOf(bytes), bytes };
}

const traces: fc.Arbitrary<Trace> = fc
  .record({
    gaps: fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 10 }),
    rectangles: fc.array(
      fc.tuple(fc.nat(600), fc.nat(440), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })),
      { minLength: 1, maxLength: 5 },
    ),
  })
  .map(({ gaps, rectangles }) => {
    let atMs = -1;
    const frames = gaps.map((gap) => {
      atMs += gap;
      return { atMs, rectangles: rectangles.map((place) => fill(...place)) };
    });
    return { ...SCREEN, durationMs: atMs + 1, frames };
  });

describe('a trace file', () => {
  it('brings back what was written', () => {
    fc.assert(
      fc.property(traces, (trace) => {
        const { frames, ...rest } = readTrace(writeTrace(trace));
        const plain = (all: Trace['frames']) =>
          all.map(({ atMs, rectangles }) => ({ atMs, rectangles: rectangles.map(({ bytes }) => [...bytes]) }));
        expect({ ...rest, frames: plain(frames) }).toEqual({ ...trace, frames: plain(trace.frames) });
      }),
    );
  });

  it('is refused when it is cut anywhere, or longer than it says', () => {
    fc.assert(
      fc.property(traces, fc.nat(), (trace, seed) => {
        const bytes = writeTrace(trace);
        expect(() => readTrace(bytes.subarray(0, seed % bytes.length))).toThrow(Refusal);
        expect(() => readTrace(concat(bytes, Uint8Array.of(0)))).toThrow(Refusal);
      }),
    );
  });

  it('is refused as a refusal, whatever the bytes', () => {
    fc.assert(
      fc.property(traces, fc.nat(), fc.integer({ min: 1, max: 255 }), (trace, at, change) => {
        const bytes = writeTrace(trace);
        const place = at % bytes.length;
        try {
          readTrace(bytes.with(place, (bytes[place] ?? 0) ^ change));
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
      }),
    );
  });

  it('is not read at all above its limit', () => {
    expect(() => readTrace(new Uint8Array(TRACE_MAX_BYTES + 1))).toThrow(/bytes/);
  });

  it.each([
    ['outside of the screen', { ...SCREEN, durationMs: 1, frames: [{ atMs: 0, rectangles: [fill(630, 0, 11, 1)] }] }],
    ['without an area', { ...SCREEN, durationMs: 1, frames: [{ atMs: 0, rectangles: [fill(0, 0, 0, 1)] }] }],
    ['at the wrong time', { ...SCREEN, durationMs: 5, frames: [{ atMs: 5, rectangles: [fill(0, 0, 1, 1)] }] }],
    ['of an empty frame', { ...SCREEN, durationMs: 5, frames: [{ atMs: 0, rectangles: [] }] }],
    ['without frames', { ...SCREEN, durationMs: 5, frames: [] }],
  ])('is refused with a rectangle %s', (_, trace) => {
    expect(() => readTrace(writeTrace(trace))).toThrow(Refusal);
  });
});

describe.each(WORKLOADS)('the recorded trace of %s', (workload) => {
  it('is what an RFB client draws without complaint', async () => {
    const { width, height, frames } = loadTrace(workload);
    const drawn = { updates: 0, rectangles: 0 };
    const ignored = () => {};
    const messages = new AgentMessages(
      { width, height },
      {
        tight: () => void drawn.rectangles++,
        ...{ sized: ignored, cursor: ignored, announced: ignored, bell: ignored },
        updated: () => drawn.updates++,
      },
    );
    let rectangles = 0;
    for (const frame of frames) {
      const bytes = frame.rectangles.map((one) => one.bytes);
      const length = bytes.reduce((sum, one) => sum + one.length, STAMP_BYTES);
      await messages.push(concat(writeStamp({ capturedUs: 1, length, echo: 0 }, bytes.length), ...bytes));
      rectangles += bytes.length;
    }
    expect(drawn).toEqual({ updates: frames.length, rectangles: rectangles + 2 * frames.length });
  });
});

describe('the office mix', () => {
  it('adds up to the whole', () => {
    expect(Object.values(MIX).reduce((sum, share) => sum + share, 0)).toBe(100);
  });

  it('gives a hundred sessions exactly its shares', () => {
    const counts = Object.fromEntries(WORKLOADS.map((workload) => [workload, 0]));
    for (let i = 0; i < 100; i++) counts[workloadOf(i, 100)] = (counts[workloadOf(i, 100)] ?? 0) + 1;
    expect(counts).toEqual(MIX);
  });
});
