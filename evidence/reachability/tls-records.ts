// Reads the TCP streams of a capture as TLS records (RFC 8446 §5), by their headers alone, and the two hellos, which are the
// only ones in clear.
import type { Packet } from '#lab/pcap.ts';
import { answeredFlow, type Flow, flowOf, isOpening } from './sweep.ts';

export interface TlsConnection {
  /** Such as "10.30.0.30 → 198.51.100.20 tcp 443". */
  readonly name: string;
  /** As the server's hello says; null if there was none. 0x0304 is TLS 1.3. */
  readonly version: number | null;
  readonly suite: number | null;
  /** Encrypted records, and bytes of all records, both ways. */
  readonly sealed: number;
  readonly bytes: number;
  /** Records in clear beyond the hellos and the compatibility change_cipher_spec (RFC 8446 §D.4). */
  readonly clear: number;
  /** What is not TLS at all; empty if every byte is. */
  readonly wrong: string;
}

const RECORD_HEADER_BYTES = 5;
/** RFC 8446 §5.2. */
const RECORD_MAX_BYTES = 16_384 + 256;
const CHANGE_CIPHER_SPEC = 20;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const SUPPORTED_VERSIONS = 43;

/** @param packets from before the first connection was opened */
export function tlsConnectionsIn(packets: readonly Packet[]): TlsConnection[] {
  const openings = new Map<Flow, Packet>();
  for (const packet of packets) if (isOpening(packet)) openings.set(flowOf(packet), packet);
  return [...openings].map(([flow, { from, to, toPort }]) => {
    const name = `${from} → ${to} tcp ${toPort}`;
    const client = readRecords(streamOf(packets.filter((packet) => flowOf(packet) === flow)), CLIENT_HELLO);
    const server = readRecords(streamOf(packets.filter((packet) => answeredFlow(packet) === flow)), SERVER_HELLO);
    const { version, suite } = server.hello ? choiceIn(server.hello) : { version: null, suite: null };
    return {
      ...{ name, version, suite },
      sealed: client.sealed + server.sealed,
      bytes: client.bytes + server.bytes,
      clear: client.clear + server.clear,
      wrong: client.wrong || server.wrong,
    };
  });
}

/** One direction's bytes in order. @throws RangeError if some are missing: a capture with gaps shows nothing */
function streamOf(packets: readonly Packet[]): Buffer {
  const parts: Uint8Array[] = [];
  let next: number | null = null;
  for (const { kind, sequence, payload } of packets) {
    if (kind.includes('S')) next = (sequence + 1) >>> 0;
    if (payload.length === 0 || next === null) continue;
    // What was sent again lies behind, at most half the numbers away (RFC 9293 §3.4).
    const ahead = (sequence - next) | 0;
    if (ahead > 0) throw new RangeError('a TCP stream with a gap');
    if (payload.length + ahead <= 0) continue;
    parts.push(payload.subarray(-ahead));
    next = (sequence + payload.length) >>> 0;
  }
  return Buffer.concat(parts);
}

interface Records {
  readonly hello: Buffer | null;
  readonly sealed: number;
  readonly bytes: number;
  readonly clear: number;
  readonly wrong: string;
}

function readRecords(stream: Buffer, helloType: number): Records {
  const found = { hello: null as Buffer | null, sealed: 0, bytes: 0, clear: 0, wrong: '' };
  let at = 0;
  while (at < stream.length) {
    // A connection that was cut may end within a record.
    if (stream.length - at < RECORD_HEADER_BYTES) break;
    const [type, version, length] = [stream.readUInt8(at), stream.readUInt16BE(at + 1), stream.readUInt16BE(at + 3)];
    if (type < CHANGE_CIPHER_SPEC || type > APPLICATION_DATA || version >> 8 !== 3 || length > RECORD_MAX_BYTES) {
      return { ...found, wrong: `no TLS record at byte ${at}` };
    }
    const body = stream.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + length);
    if (type === APPLICATION_DATA) found.sealed++;
    else if (type === HANDSHAKE && found.hello === null && body[0] === helloType) found.hello = body;
    else if (type !== CHANGE_CIPHER_SPEC) found.clear++;
    at += RECORD_HEADER_BYTES + length;
    found.bytes += RECORD_HEADER_BYTES + body.length;
  }
  return found;
}

/** RFC 8446 §4.1.3: what the server chose. @throws RangeError if it is cut off */
function choiceIn(hello: Buffer): { version: number; suite: number } {
  // type, length, legacy version, random; then the session id that is sent back
  const session = 4 + 2 + 32;
  let at = session + 1 + hello.readUInt8(session);
  const suite = hello.readUInt16BE(at);
  let version = hello.readUInt16BE(4);
  const end = at + 5 + hello.readUInt16BE(at + 3);
  for (at += 5; at < end; at += 4 + hello.readUInt16BE(at + 2)) {
    if (hello.readUInt16BE(at) === SUPPORTED_VERSIONS) version = hello.readUInt16BE(at + 4);
  }
  return { version, suite };
}
