// The records of the handshake lane: the first of each side is clear, the others are sealed under the handshake keys.
import type { Bytes } from '../bytes.ts';
import { Refusal } from '../codes.ts';
import { readHeader, writeHeader } from '../header.ts';
import { Lane } from '../lanes.ts';
import { HANDSHAKE_RECORD_MAX_BYTES, HEADER_BYTES } from '../limits.ts';
import type { RecordKey } from './records.ts';

export function clearRecord(sequence: number, body: Bytes): Bytes {
  const record = new Uint8Array(HEADER_BYTES + body.length);
  writeHeader(record, { lane: Lane.handshake, sequence });
  record.set(body, HEADER_BYTES);
  return record;
}

/** @returns a copy of the body. @throws MALFORMED, LANE_UNKNOWN, RECORD_SIZE, RECORD_OUT_OF_ORDER, MESSAGE_UNEXPECTED for another lane */
export function clearBody(record: Uint8Array, sequence: number): Bytes {
  checkHeader(record, sequence);
  return new Uint8Array(record.subarray(HEADER_BYTES));
}

/** @throws RECORD_FORGED, and as clearBody */
export async function sealedBody(key: RecordKey, record: Uint8Array, sequence: number): Promise<Bytes> {
  checkHeader(record, sequence);
  return key.open(sequence, record);
}

function checkHeader(record: Uint8Array, expected: number): void {
  if (record.length > HANDSHAKE_RECORD_MAX_BYTES) throw new Refusal('RECORD_SIZE', `${record.length} bytes`);
  const { lane, sequence } = readHeader(record);
  if (lane !== Lane.handshake) throw new Refusal('MESSAGE_UNEXPECTED', `lane ${lane} during the handshake`);
  if (sequence !== expected) throw new Refusal('RECORD_OUT_OF_ORDER', `${sequence} where ${expected} was due`);
}
