// A paired session: two pumps, each through its direction of the contracted line, and the end of both told once.
import { pump } from '#platform/hop/pump.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import type { RelayTally } from '#platform/metrics/relay-tally.ts';
import type { Code, Refusal } from '#protocol/codes.ts';
import { BURST_SECONDS } from '#protocol/limits.ts';
import { LaneGate } from '#protocol/outer/gate.ts';
import { Direction, Lane } from '#protocol/outer/lanes.ts';
import type { Shaper } from './shaping/shaper.ts';

export interface RelayOptions {
  session: string;
  municipality: string;
  gateway: Socket;
  agent: Socket;
  shaper: Shaper;
  relayed: RelayTally;
  /** A monotonic clock in ms. */
  now(): number;
  /** The user typed or pointed: a record of the input lane. */
  input(): void;
  /**
   * One socket has ended; called once with the cause. The other one is closed with the code after what still waits for it
   * has gone out, or after DRAIN_MAX_MS.
   */
  ended(code: Code, refusal: Refusal | null): void;
}

/** Takes both data links over. From here on the broker sees lane, sequence and length of records and nothing else. */
export function relay(options: RelayOptions): void {
  const { session, municipality, gateway, agent, shaper, relayed, now, input, ended } = options;
  let over = false;
  const once = (code: Code, refusal: Refusal | null) => {
    if (over) return;
    over = true;
    ended(code, refusal);
  };
  const direction = (from: Socket, socket: Socket, of: Direction) => {
    const to = shaper.outlet(socket, session, municipality, of);
    const gate = new LaneGate(of, BURST_SECONDS);
    return { ...relayed.of(municipality, of), from, to, gate, now, ended: once };
  };
  const inward = direction(gateway, agent, Direction.inward);
  const admitted = (lane: Lane, bytes: number) => {
    inward.admitted(lane, bytes);
    if (lane === Lane.input) input();
  };
  pump({ ...inward, admitted });
  pump(direction(agent, gateway, Direction.outward));
}
