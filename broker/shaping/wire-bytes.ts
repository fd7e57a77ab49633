// What a record weighs on the contracted line. A contract speaks of the line, not of payload, so everything up to the IP
// header counts; what lies below it (Ethernet, the carrier's own framing) does not.
import { RECORD_MAX_BYTES } from '#protocol/limits.ts';

/** From a server to a client, so without a mask (RFC 6455 §5.1): the broker is the server on both sides. */
const WEBSOCKET_SHORT = { max: 125, header: 2 };
const WEBSOCKET_LONG = { max: 65_535, header: 4 };
/** TLS 1.3 with AES-GCM: header 5, content type 1, tag 16 (RFC 8446 §5.2). */
const TLS_RECORD_MAX = 16_384;
const TLS_OVERHEAD = 5 + 1 + 16;
/** IPv4 20, TCP 20, the timestamps option 12 (RFC 7323); of 1,500 bytes that leaves 1,448. */
const SEGMENT_OVERHEAD = 20 + 20 + 12;
const SEGMENT_PAYLOAD = 1_500 - SEGMENT_OVERHEAD;

/**
 * Counted as if each record had a TLS record and segments of its own. Several that are written in one turn share them
 * and weigh a little less, so the count errs towards staying below the contract.
 *
 * Not counted: the bare TCP acknowledgements of the opposite direction, 52 bytes for every two segments (1.8 % of what
 * they acknowledge), handshakes, and repeats after a loss.
 *
 * @param recordBytes length of a whole record, at most RECORD_MAX_BYTES
 */
export function wireBytes(recordBytes: number): number {
  const frame = recordBytes + (recordBytes <= WEBSOCKET_SHORT.max ? WEBSOCKET_SHORT.header : WEBSOCKET_LONG.header);
  const stream = frame + TLS_OVERHEAD * Math.ceil(frame / TLS_RECORD_MAX);
  return stream + SEGMENT_OVERHEAD * Math.ceil(stream / SEGMENT_PAYLOAD);
}

export const RECORD_MAX_WIRE_BYTES = wireBytes(RECORD_MAX_BYTES);
