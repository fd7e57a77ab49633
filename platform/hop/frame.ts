// A WebSocket frame (RFC 6455 §5.2) as far as a hop uses it.
//
//   offset  bytes
//   0       1      FIN 0x80, RSV 0x70 (no extension is ever agreed on: always 0), opcode 0x0f
//   1       1      MASK 0x80, length 0x7f: up to 125 itself, 126: see below, 127 (a u64 follows): above every limit of ours
//   2       0 / 2  the length, if it does not fit 125
//   2 / 4   0 / 4  the mask, from the dialling end only
//
// A mask of zeros is a mask: the header says so, and nothing has to be XORed.
import { randomFillSync } from 'node:crypto';
import { unmask } from './unmask.ts';

export const Opcode = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** RFC 6455 §7.4.1. `none` never travels: it stands for a close without a status. */
export const Status = { none: 1005, protocolError: 1002, notUtf8: 1007, tooBig: 1009 } as const;
export type Status = (typeof Status)[keyof typeof Status];

export const FIN = 0x80;
export const MASK = 0x80;
export const LENGTH_U16 = 126;
/** Control frames are never longer (RFC 6455 §5.5), and longer lengths never stand in seven bits. */
export const LENGTH_7_MAX = 125;
export const MASK_BYTES = 4;
export const FRAME_HEADER_MAX_BYTES = 8;

/** What an end masks with. 'none' is the accepting end (RFC 6455 §5.1); 'zero' is for TLS between our own processes. */
export type Masking = 'none' | 'zero' | 'random';

/**
 * One whole message as one frame in one piece, so that TLS makes one record of it.
 * @param payload below 64 KiB; left as it is
 * @param headroom bytes in front of `payload` in its own memory that may be overwritten: 8 are always enough to save the
 * copy, and a relayed record brings the header that it came with
 */
export function frame(opcode: Opcode, payload: Uint8Array, masking: Masking, headroom: number): Buffer {
  const masked = masking === 'none' ? 0 : MASK_BYTES;
  const header = (payload.length > LENGTH_7_MAX ? 4 : 2) + masked;
  if (headroom >= header && masking !== 'random') {
    const bytes = Buffer.from(payload.buffer, payload.byteOffset - header, header + payload.length);
    writeHeader(bytes, opcode, payload.length, masked);
    if (masked > 0) bytes.writeInt32BE(0, header - MASK_BYTES);
    return bytes;
  }
  const bytes = Buffer.allocUnsafe(header + payload.length);
  writeHeader(bytes, opcode, payload.length, masked);
  bytes.set(payload, header);
  if (masking === 'zero') bytes.writeInt32BE(0, header - MASK_BYTES);
  if (masking === 'random') {
    randomFillSync(bytes, header - MASK_BYTES, MASK_BYTES);
    unmask(bytes.subarray(header), bytes.readInt32BE(header - MASK_BYTES));
  }
  return bytes;
}

function writeHeader(bytes: Buffer, opcode: Opcode, length: number, masked: number): void {
  const mask = masked > 0 ? MASK : 0;
  bytes[0] = FIN | opcode;
  if (length <= LENGTH_7_MAX) {
    bytes[1] = mask | length;
  } else {
    bytes[1] = mask | LENGTH_U16;
    bytes.writeUInt16BE(length, 2);
  }
}
