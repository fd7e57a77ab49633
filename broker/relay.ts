// A paired session: two pumps, and the end of both told once.
import { pump } from '#platform/hop/pump.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import type { Code, Refusal } from '#protocol/codes.ts';
import { BURST_SECONDS } from '#protocol/limits.ts';
import { LaneGate } from '#protocol/outer/gate.ts';
import { Direction } from '#protocol/outer/lanes.ts';

export interface RelayOptions {
  gateway: Socket;
  agent: Socket;
  /** A monotonic clock in ms. */
  now(): number;
  /** Both sockets are closed; called once with the cause. */
  ended(code: Code, refusal: Refusal | null): void;
}

/** Takes both data links over. From here on the broker sees lane, sequence and length of records and nothing else. */
export function relay({ gateway, agent, now, ended }: RelayOptions): void {
  let over = false;
  const once = (code: Code, refusal: Refusal | null) => {
    if (over) return;
    over = true;
    ended(code, refusal);
  };
  const direction = (from: Socket, to: Socket, of: Direction) =>
    pump({ from, to, gate: new LaneGate(of, BURST_SECONDS), now, ended: once });
  direction(gateway, agent, Direction.inward);
  direction(agent, gateway, Direction.outward);
}
