import { randomFillSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIN, frame, MASK, type Masking, Opcode, Status } from '#platform/hop/frame.ts';
import { FrameError, FrameReader } from '#platform/hop/frame-reader.ts';
import { unmask } from '#platform/hop/unmask.ts';
import { LINK_MESSAGE_MAX_BYTES, RECORD_MAX_BYTES } from '#protocol/limits.ts';
import { liveMemory } from '#tests/support/live-memory.ts';

interface Message {
  opcode: Opcode;
  payload: string;
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** Everything that the reader makes of these chunks, and what it ends with. @param asked after each chunk, or in the end */
function read(chunks: Buffer[], masked = false, asked: 'often' | 'late' = 'often') {
  const reader = new FrameReader(masked);
  const messages: Message[] = [];
  try {
    for (const chunk of chunks) {
      // A copy, since what is masked is changed in place.
      reader.push(Buffer.from(chunk));
      if (asked === 'late' && chunk !== chunks.at(-1)) continue;
      for (let opcode = reader.next(); opcode !== null; opcode = reader.next()) {
        messages.push({ opcode, payload: reader.payload.toString('latin1') });
      }
    }
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return { messages, status: error.status as Status | null };
  }
  return { messages, status: null };
}

const bytewise = (bytes: Buffer) => Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
const refused = (bytes: Buffer, masked = false) => {
  const whole = read([bytes], masked);
  expect(read(bytewise(bytes), masked)).toEqual(whole);
  expect(whole.messages).toEqual([]);
  return whole.status;
};

describe('the examples of RFC 6455 §5.7', () => {
  it.each([
    ['a text', '81 05 48 65 6c 6c 6f', false, [{ opcode: Opcode.text, payload: 'Hello' }]],
    ['a masked text', '81 85 37 fa 21 3d 7f 9f 4d 51 58', true, [{ opcode: Opcode.text, payload: 'Hello' }]],
    ['a text in two fragments', '01 03 48 65 6c 80 02 6c 6f', false, [{ opcode: Opcode.text, payload: 'Hello' }]],
    ['a ping', '89 05 48 65 6c 6c 6f', false, [{ opcode: Opcode.ping, payload: 'Hello' }]],
    ['a masked pong', '8a 85 37 fa 21 3d 7f 9f 4d 51 58', true, [{ opcode: Opcode.pong, payload: 'Hello' }]],
  ])('reads %s, whole and byte by byte', (_, bytes, masked, messages) => {
    expect(read([hex(bytes)], masked)).toEqual({ messages, status: null });
    expect(read(bytewise(hex(bytes)), masked)).toEqual({ messages, status: null });
  });

  it('reads 256 bytes of binary', () => {
    const bytes = Buffer.concat([hex('82 7e 01 00'), Buffer.alloc(256, 7)]);
    expect(read([bytes]).messages).toEqual([{ opcode: Opcode.binary, payload: '\x07'.repeat(256) }]);
  });
});

describe('what RFC 6455 forbids', () => {
  it.each([
    ['a reserved bit', 'c2 00', Status.protocolError],
    ['an opcode that is reserved for data', '83 00', Status.protocolError],
    ['an opcode that is reserved for control', '8b 00', Status.protocolError],
    ['a mask from an accepting end', '82 80 00 00 00 00', Status.protocolError],
    ['a control frame in fragments', '09 00', Status.protocolError],
    ['a control frame of more than 125 bytes', '89 7e 00 7e', Status.protocolError],
    ['a control frame with a length of 64 bits', '89 7f 00 00 00 00 00 00 00 01', Status.protocolError],
    ['125 bytes with a length of 16 bits', '82 7e 00 7d', Status.protocolError],
    ['a length of 64 bits', '82 7f 00 00 00 00 00 00 00 01', Status.tooBig],
    ['a continuation of nothing', '80 00', Status.protocolError],
    ['a message inside the fragments of another', '02 00 82 00', Status.protocolError],
    ['a text that is not UTF-8', '81 02 c3 28', Status.notUtf8],
    ['a text that ends within a character', '81 01 e6', Status.notUtf8],
    ['a close of one byte', '88 01 03', Status.protocolError],
    ['a close with a status that never travels', '88 02 03 ed', Status.protocolError],
    ['a close with a status that nobody registered', '88 02 07 d0', Status.protocolError],
    ['a close with a reason that is not UTF-8', '88 04 03 e8 c3 28', Status.notUtf8],
  ])('refuses %s, whole and byte by byte', (_, bytes, status) => {
    expect(refused(hex(bytes))).toBe(status);
  });

  it('refuses a frame without a mask from a dialling end', () => {
    expect(refused(hex('82 00'), true)).toBe(Status.protocolError);
  });

  it('takes a character that is cut between two fragments', () => {
    const [text, cut] = [Buffer.from('漢'), 1];
    const bytes = Buffer.concat([hex('01 01'), text.subarray(0, cut), hex('80 02'), text.subarray(cut)]);
    expect(read([bytes]).messages).toEqual([{ opcode: Opcode.text, payload: text.toString('latin1') }]);
  });
});

describe('bounds', () => {
  const header = (first: number, length: number) => Buffer.from([first, 126, length >> 8, length & 0xff]);

  it('refuses by the header alone what is above its limit, before one byte of it has come', () => {
    expect(refused(header(FIN | Opcode.text, LINK_MESSAGE_MAX_BYTES + 1))).toBe(Status.tooBig);
    expect(refused(header(FIN | Opcode.binary, RECORD_MAX_BYTES + 1))).toBe(Status.tooBig);
    for (const [opcode, most] of [
      [Opcode.text, LINK_MESSAGE_MAX_BYTES],
      [Opcode.binary, RECORD_MAX_BYTES],
    ] as const) {
      const { messages, status } = read([header(FIN | opcode, most), Buffer.alloc(most, 0x61)]);
      expect([messages.length, messages[0]?.payload.length, status]).toEqual([1, most, null]);
    }
  });

  it('refuses fragments that are too long together, and too many of them', () => {
    const long = Buffer.concat([header(Opcode.binary, RECORD_MAX_BYTES), Buffer.alloc(RECORD_MAX_BYTES), hex('80 01')]);
    expect(read([long])).toEqual({ messages: [], status: Status.tooBig });
    const many = Buffer.concat([hex('02 00'), ...Array<Buffer>(16).fill(hex('00 00'))]);
    expect(read([many])).toEqual({ messages: [], status: Status.tooBig });
    const few = Buffer.concat([hex('02 00'), ...Array<Buffer>(14).fill(hex('00 00')), hex('80 00')]);
    expect(read([few])).toEqual({ messages: [{ opcode: Opcode.binary, payload: '' }], status: null });
  });

  it('keeps no chunk alive once it has handed everything over', async () => {
    const reader = new FrameReader(false);
    const handOver = () => {
      // Behind the message a header that is cut.
      const chunk = Buffer.alloc(16_008, header(FIN | Opcode.binary, 16_000));
      chunk.fill(0, 4).set([FIN | Opcode.binary, 126, 0], 16_004);
      reader.push(chunk.subarray(0, 16_007));
      expect(reader.next()).toBe(Opcode.binary);
      expect(reader.next()).toBeNull();
      return new WeakRef(chunk.buffer);
    };
    const memory = handOver();
    // Nothing but the reader could hold it now.
    await liveMemory();
    expect(memory.deref()).toBeUndefined();
    expect(reader.next()).toBeNull();
  });
});

/** Any messages a peer may send, as frames of any fragmentation with control frames in between. */
const fragmented = fc.array(
  fc.record({
    text: fc.boolean(),
    parts: fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 5 }),
    ping: fc.option(fc.uint8Array({ maxLength: 125 })),
    key: fc.integer(),
  }),
  { maxLength: 6 },
);

function rawFrame(first: number, payload: Uint8Array, masked: boolean, key: number): Buffer {
  const [second, length] =
    payload.length > 125
      ? [126, Buffer.from([payload.length >> 8, payload.length & 0xff])]
      : [payload.length, Buffer.alloc(0)];
  if (!masked) return Buffer.concat([Buffer.from([first, second]), length, payload]);
  const mask = Buffer.alloc(4);
  mask.writeInt32BE(key);
  const hidden = payload.map((byte, i) => byte ^ (mask[i & 3] as number));
  return Buffer.concat([Buffer.from([first, MASK | second]), length, mask, hidden]);
}

describe('any stream', () => {
  it('gives the same messages whole, byte by byte and cut anywhere', () => {
    fc.assert(
      fc.property(fragmented, fc.boolean(), fc.array(fc.integer({ min: 1, max: 400 })), (messages, masked, cuts) => {
        const frames: Buffer[] = [];
        const sent: Message[] = [];
        for (const { text, parts, ping, key } of messages) {
          // ASCII is UTF-8 wherever it is cut.
          const opcode = text ? Opcode.text : Opcode.binary;
          const bytes = text ? parts.map((part) => part.map((byte) => byte & 0x7f)) : parts;
          bytes.forEach((part, i) => {
            const fin = i === bytes.length - 1 ? FIN : 0;
            frames.push(rawFrame(fin | (i === 0 ? opcode : Opcode.continuation), part, masked, key));
            if (i > 0 || !ping) return;
            frames.push(rawFrame(FIN | Opcode.ping, ping, masked, ~key));
            if (fin === 0) sent.push({ opcode: Opcode.ping, payload: Buffer.from(ping).toString('latin1') });
          });
          sent.push({ opcode, payload: Buffer.concat(bytes).toString('latin1') });
          if (ping && bytes.length === 1)
            sent.push({ opcode: Opcode.ping, payload: Buffer.from(ping).toString('latin1') });
        }
        const stream = Buffer.concat(frames);
        const pieces: Buffer[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const end = at + (cuts[i % cuts.length] ?? stream.length);
          pieces.push(stream.subarray(at, end));
          at = end;
        }
        expect(read([stream], masked)).toEqual({ messages: sent, status: null });
        expect(read(pieces, masked)).toEqual({ messages: sent, status: null });
        expect(read(pieces, masked, 'late')).toEqual({ messages: sent, status: null });
        expect(read(bytewise(stream), masked)).toEqual({ messages: sent, status: null });
      }),
    );
  });

  it('is read or refused, never anything else, and hands out nothing above its limit (T14)', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 2_000 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 50 }),
        (bytes, masked, cut) => {
          const stream = Buffer.from(bytes);
          const pieces = Array.from({ length: Math.ceil(bytes.length / cut) }, (_, i) =>
            stream.subarray(i * cut, (i + 1) * cut),
          );
          const whole = read([stream], masked);
          expect(read(pieces, masked)).toEqual(whole);
          for (const { payload } of whole.messages) expect(payload.length).toBeLessThanOrEqual(RECORD_MAX_BYTES);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a frame', () => {
  const opcodes = fc.constantFrom(Opcode.text, Opcode.binary);
  const maskings = fc.constantFrom<Masking>('none', 'zero', 'random');

  it('is read as it was written, and leaves what it was given as it was', () => {
    fc.assert(
      fc.property(
        opcodes,
        maskings,
        fc.integer({ min: 0, max: 600 }),
        fc.integer({ min: 0, max: 12 }),
        (opcode, masking, length, headroom) => {
          const memory = Buffer.alloc(20 + length, 0x61);
          const payload = memory.subarray(20);
          const bytes = frame(opcode, payload, masking, headroom);
          expect(read([bytes], masking !== 'none')).toEqual({
            messages: [{ opcode, payload: 'a'.repeat(length) }],
            status: null,
          });
          expect(payload.every((byte) => byte === 0x61)).toBe(true);
          expect(memory.subarray(0, 20 - headroom).every((byte) => byte === 0x61)).toBe(true);
        },
      ),
    );
  });

  it('of a relayed record needs no other memory than the frame it came in', () => {
    for (const [from, to] of [
      ['none', 'none'],
      ['zero', 'none'],
      ['random', 'none'],
      ['zero', 'zero'],
      ['random', 'zero'],
    ] as const) {
      for (const length of [10, 200, RECORD_MAX_BYTES]) {
        const came = frame(Opcode.binary, Buffer.alloc(length, 0x42), from, 0);
        const reader = new FrameReader(from !== 'none');
        reader.push(came);
        reader.next();
        const goes = frame(Opcode.binary, reader.payload, to, reader.headroom);
        expect(goes.buffer).toBe(came.buffer);
        expect(read([goes], to !== 'none').messages[0]?.payload).toBe('B'.repeat(length));
      }
    }
  });

  it('of the largest record fits one TLS record', () => {
    expect(frame(Opcode.binary, Buffer.alloc(RECORD_MAX_BYTES), 'random', 0).length).toBe(16_384);
  });

  it('has another mask each time where masks are random', () => {
    const masks = Array.from({ length: 20 }, () => frame(Opcode.binary, Buffer.alloc(1), 'random', 0).readInt32BE(2));
    expect(new Set(masks).size).toBeGreaterThan(15);
  });
});

describe('unmasking', () => {
  it('is the XOR of RFC 6455 §5.3 at any length and place in memory, and its own inverse', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 0, max: 300 }),
        (key, offset, length) => {
          const memory = randomFillSync(Buffer.alloc(offset + length + 9));
          const before = Buffer.from(memory);
          const bytes = memory.subarray(offset, offset + length);
          const mask = Buffer.alloc(4);
          mask.writeInt32BE(key);
          unmask(bytes, key);
          expect([...bytes]).toEqual(
            Array.from(before.subarray(offset, offset + length), (byte, i) => byte ^ (mask[i & 3] as number)),
          );
          unmask(bytes, key);
          expect(memory.equals(before)).toBe(true);
        },
      ),
    );
  });
});
