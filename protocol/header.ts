// The eight bytes in front of every record; all that a relay reads.
//
//   offset  bytes
//   0       1      version, 0x01
//   1       1      lane (lanes.ts)
//   2       6      sequence, one counter per direction over all lanes, from 0 at the hello
//
// The WebSocket frame gives the length; the session is the WebSocket's own.
import { Refusal } from './codes.ts';
import { Lane } from './lanes.ts';
import { HEADER_BYTES } from './limits.ts';

export const VERSION = 0x01;

const LANES: ReadonlySet<number> = new Set(Object.values(Lane));

export interface Header {
  lane: Lane;
  sequence: number;
}

/** @throws MALFORMED for a short record or another version, LANE_UNKNOWN */
export function readHeader(record: Uint8Array): Header {
  if (record.length < HEADER_BYTES) throw new Refusal('MALFORMED', `a record of ${record.length} bytes`);
  if (record[0] !== VERSION) throw new Refusal('MALFORMED', `record version ${record[0]}`);
  const lane = record[1] as number;
  if (!LANES.has(lane)) throw new Refusal('LANE_UNKNOWN', `${lane}`);
  const view = new DataView(record.buffer, record.byteOffset, HEADER_BYTES);
  return { lane: lane as Lane, sequence: view.getUint16(2) * 0x1_0000_0000 + view.getUint32(4) };
}

/** Writes the header into the first eight bytes of `record`. */
export function writeHeader(record: Uint8Array, header: Header): void {
  const view = new DataView(record.buffer, record.byteOffset, HEADER_BYTES);
  view.setUint8(0, VERSION);
  view.setUint8(1, header.lane);
  view.setUint16(2, Math.floor(header.sequence / 0x1_0000_0000));
  view.setUint32(4, header.sequence % 0x1_0000_0000);
}
