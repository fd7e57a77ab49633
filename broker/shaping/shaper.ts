// The contracted line, both directions, and the one timer that makes them go on. The directions share nothing but the
// timer: keys never wait for pixels.
import type { Outlet } from '#platform/hop/pump.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import { Direction } from '#protocol/outer/lanes.ts';
import type { LineConfig } from '../config.ts';
import type { TierLabel } from '../tiers.ts';
import { Contract } from './contract.ts';
import { Line } from './line.ts';
import type { LineMeasure } from './measure.ts';
import { type Pacing, ShapedOutlet } from './outlet.ts';

/** What meter and metrics hear of each record as it leaves the broker. Called on the hot path: count, and return. */
export interface ShaperObserver {
  /** @param payloadBytes the whole record, sealed as it is, without what carries it */
  sent?(session: string, municipality: string, wireBytes: number, payloadBytes: number, direction: Direction): void;
  /** How long it waited here for its turn. */
  waited?(municipality: string, ms: number, direction: Direction): void;
}

export interface ShaperMeasure {
  readonly tier: TierLabel;
  readonly inward: LineMeasure;
  readonly outward: LineMeasure;
}

const DIRECTIONS = [Direction.inward, Direction.outward] as const;

export class Shaper {
  readonly #now: () => number;
  readonly #lines: Readonly<Record<Direction, Line>>;
  #config: LineConfig;
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  /** @param now a monotonic clock in ms */
  constructor(config: LineConfig, now: () => number, observer: ShaperObserver = {}) {
    this.#now = now;
    this.#config = config;
    const contract = new Contract(config);
    const nowMs = now();
    const line = (direction: Direction) =>
      new Line({
        contract,
        nowMs,
        sent({ session, municipality }, record, wireBytes, waitedMs) {
          observer.sent?.(session, municipality, wireBytes, record.length, direction);
          observer.waited?.(municipality, waitedMs, direction);
        },
      });
    this.#lines = { [Direction.inward]: line(Direction.inward), [Direction.outward]: line(Direction.outward) };
  }

  get tier(): TierLabel {
    return this.#config.tier;
  }

  /** Takes another contract or other shares over; sessions go on, and what waits goes out in its order. */
  change(config: LineConfig): void {
    this.#config = config;
    const contract = new Contract(config);
    for (const direction of DIRECTIONS) this.#lines[direction].change(contract, this.#now());
    this.#drainAll();
  }

  /** What a session's records of one direction go through on their way to `socket`. It ends with the socket. */
  outlet(socket: Socket, session: string, municipality: string, direction: Direction): Outlet {
    const line = this.#lines[direction];
    const drain = () => this.#drain(line);
    const pacing: Pacing = {
      open: (deliver) => line.open(session, municipality, deliver),
      push: (flow, waiting) => {
        line.push(flow, waiting, this.#now());
        drain();
      },
      unpark: (flow) => {
        line.unpark(flow, this.#now());
        drain();
      },
      close: (flow) => line.close(flow, this.#now()),
      queueMaxBytes: (flow) => line.queueMaxBytes(flow, this.#now()),
    };
    return new ShapedOutlet(socket, pacing);
  }

  measure(): ShaperMeasure {
    const of = (direction: Direction) => this.#lines[direction].measure(this.#now());
    return { tier: this.tier, inward: of(Direction.inward), outward: of(Direction.outward) };
  }

  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #drainAll(): void {
    for (const direction of DIRECTIONS) this.#drain(this.#lines[direction]);
  }

  #drain(line: Line): void {
    const waitMs = line.drain(this.#now());
    if (waitMs !== null) this.#wakeAt(this.#now() + waitMs);
  }

  #wakeAt(at: number): void {
    // An earlier wake-up sees to this one too; half a millisecond is below what a timer can tell apart.
    if (this.#timer && this.#timerAt <= at + 0.5) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#drainAll();
      },
      Math.ceil(at - this.#now()),
    );
  }
}
