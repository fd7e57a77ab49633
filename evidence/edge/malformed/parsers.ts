// A million malformed frames and messages through the parsers that face strangers and peers. The heap is looked at after each tenth.
import { randomBytes } from 'node:crypto';
import { FrameError, FrameReader } from '#platform/hop/frame-reader.ts';
import { Refusal } from '#protocol/codes.ts';
import { readHello } from '#protocol/inner/handshake.ts';
import { decodeControl, decodeInput } from '#protocol/inner/profile.ts';
import { Direction } from '#protocol/lanes.ts';
import { BURST_SECONDS } from '#protocol/limits.ts';
import { LaneGate } from '#protocol/outer/gate.ts';
import { parseFromAgent, parseFromGateway, parseToAgent } from '#protocol/outer/link.ts';
import { parseSessionMessage, parseTicketMessage } from '#protocol/outer/ticket.ts';

export const LOOKS = 10;
const NOISE_MAX_BYTES = 200;

export interface Malformed {
  tried: number;
  /** Refused as malformed, by the parser's own word. */
  refused: number;
  /** Not complete yet, or well formed by chance. */
  accepted: number;
  /** Any other error: a fault of ours. */
  faults: string[];
  /** After each tenth, bytes. */
  heap: number[];
}

const text = (parse: (given: string) => unknown) => (bytes: Buffer) => void parse(bytes.toString('latin1'));

const PARSERS: readonly ((bytes: Buffer) => void)[] = [
  (bytes) => {
    const reader = new FrameReader(true);
    reader.push(bytes);
    while (reader.next() !== null);
  },
  (bytes) => void new LaneGate(Direction.inward, BURST_SECONDS).admit(bytes, 0),
  (bytes) => void readHello(new Uint8Array(bytes)),
  (bytes) => void decodeInput(bytes),
  (bytes) => void decodeControl(bytes),
  ...[parseFromAgent, parseToAgent, parseFromGateway, parseTicketMessage, parseSessionMessage].map(text),
];

/** Asking the system for each byte would take longer than parsing it. */
const pool = randomBytes(1 << 20);
let at = 0;

/** Frames of every opcode and length, messages that begin well, and noise. */
function malformed(): Buffer {
  at = (at + NOISE_MAX_BYTES + 7) % (pool.length - 2 * NOISE_MAX_BYTES);
  const length = pool.readUInt8(at) % NOISE_MAX_BYTES;
  const [manner = 0, first = 0, second = 0] = pool.subarray(at + 1);
  // A copy: the frame reader takes the mask off in place.
  const noise = Buffer.from(pool.subarray(at + 4, at + 4 + length));
  if (manner < 64) return Buffer.concat([Buffer.from([0x80 | (first & 15), 0x80 | (second & 127)]), noise]);
  if (manner < 96) return Buffer.from(`{"type":"ticket","ticket":"${noise.toString('base64url')}"}`);
  if (manner < 160) return Buffer.concat([Buffer.from([1, first & 7]), noise]);
  return noise;
}

/** @param collectGarbage so that a heap is what is held and not what is yet to be freed */
export function parseMalformed(count: number, collectGarbage: () => unknown): Malformed {
  const seen: Malformed = { tried: 0, refused: 0, accepted: 0, faults: [], heap: [] };
  while (seen.tried < count) {
    const parse = PARSERS[seen.tried++ % PARSERS.length];
    try {
      parse?.(malformed());
      seen.accepted++;
    } catch (error) {
      if (error instanceof Refusal || error instanceof FrameError) seen.refused++;
      else if (seen.faults.length < LOOKS) seen.faults.push(String(error));
    }
    if (seen.tried % Math.floor(count / LOOKS) === 0) {
      collectGarbage();
      const { heapUsed, external, arrayBuffers } = process.memoryUsage();
      seen.heap.push(heapUsed + external + arrayBuffers);
    }
  }
  return seen;
}
