// Sealed records: header ‖ AES-256-GCM(plaintext) ‖ tag. What is not in the header is still bound by the additional data,
// so a record opens only in its own session, epoch, direction, lane and place (T02, T03):
//
//   offset  bytes
//   0       1      version, 0x01
//   1       16     session id
//   17      4      epoch
//   21      1      direction: 0 inward, 1 outward
//   22      1      lane
//   23      6      sequence
import { type Bytes, fromHex, Writer } from '../bytes.ts';
import { VERSION, writeHeader } from '../header.ts';
import type { Direction, Lane } from '../lanes.ts';
import { HEADER_BYTES } from '../limits.ts';
import type { Aead } from './cipher.ts';
import type { MaybePromise } from './maybe-promise.ts';

const LANE_OFFSET = 22;
export const SESSION_BYTES = 16;
/** The header has 48 bits for the sequence. */
export const SEQUENCE_MAX = 2 ** 48 - 1;

/** What a record belongs to. */
export interface Place {
  /** 32 hex digits */
  session: string;
  epoch: number;
  direction: Direction;
}

/** One AEAD key and what it is bound to. It seals upwards only, so a nonce cannot come twice under it. */
export class RecordKey {
  readonly #aead: Aead;
  readonly #bound: Bytes;
  #sealed = -1;

  constructor(aead: Aead, place: Place) {
    this.#aead = aead;
    this.#bound = new Writer()
      .u8(VERSION)
      .bytes(fromHex(place.session, SESSION_BYTES))
      .u32(place.epoch)
      .u8(place.direction)
      .u8(0)
      .u48(0)
      .done();
  }

  /** @returns the whole record */
  seal(lane: Lane, sequence: number, plaintext: Uint8Array): MaybePromise<Bytes> {
    if (sequence <= this.#sealed || sequence > SEQUENCE_MAX) throw new RangeError(`sequence ${sequence} was used`);
    this.#sealed = sequence;
    const header = new Uint8Array(HEADER_BYTES);
    writeHeader(header, { lane, sequence });
    return this.#aead.seal(sequence, this.#additionalData(header), plaintext, header);
  }

  /**
   * @param record whole; its header was checked to be what the caller expects next
   * @throws RECORD_FORGED
   */
  open(sequence: number, record: Uint8Array): MaybePromise<Bytes> {
    const aad = this.#additionalData(record.subarray(0, HEADER_BYTES));
    return this.#aead.open(sequence, aad, record.subarray(HEADER_BYTES));
  }

  /** Lane and sequence stand in the header as they stand in the additional data. */
  #additionalData(header: Uint8Array): Bytes {
    const aad = this.#bound.slice();
    aad.set(header.subarray(1), LANE_OFFSET);
    return aad;
  }
}
