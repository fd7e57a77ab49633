// Reads a capture as tcpdump writes it (classic pcap, Ethernet): who sent what to whom, by the headers alone.
import { SocketAddress } from 'node:net';

export interface Packet {
  /** Since 1970. */
  readonly atMs: number;
  /** "other" is no IP or ARP, or damaged. */
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'icmpv6' | 'arp' | `ip ${number}` | 'other';
  /** Addresses as RFC 5952 writes them; empty for "other". */
  readonly from: string;
  readonly to: string;
  /** Of TCP and UDP, else 0. */
  readonly fromPort: number;
  readonly toPort: number;
  /** Of TCP: flags, such as "SA". Of ICMP: type and code, such as "3/1". Of ARP: "request" or "reply". */
  readonly kind: string;
  /** Of TCP: the sequence number. */
  readonly sequence: number;
  /** Of TCP, as far as it was captured. */
  readonly payload: Uint8Array;
}

const FILE_MAX_BYTES = 256 * 1024 * 1024;
const PACKETS_MAX = 1_000_000;
/** tcpdump's own. */
const PACKET_MAX_BYTES = 262_144;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const LINK_ETHERNET = 1;
const ETHERNET_BYTES = 14;
const EXTENSIONS_MAX = 8;
/** RFC 8200 §4: hop-by-hop, routing, destination options. */
const EXTENSIONS: readonly number[] = [0, 43, 60];
const TCP_FLAGS = ['F', 'S', 'R', 'P', 'A', 'U'] as const;

/** @throws RangeError if it is not such a file, is cut off, or is too large to be one of ours */
export function readCapture(file: Uint8Array): Packet[] {
  if (file.length > FILE_MAX_BYTES) throw new RangeError('capture: too large');
  if (file.length < FILE_HEADER_BYTES) throw new RangeError('capture: cut off');
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const little = view.getUint32(0, true) === MAGIC_MICROSECONDS;
  if (!little && view.getUint32(0) !== MAGIC_MICROSECONDS) throw new RangeError('capture: not pcap in microseconds');
  if (view.getUint32(20, little) !== LINK_ETHERNET) throw new RangeError('capture: not of an Ethernet device');
  const packets: Packet[] = [];
  let at = FILE_HEADER_BYTES;
  while (at < file.length) {
    if (file.length - at < RECORD_HEADER_BYTES) throw new RangeError('capture: cut off');
    const length = view.getUint32(at + 8, little);
    const from = at + RECORD_HEADER_BYTES;
    if (length > PACKET_MAX_BYTES || length > file.length - from) throw new RangeError('capture: cut off');
    if (packets.length === PACKETS_MAX) throw new RangeError('capture: too many packets');
    const atMs = view.getUint32(at, little) * 1_000 + view.getUint32(at + 4, little) / 1_000;
    packets.push(readFrame(new DataView(file.buffer, file.byteOffset + from, length), atMs));
    at = from + length;
  }
  return packets;
}

const NOTHING = { from: '', to: '', fromPort: 0, toPort: 0, kind: '', sequence: 0, payload: new Uint8Array() } as const;

/** Whatever somebody sent: what cannot be read is a packet, too. */
function readFrame(frame: DataView, atMs: number): Packet {
  const damaged: Packet = { ...NOTHING, atMs, protocol: 'other' };
  try {
    const type = frame.getUint16(12);
    const rest = part(frame, ETHERNET_BYTES);
    if (type === 0x0800) return { ...damaged, ...readIPv4(rest) };
    if (type === 0x86dd) return { ...damaged, ...readIPv6(rest) };
    return type === 0x0806 ? { ...damaged, ...readArp(rest) } : damaged;
  } catch (error) {
    if (error instanceof RangeError) return damaged;
    throw error;
  }
}

function readIPv4(packet: DataView): Partial<Packet> {
  const addresses = { from: addressAt(packet, 12, 4), to: addressAt(packet, 16, 4) };
  const protocol = packet.getUint8(9);
  const isLaterFragment = (packet.getUint16(6) & 0x1fff) !== 0;
  const headerBytes = (packet.getUint8(0) & 0x0f) * 4;
  if (isLaterFragment) return { ...addresses, protocol: `ip ${protocol}`, kind: 'fragment' };
  return { ...addresses, ...readTransport(protocol, part(packet, headerBytes, packet.getUint16(2) - headerBytes)) };
}

function readIPv6(packet: DataView): Partial<Packet> {
  const addresses = { from: addressAt(packet, 8, 16), to: addressAt(packet, 24, 16) };
  let protocol = packet.getUint8(6);
  let rest = part(packet, 40, packet.getUint16(4));
  for (let extensions = 0; EXTENSIONS.includes(protocol) && extensions < EXTENSIONS_MAX; extensions++) {
    protocol = rest.getUint8(0);
    rest = part(rest, (rest.getUint8(1) + 1) * 8);
  }
  return { ...addresses, ...readTransport(protocol, rest) };
}

function readTransport(protocol: number, segment: DataView): Partial<Packet> {
  switch (protocol) {
    case 6: {
      const flags = segment.getUint8(13);
      return {
        protocol: 'tcp',
        fromPort: segment.getUint16(0),
        toPort: segment.getUint16(2),
        kind: TCP_FLAGS.filter((_, bit) => flags & (1 << bit)).join(''),
        sequence: segment.getUint32(4),
        payload: bytesOf(part(segment, (segment.getUint8(12) >> 4) * 4)),
      };
    }
    case 17:
      return { protocol: 'udp', fromPort: segment.getUint16(0), toPort: segment.getUint16(2) };
    case 1:
    case 58:
      return { protocol: protocol === 1 ? 'icmp' : 'icmpv6', kind: `${segment.getUint8(0)}/${segment.getUint8(1)}` };
    default:
      return { protocol: `ip ${protocol}` };
  }
}

function readArp(packet: DataView): Partial<Packet> {
  const kind = packet.getUint16(6) === 2 ? 'reply' : 'request';
  return { protocol: 'arp', from: addressAt(packet, 14, 4), to: addressAt(packet, 24, 4), kind };
}

/** Captured bytes may end before what the header promises; padding behind it is none of the packet. @throws RangeError */
const part = (view: DataView, from: number, length = Number.POSITIVE_INFINITY): DataView =>
  new DataView(view.buffer, view.byteOffset + from, Math.max(0, Math.min(length, view.byteLength - from)));

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

function addressAt(view: DataView, at: number, length: 4 | 16): string {
  const bytes = Array.from({ length }, (_, i) => view.getUint8(at + i));
  if (length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(at + 2 * i).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

/** How a device learns who is at the other end of its cable: ARP, and RFC 4861 and 2710 in IPv6. Never routed. */
export function isNeighbourhood({ protocol, kind }: Packet): boolean {
  if (protocol === 'arp') return true;
  const type = Number(kind.split('/', 1)[0]);
  return protocol === 'icmpv6' && ((type >= 130 && type <= 137) || type === 143);
}
