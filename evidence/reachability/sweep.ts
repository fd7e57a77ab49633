// What a scan sent and what came back, read from a capture at the scanning host's own devices.
import { isNeighbourhood, type Packet } from '#lab/pcap.ts';

export interface Answer {
  readonly from: string;
  /** For example "tcp 443 SA", "icmp 0/0", "udp 137". */
  readonly what: string;
}

export interface Swept {
  /** Packets that left for each target, by protocol: that silence is the target's, not the scanner's. */
  readonly probes: Readonly<Record<string, Probes>>;
  /** All that came and nobody inside had opened a connection for; each once. */
  readonly answers: readonly Answer[];
  /** ARP and neighbour discovery that came: of the cable, never routed. */
  readonly neighbourhood: number;
  /** Packets that came in connections which were opened from the other side. */
  readonly inTheirConnections: number;
}

export interface Probes {
  icmp: number;
  tcp: number;
  udp: number;
  other: number;
}

/** One end of a connection each, as "address port address port", by whoever opened it. */
export type Flow = `${string} ${number} ${string} ${number}`;

/**
 * @param own the scanning host's addresses
 * @param open connections towards this host that were opened from the other side before the capture began
 */
export function sweep(
  packets: readonly Packet[],
  own: readonly string[],
  targets: readonly string[],
  open: readonly Flow[],
): Swept {
  const probes = Object.fromEntries(targets.map((target) => [target, { icmp: 0, tcp: 0, udp: 0, other: 0 }]));
  const theirs = new Set<Flow>(open);
  const answers = new Map<string, Answer>();
  const counts = { neighbourhood: 0, inTheirConnections: 0 };
  for (const packet of packets) {
    if (own.includes(packet.from)) {
      const probe = probes[packet.to];
      if (probe && !isNeighbourhood(packet) && !theirs.has(answeredFlow(packet))) probe[columnOf(packet)]++;
      continue;
    }
    if (isOpening(packet)) theirs.add(flowOf(packet));
    if (isNeighbourhood(packet)) counts.neighbourhood++;
    else if (packet.protocol === 'tcp' && theirs.has(flowOf(packet))) counts.inTheirConnections++;
    else {
      const answer = { from: packet.from, what: whatOf(packet) };
      answers.set(`${answer.from} ${answer.what}`, answer);
    }
  }
  const sorted = [...answers].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, answer]) => answer);
  return { probes, answers: sorted, ...counts };
}

/** The first packet of a TCP connection. */
export const isOpening = ({ protocol, kind }: Packet): boolean =>
  protocol === 'tcp' && kind.includes('S') && !kind.includes('A') && !kind.includes('R');

export const flowOf = ({ from, fromPort, to, toPort }: Packet): Flow => `${from} ${fromPort} ${to} ${toPort}`;
export const answeredFlow = ({ from, fromPort, to, toPort }: Packet): Flow => `${to} ${toPort} ${from} ${fromPort}`;

function columnOf({ protocol }: Packet): keyof Probes {
  if (protocol === 'tcp' || protocol === 'udp') return protocol;
  return protocol === 'icmp' || protocol === 'icmpv6' ? 'icmp' : 'other';
}

function whatOf({ protocol, fromPort, kind }: Packet): string {
  if (protocol === 'tcp') return `tcp ${fromPort} ${kind}`;
  return protocol === 'udp' ? `udp ${fromPort}` : `${protocol} ${kind}`.trim();
}

/** Without the one of each kind that a target must have been asked, silence says nothing. @returns those targets */
export function unasked({ probes }: Swept): string[] {
  return Object.entries(probes).flatMap(([target, { icmp, tcp, udp, other }]) =>
    icmp > 0 && tcp > 0 && udp > 0 && other > 0 ? [] : [target],
  );
}

/**
 * What reached a host that nobody may reach: all that came to it, but neighbourhood and connections that it opened itself.
 * @param own the host's addresses
 * @param open connections that it had opened before the capture began
 */
export function unsolicited(packets: readonly Packet[], own: readonly string[], open: readonly Flow[]): string[] {
  const opened = new Set<Flow>(open);
  const came = new Set<string>();
  for (const packet of packets) {
    if (own.includes(packet.from)) {
      if (isOpening(packet)) opened.add(flowOf(packet));
    } else if (!isNeighbourhood(packet) && !(packet.protocol === 'tcp' && opened.has(answeredFlow(packet)))) {
      came.add(`${packet.from} ${packet.protocol} ${packet.toPort || packet.kind}`.trim());
    }
  }
  return [...came].sort();
}
