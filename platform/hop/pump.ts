// One direction of a relay: admit, forward, and stop reading while the other side is behind. Never drops, never reorders,
// never waits for the opposite direction. Two pumps make a relay; they share nothing but the two sockets.
//
//   pump({ from: client, to: agent, gate: new LaneGate(Direction.inward, BURST_SECONDS), now, ended });
//   pump({ from: agent, to: client, gate: new LaneGate(Direction.outward, BURST_SECONDS), now, ended });
import type { Code, Refusal } from '#protocol/codes.ts';
import { RELAY_QUEUE_MAX_BYTES } from '#protocol/limits.ts';
import type { LaneGate } from '#protocol/outer/gate.ts';
import type { Lane } from '#protocol/outer/lanes.ts';
import type { Socket } from './websocket.ts';

/** What a pump forwards to: a Socket, or what stands in front of one and lets it wait, such as the broker's shaping. */
export interface Outlet extends Pick<Socket, 'sendRecord' | 'pressure' | 'onceBelow' | 'close'> {
  /** How much may wait for it; RELAY_QUEUE_MAX_BYTES unless it says less. */
  readonly queueMaxBytes?: number;
}

export interface PumpOptions {
  from: Socket;
  to: Outlet;
  /** Of this direction and this session only. */
  gate: LaneGate;
  /** A monotonic clock in ms. */
  now(): number;
  /** Each record as it is forwarded, by its lane and length: the input lane is what counts as user activity. */
  admitted?(lane: Lane, bytes: number): void;
  /** From the moment a record was read until the kernel took it, in ms; of one record in SAMPLE_EVERY. */
  resided?(ms: number): void;
  /**
   * `from` has ended, by whichever side; `to` is closed with the same code right after. A relay hears it once from each
   * pump; the first one tells the cause.
   */
  ended(code: Code, refusal: Refusal | null): void;
}

/** Of the residence time. Looking at the clock twice and a callback for each record would be dearer than forwarding it. */
const SAMPLE_EVERY = 16;

/**
 * Takes `from` over and forwards its records to `to`. At most `to`'s queueMaxBytes and one record wait for it; a `to`
 * that takes nothing is cut by its own write stall. Above a lane's rate `from` is not read for the time the gate tells;
 * a record that breaks the lanes' rules closes both with PROTOCOL_ERROR.
 */
export function pump({ from, to, gate, now, admitted, resided, ended }: PumpOptions): void {
  let records = 0;
  let holds = 0;
  let rateTimer: NodeJS.Timeout | null = null;
  const hold = () => {
    holds++;
    from.pause();
  };
  const release = () => {
    if (--holds === 0) from.resume();
  };
  from.observe({
    ended() {
      if (rateTimer) clearTimeout(rateTimer);
    },
  });
  from.listen({
    record(record, headroom) {
      const readAt = now();
      const { lane, waitMs } = gate.admit(record, readAt);
      const sampled = resided && ++records % SAMPLE_EVERY === 0;
      to.sendRecord(record, headroom, sampled ? () => resided(now() - readAt) : undefined);
      admitted?.(lane, record.length);
      if (waitMs > 0) {
        hold();
        rateTimer = setTimeout(release, waitMs);
      }
      const most = to.queueMaxBytes ?? RELAY_QUEUE_MAX_BYTES;
      if (to.pressure > most) {
        hold();
        // Half, so that reading goes on in batches and not record by record.
        to.onceBelow(most / 2, release);
      }
    },
    closed(code, refusal) {
      // First the cause: closing `to` makes the other pump tell its own end at once.
      ended(code, refusal);
      to.close(code);
    },
  });
}
