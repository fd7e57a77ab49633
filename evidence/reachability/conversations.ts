// Who talked to whom on a cable, read from its capture.

import { isNeighbourhood, type Packet } from '#lab/pcap.ts';
import { answeredFlow, type Flow, flowOf, isOpening } from './sweep.ts';

export interface Conversations {
  /** TCP connections by who opened them, such as "10.30.0.30 → 198.51.100.20 tcp 443", and how many. */
  readonly opened: Readonly<Record<string, number>>;
  /** Bytes that went to whoever opened the connections, and from there. */
  readonly bytes: { readonly toOpeners: number; readonly fromOpeners: number };
  /** Everything else, each once, but for neighbourhood. */
  readonly others: readonly string[];
  readonly neighbourhood: number;
}

/** @param packets from before the first connection was opened */
export function conversationsIn(packets: readonly Packet[]): Conversations {
  const flows = new Set<Flow>();
  const opened: Record<string, number> = {};
  const others = new Set<string>();
  const bytes = { toOpeners: 0, fromOpeners: 0 };
  let neighbourhood = 0;
  for (const packet of packets) {
    if (isOpening(packet) && !flows.has(flowOf(packet))) {
      flows.add(flowOf(packet));
      const name = `${packet.from} → ${packet.to} tcp ${packet.toPort}`;
      opened[name] = (opened[name] ?? 0) + 1;
    }
    if (isNeighbourhood(packet)) neighbourhood++;
    else if (packet.protocol === 'tcp' && flows.has(flowOf(packet))) bytes.fromOpeners += packet.payload.length;
    else if (packet.protocol === 'tcp' && flows.has(answeredFlow(packet))) bytes.toOpeners += packet.payload.length;
    else others.add(otherOf(packet));
  }
  return { opened, bytes, others: [...others].sort(), neighbourhood };
}

/** Connections by who opened them, and everything else. */
export const packetsIn = ({ opened, others }: Conversations): string[] => [...Object.keys(opened), ...others];

const otherOf = ({ from, to, protocol, toPort, kind }: Packet): string =>
  `${from} → ${to} ${protocol} ${toPort || kind}`.trim();

/** Whom a host asked for names, in any way: by DNS, or by looking for a resolver that it was told of. */
export function nameQuestions(packets: readonly Packet[], resolver: string): number {
  return packets.filter(
    ({ protocol, to, toPort, fromPort }) =>
      to === resolver ||
      ((protocol === 'udp' || protocol === 'tcp') && [53, 853, 5353].some((dns) => dns === toPort || dns === fromPort)),
  ).length;
}
