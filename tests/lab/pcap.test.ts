import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNeighbourhood, readCapture } from '#lab/pcap.ts';
import { arpFrame, icmpFrame, ipFrame, pcapOf, tcpFrame, udpFrame } from '#tests/support/frames.ts';

const first = (frame: readonly number[]) => readCapture(pcapOf([frame]))[0];

describe('a capture', () => {
  it('says who sent what to whom, in IPv4 and IPv6', () => {
    const packets = readCapture(
      pcapOf([
        tcpFrame(['10.30.0.30', 40_000], ['198.51.100.20', 443], 'S', { sequence: 7 }),
        tcpFrame(['2001:db8:30::30', 22], ['2001:db8:100::20', 50_000], 'SA'),
        udpFrame(['192.0.2.10', 53], ['192.0.2.20', 53_000]),
        icmpFrame('192.0.2.10', '192.0.2.20', 8),
        icmpFrame('2001:db8::1', '2001:db8::2', 1, 4),
        arpFrame('192.0.2.10', '192.0.2.20', 'request'),
        ipFrame('192.0.2.10', '192.0.2.20', 47, [0, 0, 0, 0]),
      ]),
    );
    expect(packets).toMatchObject([
      {
        protocol: 'tcp',
        from: '10.30.0.30',
        fromPort: 40_000,
        to: '198.51.100.20',
        toPort: 443,
        kind: 'S',
        sequence: 7,
      },
      { protocol: 'tcp', from: '2001:db8:30::30', fromPort: 22, to: '2001:db8:100::20', toPort: 50_000, kind: 'SA' },
      { protocol: 'udp', from: '192.0.2.10', fromPort: 53, to: '192.0.2.20', toPort: 53_000 },
      { protocol: 'icmp', from: '192.0.2.10', kind: '8/0' },
      { protocol: 'icmpv6', from: '2001:db8::1', to: '2001:db8::2', kind: '1/4' },
      { protocol: 'arp', from: '192.0.2.10', to: '192.0.2.20', kind: 'request' },
      { protocol: 'ip 47', from: '192.0.2.10', to: '192.0.2.20' },
    ]);
    expect(packets[0]?.atMs).toBe(1_800_000_000_000);
  });

  it('gives the payload of TCP without the padding behind a short packet', () => {
    const frame = tcpFrame(['10.0.0.1', 1], ['10.0.0.2', 2], 'PA', { payload: [1, 2, 3] });
    expect([...(first([...frame, 0, 0, 0, 0])?.payload ?? [])]).toEqual([1, 2, 3]);
  });

  it('looks behind extension headers, and counts what it cannot read as a packet all the same', () => {
    const hopByHop = [58, 0, 5, 2, 0, 0, 1, 0];
    const report = ipFrame('fe80::1', 'ff02::16', 0, [...hopByHop, 143, 0, 0, 0, 0, 0, 0, 0]);
    expect(first(report)).toMatchObject({ protocol: 'icmpv6', kind: '143/0' });
    expect(first([1, 2, 3])).toMatchObject({ protocol: 'other' });
    expect(first(tcpFrame(['10.0.0.1', 1], ['10.0.0.2', 2], 'S').slice(0, 40))).toMatchObject({ protocol: 'other' });
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'cut off'],
    ['another format', Buffer.alloc(24, 0x0a), 'not pcap'],
    ['another kind of device', pcapOf([], 113), 'not of an Ethernet device'],
    ['a header of a packet that ends too soon', pcapOf([[1]]).subarray(0, 30), 'cut off'],
    ['a packet that ends too soon', pcapOf([icmpFrame('10.0.0.1', '10.0.0.2', 8)]).subarray(0, -1), 'cut off'],
  ])('is refused if it is %s', (_, bytes, why) => {
    expect(() => readCapture(bytes)).toThrow(RangeError);
    expect(() => readCapture(bytes)).toThrow(why);
  });

  it('is read or refused whatever is in it (T14)', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 120 })), fc.nat(200), (frames, cut) => {
        const whole = pcapOf(frames.map((frame) => [...frame]));
        expect(readCapture(whole)).toHaveLength(frames.length);
        try {
          readCapture(whole.subarray(0, Math.max(0, whole.length - cut)));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  it('tells what belongs to a cable: ARP, neighbour discovery, multicast listeners, and nothing else', () => {
    const is = (frame: readonly number[]) => readCapture(pcapOf([frame])).map(isNeighbourhood)[0];
    expect(is(arpFrame('192.0.2.1', '192.0.2.2', 'reply'))).toBe(true);
    for (const type of [133, 135, 136, 143]) expect(is(icmpFrame('fe80::1', 'ff02::1', type))).toBe(true);
    for (const type of [1, 128, 129]) expect(is(icmpFrame('fe80::1', 'ff02::1', type))).toBe(false);
    expect(is(icmpFrame('192.0.2.1', '192.0.2.2', 135))).toBe(false);
  });
});
