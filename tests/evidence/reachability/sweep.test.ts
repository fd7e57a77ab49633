import { describe, expect, it } from 'vitest';
import { conversationsIn, nameQuestions } from '#evidence/reachability/conversations.ts';
import { sweep, unasked, unsolicited } from '#evidence/reachability/sweep.ts';
import { readCapture } from '#lab/pcap.ts';
import { arpFrame, icmpFrame, ipFrame, pcapOf, tcpFrame, udpFrame } from '#tests/support/frames.ts';

const BROKER = '198.51.100.20';
const AGENT = '10.30.0.30';
const FIREWALL = '198.51.100.1';
const LINK = `${AGENT} 40000 ${BROKER} 443` as const;

const packetsOf = (...frames: number[][]) => readCapture(pcapOf(frames));
const swept = (...frames: number[][]) => sweep(packetsOf(...frames), [BROKER], [AGENT, FIREWALL], [LINK]);

const toAgent = {
  icmp: icmpFrame(BROKER, AGENT, 8),
  tcp: tcpFrame([BROKER, 60_000], [AGENT, 5900], 'S'),
  udp: udpFrame([BROKER, 60_000], [AGENT, 161]),
  other: ipFrame(BROKER, AGENT, 47, [0, 0, 0, 0]),
};

describe('a scan, as its capture shows it', () => {
  it('counts what left for each target in each way', () => {
    const seen = swept(...Object.values(toAgent), toAgent.tcp);
    expect(seen.probes[AGENT]).toEqual({ icmp: 1, tcp: 2, udp: 1, other: 1 });
    expect(unasked(seen)).toEqual([FIREWALL]);
  });

  it.each(Object.keys(toAgent))('does not take a target for asked without %s', (way) => {
    const others = Object.entries(toAgent).filter(([name]) => name !== way);
    expect(unasked(swept(...others.map(([, frame]) => frame)))).toContain(AGENT);
  });

  it.each([
    ['a connection taken', tcpFrame([AGENT, 5900], [BROKER, 60_000], 'SA'), 'tcp 5900 SA'],
    ['a connection refused', tcpFrame([AGENT, 22], [BROKER, 60_000], 'RA'), 'tcp 22 RA'],
    ['an answer to source port 443', tcpFrame([AGENT, 22], [BROKER, 443], 'R'), 'tcp 22 R'],
    ['an echo', icmpFrame(AGENT, BROKER, 0), 'icmp 0/0'],
    ['a datagram', udpFrame([AGENT, 161], [BROKER, 60_000]), 'udp 161'],
    ['a fragment', ipFrame(AGENT, BROKER, 50, []), 'ip 50'],
  ])('has %s as an answer', (_, frame, what) => {
    expect(swept(frame).answers).toEqual([{ from: AGENT, what }]);
  });

  it('has an error of a host on the way as an answer, too', () => {
    expect(swept(icmpFrame(FIREWALL, BROKER, 3, 13)).answers).toEqual([{ from: FIREWALL, what: 'icmp 3/13' }]);
  });

  it('tells apart what came in connections that the other side opened, before or meanwhile', () => {
    const seen = swept(
      tcpFrame([AGENT, 40_000], [BROKER, 443], 'PA'),
      tcpFrame([AGENT, 40_001], [BROKER, 443], 'S'),
      tcpFrame([BROKER, 443], [AGENT, 40_001], 'SA'),
      tcpFrame([AGENT, 40_001], [BROKER, 443], 'A'),
      arpFrame(FIREWALL, BROKER, 'reply'),
    );
    expect(seen).toMatchObject({ answers: [], inTheirConnections: 3, neighbourhood: 1 });
    expect(seen.probes[AGENT]).toEqual({ icmp: 0, tcp: 0, udp: 0, other: 0 });
  });
});

describe('what reached a host that nobody may reach', () => {
  it('is everything but the answers to its own connections, and ARP', () => {
    const packets = packetsOf(
      tcpFrame([BROKER, 443], [AGENT, 40_000], 'PA'),
      tcpFrame([AGENT, 40_002], [BROKER, 443], 'S'),
      tcpFrame([BROKER, 443], [AGENT, 40_002], 'SA'),
      arpFrame('10.30.0.1', AGENT, 'request'),
      tcpFrame([BROKER, 443], [AGENT, 41_000], 'PA'),
      toAgent.tcp,
      toAgent.udp,
      toAgent.icmp,
    );
    expect(unsolicited(packets, [AGENT], [LINK])).toEqual([
      `${BROKER} icmp 8/0`,
      `${BROKER} tcp 41000`,
      `${BROKER} tcp 5900`,
      `${BROKER} udp 161`,
    ]);
  });
});

describe('the talk on a cable', () => {
  it('is connections by who opened them, and all the rest', () => {
    const packets = packetsOf(
      tcpFrame([AGENT, 1], [BROKER, 443], 'S'),
      tcpFrame([AGENT, 1], [BROKER, 443], 'S'),
      tcpFrame([BROKER, 443], [AGENT, 1], 'SA'),
      tcpFrame([AGENT, 1], [BROKER, 443], 'PA', { payload: [1, 2] }),
      tcpFrame([BROKER, 443], [AGENT, 1], 'PA', { payload: [1, 2, 3] }),
      tcpFrame([AGENT, 2], [BROKER, 443], 'S'),
      tcpFrame([BROKER, 443], [AGENT, 3], 'PA', { payload: [1] }),
      udpFrame([AGENT, 5], ['192.0.2.1', 53]),
      arpFrame('10.30.0.1', AGENT, 'reply'),
    );
    expect(conversationsIn(packets)).toEqual({
      opened: { [`${AGENT} → ${BROKER} tcp 443`]: 2 },
      bytes: { toOpeners: 3, fromOpeners: 2 },
      others: [`${AGENT} → 192.0.2.1 udp 53`, `${BROKER} → ${AGENT} tcp 3`],
      neighbourhood: 1,
    });
  });

  it.each([
    ['a question by UDP', udpFrame([AGENT, 5], ['192.0.2.1', 53])],
    ['one by TLS', tcpFrame([AGENT, 5], ['192.0.2.1', 853], 'S')],
    ['a search for the resolver itself', arpFrame(AGENT, '10.30.0.53', 'request')],
  ])('holds %s for a name', (_, frame) => {
    expect(nameQuestions(packetsOf(frame, toAgent.tcp, arpFrame(AGENT, '10.30.0.1', 'request')), '10.30.0.53')).toBe(1);
  });
});
