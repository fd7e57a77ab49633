// Ethernet frames and captures, built byte by byte.
import { SocketAddress } from 'node:net';

const addressBytes = (address: string): number[] => {
  if (!address.includes(':')) return address.split('.').map(Number);
  const full = new SocketAddress({ address, family: 'ipv6' }).address;
  const [head = '', tail = ''] = full.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [front, back] = [groups(head), groups(tail)];
  const all = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back];
  return all.flatMap((group) => [group >> 8, group & 0xff]);
};

const u16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];

/** @param protocol 6 TCP, 17 UDP, 1 ICMP, 58 ICMPv6 */
export function ipFrame(from: string, to: string, protocol: number, body: readonly number[]): number[] {
  const ethernet = [...Array.from({ length: 12 }, () => 2), ...u16(from.includes(':') ? 0x86dd : 0x0800)];
  if (from.includes(':')) {
    const header = [0x60, 0, 0, 0, ...u16(body.length), protocol, 64];
    return [...ethernet, ...header, ...addressBytes(from), ...addressBytes(to), ...body];
  }
  const header = [0x45, 0, ...u16(20 + body.length), 0, 0, 0x40, 0, 64, protocol, 0, 0];
  return [...ethernet, ...header, ...addressBytes(from), ...addressBytes(to), ...body];
}

const FLAGS = { F: 1, S: 2, R: 4, P: 8, A: 16 } as const;

export function tcpFrame(
  [from, fromPort]: readonly [string, number],
  [to, toPort]: readonly [string, number],
  flags: string,
  { sequence = 0, payload = [] as readonly number[] } = {},
): number[] {
  const bits = [...flags].reduce((sum, flag) => sum | FLAGS[flag as keyof typeof FLAGS], 0);
  const header = [...u16(fromPort), ...u16(toPort), ...u32(sequence), ...u32(0), 0x50, bits, 0, 0, 0, 0, 0, 0];
  return ipFrame(from, to, 6, [...header, ...payload]);
}

export const udpFrame = (
  [from, fromPort]: readonly [string, number],
  [to, toPort]: readonly [string, number],
): number[] => ipFrame(from, to, 17, [...u16(fromPort), ...u16(toPort), 0, 8, 0, 0]);

export const icmpFrame = (from: string, to: string, type: number, code = 0): number[] =>
  ipFrame(from, to, from.includes(':') ? 58 : 1, [type, code, 0, 0, 0, 0, 0, 0]);

export function arpFrame(from: string, to: string, kind: 'request' | 'reply'): number[] {
  const mac = [2, 2, 2, 2, 2, 2];
  const header = [0, 1, 8, 0, 6, 4, ...u16(kind === 'request' ? 1 : 2)];
  return [...mac, ...mac, 0x08, 0x06, ...header, ...mac, ...addressBytes(from), ...mac, ...addressBytes(to)];
}

/** As tcpdump writes it on a machine with the low byte first. */
export function pcapOf(frames: readonly (readonly number[])[], linkType = 1): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(linkType, 20);
  const records = frames.map((frame, i) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(1_800_000_000, 0);
    record.writeUInt32LE(i, 4);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return Buffer.concat([record, Buffer.from(frame)]);
  });
  return Buffer.concat([header, ...records]);
}
