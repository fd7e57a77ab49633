import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frameHeaderBytes, Unframer, writeFrameHeader } from '#bench/peers/frames.ts';

/** One binary message. @param key masks it as a client does; null for a server's */
function frame(payload: Buffer, key: number | null): Buffer {
  const headerBytes = frameHeaderBytes(payload.length, key !== null);
  const bytes = Buffer.alloc(headerBytes + payload.length);
  writeFrameHeader(bytes, 0, payload.length, key !== null);
  payload.copy(bytes, headerBytes);
  if (key === null) return bytes;
  bytes.writeUInt32BE(key, headerBytes - 4);
  const mask = bytes.subarray(headerBytes - 4, headerBytes);
  for (let i = 0; i < payload.length; i++) bytes[headerBytes + i] = (payload[i] as number) ^ (mask[i % 4] as number);
  return bytes;
}

function unframed(chunks: readonly Buffer[]): { payload: Buffer; unframer: Unframer } {
  const pieces: Buffer[] = [];
  const unframer = new Unframer((piece) => pieces.push(Buffer.from(piece)));
  for (const chunk of chunks) unframer.push(Buffer.from(chunk));
  return { payload: Buffer.concat(pieces), unframer };
}

describe('the framing of the load', () => {
  it('writes the three lengths of RFC 6455 §5.2, masked with the key 0 and not', () => {
    for (const [bytes, header] of [
      [125, '827d'],
      [126, '827e007e'],
      [65_535, '827effff'],
      [65_536, '827f0000000000010000'],
    ] as const) {
      expect(frame(Buffer.alloc(bytes), null).subarray(0, frameHeaderBytes(bytes, false)).toString('hex')).toBe(header);
    }
    expect(frame(Buffer.alloc(3), 0).toString('hex')).toBe('828300000000000000');
  });

  it('takes any stream apart again, however it is cut into chunks and whatever the mask', () => {
    const messages = fc.array(fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.option(fc.nat(0xffffffff))), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(messages, fc.array(fc.nat(40), { maxLength: 200 }), (list, cuts) => {
        const stream = Buffer.concat(list.map(([payload, key]) => frame(Buffer.from(payload), key)));
        const chunks: Buffer[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(stream.subarray(at, at + cut));
          at += cut;
        }
        chunks.push(stream.subarray(at));
        expect(unframed(chunks).payload).toEqual(Buffer.concat(list.map(([payload]) => payload)));
      }),
    );
  });

  it('passes over texts and counts them, joins fragments, and notices a close', () => {
    const text = Buffer.from('810163', 'hex');
    const fragments = Buffer.from('02016180016e', 'hex');
    const { payload, unframer } = unframed([Buffer.concat([text, fragments])]);
    expect(payload.toString()).toBe('an');
    expect(unframer.otherMessages).toBe(1);
    expect(unframer.closed).toBe(false);
    unframer.push(Buffer.from('8800', 'hex'));
    expect(unframer.closed).toBe(true);
  });
});
