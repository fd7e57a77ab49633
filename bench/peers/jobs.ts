// What the scenario asks of its processes, and what they answer: plain messages over Node's own channel.
import type { TlsFiles } from '#platform/hop/tls.ts';

/** The text of the hello record: what the source is to send on this connection. */
export type Load =
  | {
      kind: 'frames';
      /** Megabits of records a second; null as many as are taken. */
      mbps: number | null;
    }
  | { kind: 'echo' };

/** How a sink reaches the source. */
export interface Target {
  /** Of the relay, on loopback. */
  port: number;
  path: string;
  /** The relay sends a text of its own once both ends have dialled in; before that it takes nothing. */
  rendezvous: boolean;
}

export interface SourceJobs {
  listen(of: { tls: TlsFiles }): Promise<{
    /** WebSocket over TLS. */
    tls: number;
    /** Bare records over TCP, for a relay that does the framing itself and has one TLS leg. */
    plain: number;
  }>;
  /** Into a relay that both ends dial in to. */
  dial(of: { tls: TlsFiles; port: number; path: string }): Promise<void>;
}

export interface SinkJobs {
  frames(of: FramesJob): Promise<FramesMeasured>;
  /** @returns round trips in ms, in the order in which they came back */
  probe(of: ProbeJob): Promise<{ roundTripMs: number[] }>;
}

interface Measuring {
  tls: TlsFiles;
  target: Target;
  /** Nothing is counted before. */
  warmUpMs: number;
  measureMs: number;
}

export interface FramesJob extends Measuring {
  mbps: number | null;
  /** Of the relay; its tree is what CPU and memory are read of. */
  pids: readonly number[];
}

export interface FramesMeasured {
  seconds: number;
  /** Of records: no WebSocket headers, no TLS. */
  bytes: number;
  cpuSeconds: number;
  residentBytes: number;
  /** From the source's write to the sink's last byte of a record; empty if saturated. */
  oneWayMs: number[];
}

export interface ProbeJob extends Measuring {
  perSecond: number;
}

/** A relay that is a Node program of ours. */
export interface RelayJobs {
  /** @param upstreams ports of sources; each gets a listener of its own @returns their ports, in the same order */
  relay(of: { server: TlsFiles; client: TlsFiles; upstreams: readonly number[] }): Promise<{ ports: number[] }>;
}

export interface OurRelayJobs extends RelayJobs {
  /** How long records stayed since the call before, in ms, of a sample of them. */
  residence(of: { goOn: boolean }): Promise<{ ms: number[] }>;
}
