// The records that the load is made of: valid headers, in sequence, so that our relay's lane rules admit them. The same
// bytes go through every peer.
import { randomBytes } from 'node:crypto';
import { readHeader, writeHeader } from '#protocol/header.ts';
import { Lane } from '#protocol/lanes.ts';
import {
  ACK_PLAINTEXT_BYTES,
  CONTROL_PLAINTEXT_BYTES,
  HEADER_BYTES,
  RECORD_MAX_BYTES,
  TAG_BYTES,
} from '#protocol/limits.ts';
import { frameHeaderBytes, writeFrameHeader } from './frames.ts';

const SEALED_BYTES = HEADER_BYTES + TAG_BYTES;
/** The first record from the sink: which load it wants. */
export const HELLO_BYTES = 256;
/** The largest record: header, WebSocket header and TLS record fit each other exactly. */
export const FRAME_BYTES = RECORD_MAX_BYTES;
/** A probe goes inwards on the ack lane, which allows the most a second, and comes back on the control lane. */
export const PROBE_BYTES = SEALED_BYTES + ACK_PLAINTEXT_BYTES;
export const ECHO_BYTES = SEALED_BYTES + CONTROL_PLAINTEXT_BYTES;

/** null: the bare record, for a relay that does the framing itself. */
export type Framing = 'masked' | 'unmasked' | null;

/** Where the time of sending stands in a record's body. */
const STAMP_OFFSET = HEADER_BYTES;
const STAMP_BYTES = 6;

/** Microseconds of the machine's monotonic clock, the same in every process. */
export const microseconds = (): number => Number(process.hrtime.bigint() / 1000n);

/** A few records of one size, ready to be written as one piece, again and again. */
export class Batch {
  readonly #bytes: Buffer;
  readonly #lane: Lane;
  readonly #headerBytes: number;
  readonly #frameBytes: number;
  readonly records: number;

  constructor(lane: Lane, recordBytes: number, records: number, framing: Framing) {
    this.#lane = lane;
    this.#headerBytes = framing ? frameHeaderBytes(recordBytes, framing === 'masked') : 0;
    this.#frameBytes = this.#headerBytes + recordBytes;
    this.records = records;
    this.#bytes = randomBytes(this.#frameBytes * records);
    if (!framing) return;
    for (let i = 0; i < records; i++)
      writeFrameHeader(this.#bytes, i * this.#frameBytes, recordBytes, framing === 'masked');
  }

  /** Not while the batch is still being written. @param records as many of them. @returns a view */
  fill(firstSequence: number, records: number, stamp: number): Buffer {
    for (let i = 0; i < records; i++) {
      const record = this.#bytes.subarray(i * this.#frameBytes + this.#headerBytes, (i + 1) * this.#frameBytes);
      writeHeader(record, { lane: this.#lane, sequence: firstSequence + i });
      record.writeUIntBE(stamp, STAMP_OFFSET, STAMP_BYTES);
    }
    return this.#bytes.subarray(0, records * this.#frameBytes);
  }
}

/** One record with a text in it, padded with zeros. @throws RangeError if the text does not fit */
export function helloRecord(text: string): Buffer {
  const record = Buffer.alloc(HELLO_BYTES);
  if (Buffer.byteLength(text) > HELLO_BYTES - SEALED_BYTES) throw new RangeError('the hello is too long');
  writeHeader(record, { lane: Lane.handshake, sequence: 0 });
  record.write(text, HEADER_BYTES);
  return record;
}

export function textOfHello(record: Buffer): string {
  return record.toString('utf8', HEADER_BYTES, record.indexOf(0, HEADER_BYTES));
}

/**
 * Cuts a stream of records whose sizes are known, and looks at the head of each.
 * @throws Refusal of a malformed header, Error for a sequence with a gap: a relay that lost bytes is not measured
 */
export class RecordReader {
  readonly #size: (index: number) => number;
  readonly #taken: (head: Buffer, index: number) => void;
  readonly #headBytes: number;
  readonly #head: Buffer;
  #at = 0;
  #index = 0;
  #sequence: number;
  bytes = 0;

  /**
   * @param size of the n-th record in bytes
   * @param taken called when the last byte of a record is there, with its first `headBytes` bytes
   */
  constructor(
    size: (index: number) => number,
    taken: (head: Buffer, index: number) => void,
    { firstSequence = 0, headBytes = STAMP_OFFSET + STAMP_BYTES }: { firstSequence?: number; headBytes?: number } = {},
  ) {
    this.#size = size;
    this.#taken = taken;
    this.#headBytes = headBytes;
    this.#head = Buffer.alloc(headBytes);
    this.#sequence = firstSequence;
  }

  push(piece: Buffer): void {
    this.bytes += piece.length;
    for (let at = 0; at < piece.length; ) {
      const size = this.#size(this.#index);
      const take = Math.min(size - this.#at, piece.length - at);
      if (this.#at < this.#headBytes)
        piece.copy(this.#head, this.#at, at, Math.min(at + take, at + this.#headBytes - this.#at));
      at += take;
      this.#at += take;
      if (this.#at < size) return;
      this.#at = 0;
      const { sequence } = readHeader(this.#head);
      if (sequence !== this.#sequence) throw new Error(`record ${sequence} where ${this.#sequence} was due`);
      this.#sequence++;
      this.#taken(this.#head, this.#index++);
    }
  }
}

/** @param head of a record that a Batch made */
export const stampOf = (head: Buffer): number => head.readUIntBE(STAMP_OFFSET, STAMP_BYTES);
