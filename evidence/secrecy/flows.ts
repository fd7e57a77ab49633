// What each TCP connection of a capture carried, in order.
import type { Packet } from '#lab/pcap.ts';

/** One direction of one connection. */
export interface Flow {
  readonly from: number;
  readonly to: number;
  readonly payload: Buffer;
}

/** @returns the flows in the order in which they began; a segment that was sent twice stands in it once */
export function flowsOf(packets: readonly Packet[]): Flow[] {
  const flows = new Map<string, { from: number; to: number; parts: Map<number, Uint8Array> }>();
  for (const { protocol, fromPort: from, toPort: to, sequence, payload } of packets) {
    if (protocol !== 'tcp' || payload.length === 0) continue;
    const key = `${from}-${to}`;
    const flow = flows.get(key) ?? { from, to, parts: new Map<number, Uint8Array>() };
    flows.set(key, flow);
    flow.parts.set(sequence, payload);
  }
  return [...flows.values()].map(({ from, to, parts }) => ({ from, to, payload: inOrder(parts) }));
}

/** Two processors may show their packets to the capture in another order than they took them. */
function inOrder(parts: ReadonlyMap<number, Uint8Array>): Buffer {
  const [first = 0] = parts.keys();
  // Sequence numbers begin anew at 2³².
  const places = [...parts.keys()].toSorted((a, b) => ((a - first) | 0) - ((b - first) | 0));
  return Buffer.concat(places.map((place) => parts.get(place) ?? Buffer.alloc(0)));
}
