// What the run and its seeing relay say to each other over loopback: kind 1, length 4, bytes.
import type { Socket } from 'node:net';
import type { Bytes } from '#protocol/bytes.ts';

export const Kind = { inward: 0, outward: 1, key: 2, plaintext: 3 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

const HEAD_BYTES = 5;

export function sendMessage(socket: Socket, kind: Kind, bytes: Uint8Array): void {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(kind);
  head.writeUInt32BE(bytes.length, 1);
  socket.write(Buffer.concat([head, bytes]));
}

/** Resolves with the connection's end. */
export async function eachMessage(
  socket: Socket,
  take: (kind: Kind, bytes: Bytes) => Promise<void> | void,
): Promise<void> {
  let waiting: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of socket) {
      waiting = Buffer.concat([waiting, chunk as Buffer]);
      while (waiting.length >= HEAD_BYTES) {
        const end = HEAD_BYTES + waiting.readUInt32BE(1);
        if (waiting.length < end) break;
        await take(waiting.readUInt8(0) as Kind, new Uint8Array(waiting.subarray(HEAD_BYTES, end)));
        waiting = waiting.subarray(end);
      }
    }
  } catch {
    // Whoever breaks it off has ended it, too.
  }
}
