import { describe, expect, it } from 'vitest';
import { tlsConnectionsIn } from '#evidence/reachability/tls-records.ts';
import { readCapture } from '#lab/pcap.ts';
import { pcapOf, tcpFrame } from '#tests/support/frames.ts';

const CLIENT = ['192.0.2.10', 40_000] as const;
const SERVER = ['192.0.2.20', 443] as const;

const u16 = (value: number) => [value >> 8, value & 0xff];
const record = (type: number, body: readonly number[]) => [type, 3, 3, ...u16(body.length), ...body];
const zeros = (count: number) => Array.from({ length: count }, () => 0);

const clientHello = record(22, [1, 0, 0, 4, 3, 3, 0, 0]);
function serverHello({ suite = 0x1302, version = 0x0304 as number | null } = {}): number[] {
  const extensions = version === null ? [] : [...u16(51), ...u16(1), 9, ...u16(43), ...u16(2), ...u16(version)];
  return record(22, [
    2,
    0,
    0,
    0,
    3,
    3,
    ...zeros(32),
    2,
    7,
    7,
    ...u16(suite),
    0,
    ...u16(extensions.length),
    ...extensions,
  ]);
}
const sealed = record(23, [1, 2, 3, 4]);
const compatibility = record(20, [1]);

/** One connection whose two streams are sent in pieces of `size`. */
function connection(fromClient: readonly number[], fromServer: readonly number[], size = 10_000) {
  const frames = [
    tcpFrame(CLIENT, SERVER, 'S', { sequence: 100 }),
    tcpFrame(SERVER, CLIENT, 'SA', { sequence: 0xfffffff0 }),
  ];
  for (let at = 0; at < fromClient.length; at += size) {
    const payload = fromClient.slice(at, at + size);
    frames.push(tcpFrame(CLIENT, SERVER, 'PA', { sequence: 101 + at, payload }));
  }
  for (let at = 0; at < fromServer.length; at += size) {
    const payload = fromServer.slice(at, at + size);
    frames.push(tcpFrame(SERVER, CLIENT, 'PA', { sequence: (0xfffffff1 + at) >>> 0, payload }));
  }
  return frames;
}
const read = (frames: number[][]) => tlsConnectionsIn(readCapture(pcapOf(frames)));

const good = connection(
  [...clientHello, ...compatibility, ...sealed],
  [...serverHello(), ...compatibility, ...sealed, ...sealed],
);

describe('the TLS records of a cable', () => {
  it.each([1, 2, 7, 10_000])('are found in pieces of %i bytes, over the turn of the sequence numbers', (size) => {
    const bytes = [...clientHello, ...compatibility, ...sealed];
    const back = [...serverHello(), ...compatibility, ...sealed, ...sealed];
    expect(read(connection(bytes, back, size))).toEqual([
      {
        ...{ name: '192.0.2.10 → 192.0.2.20 tcp 443', version: 0x0304, suite: 0x1302 },
        ...{ sealed: 3, bytes: bytes.length + back.length, clear: 0, wrong: '' },
      },
    ]);
  });

  it('are the same when packets come twice', () => {
    expect(read([...good, ...good.slice(2)])).toEqual(read(good));
  });

  it('tell an old version and another suite', () => {
    const [old] = read(connection(clientHello, serverHello({ version: null, suite: 0xc02f })));
    expect(old).toMatchObject({ version: 0x0303, suite: 0xc02f });
    expect(read(connection(clientHello, []))[0]).toMatchObject({ version: null, suite: null });
  });

  it('show what is in clear', () => {
    const alert = record(21, [2, 40]);
    expect(read(connection([...clientHello, ...alert], serverHello()))[0]).toMatchObject({ clear: 1 });
    expect(read(connection([...clientHello, ...clientHello], serverHello()))[0]).toMatchObject({ clear: 1 });
  });

  it.each([
    ['a line of HTTP', [...Buffer.from('GET / HTTP/1.1\r\n\r\n')]],
    ['something behind sealed records', [...clientHello, ...sealed, ...Buffer.from('RFB 003.008\n')]],
    ['a record longer than there can be', [...clientHello, 23, 3, 3, 0xff, 0xff, ...zeros(20)]],
  ])('show %s', (_, bytes) => {
    expect(read(connection(bytes, serverHello()))[0]?.wrong).toMatch(/^no TLS record at byte \d+$/);
  });

  it('are not guessed where a packet is missing', () => {
    const gap = connection([...clientHello, ...sealed, ...sealed], serverHello(), 9);
    expect(() => read(gap.filter((_, i) => i !== 3))).toThrow('gap');
  });
});
