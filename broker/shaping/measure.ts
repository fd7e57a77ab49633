// What an operator, the metrics and the bench see of one direction of the line.
import type { Contract, Share } from './contract.ts';
import type { Flow } from './flow.ts';
import type { Municipality } from './municipality.ts';

/** Bytes are wire bytes (wire-bytes.ts); what is counted only grows, from the start of the broker. */
export interface Amounts {
  /** What came in for this direction; it may exceed what is contracted by what the sessions' windows let under way. */
  readonly arrivedBytes: number;
  readonly sentBytes: number;
  readonly queuedBytes: number;
  /** Of the record that has waited longest; 0 if none waits. */
  readonly oldestMs: number;
  /** Part of the line that was used in the last whole second, 0 to 1. */
  readonly used: number;
}

export interface MunicipalityMeasure extends Amounts, Share {
  readonly municipality: string;
  readonly sessions: number;
}

export interface LineMeasure extends Amounts {
  /** Contracted. */
  readonly bytesPerSecond: number;
  readonly burstBytes: number;
  /** Everybody who is named in broker.json, and everybody who has had a session. */
  readonly municipalities: readonly MunicipalityMeasure[];
}

export function measureLine(
  { bytesPerSecond, burstBytes }: Contract,
  municipalities: Iterable<Municipality>,
  flows: ReadonlySet<Flow>,
  nowMs: number,
): LineMeasure {
  const waiting = new Map<string, { sessions: number; queuedBytes: number; oldestMs: number }>();
  for (const flow of flows) {
    const sum = waiting.get(flow.municipality) ?? { sessions: 0, queuedBytes: 0, oldestMs: 0 };
    sum.sessions++;
    sum.queuedBytes += flow.queuedBytes;
    sum.oldestMs = Math.max(sum.oldestMs, flow.oldestMs(nowMs));
    waiting.set(flow.municipality, sum);
  }
  const each = Array.from(municipalities, (one): MunicipalityMeasure => {
    const { name: municipality, share, arrivedBytes, sentBytes, throughput } = one;
    const used = throughput.bytesPerSecond(nowMs) / bytesPerSecond;
    const nothing = { sessions: 0, queuedBytes: 0, oldestMs: 0 };
    return { municipality, ...share, arrivedBytes, sentBytes, used, ...(waiting.get(municipality) ?? nothing) };
  });
  const sumOf = (key: 'arrivedBytes' | 'sentBytes' | 'queuedBytes' | 'used') =>
    each.reduce((sum, one) => sum + one[key], 0);
  return {
    bytesPerSecond,
    burstBytes,
    arrivedBytes: sumOf('arrivedBytes'),
    sentBytes: sumOf('sentBytes'),
    queuedBytes: sumOf('queuedBytes'),
    oldestMs: Math.max(0, ...each.map(({ oldestMs }) => oldestMs)),
    used: sumOf('used'),
    municipalities: each,
  };
}
