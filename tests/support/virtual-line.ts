// A line in virtual time: arrivals, timers and their lateness are the test's own, so that every number is exact.
import type { LineConfig } from '#broker/config.ts';
import { Contract } from '#broker/shaping/contract.ts';
import type { Flow } from '#broker/shaping/flow.ts';
import { Line } from '#broker/shaping/line.ts';
import type { TierLabel } from '#broker/tiers.ts';
import { RECORD_MAX_BYTES } from '#protocol/limits.ts';

export interface Sent {
  at: number;
  session: string;
  municipality: string;
  record: Uint8Array;
  bytes: number;
  waitedMs: number;
}

export const lineOf = (tier: TierLabel, more: Partial<LineConfig> = {}): LineConfig => ({
  tier,
  municipalities: {},
  others: { ceiling: 1 },
  ...more,
});

const BYTES = new Uint8Array(RECORD_MAX_BYTES);
/** Another object each time, so that order shows. */
export const recordOf = (bytes: number): Uint8Array => BYTES.subarray(0, bytes);

export class VirtualLine {
  readonly line: Line;
  readonly sent: Sent[] = [];
  now = 0;
  readonly #lateness: () => number;
  #events: { at: number; then: () => void }[] = [];
  #wakeAt = Number.POSITIVE_INFINITY;

  /** @param lateness how much later than asked a timer comes, ms; it never comes earlier than a whole millisecond */
  constructor(config: LineConfig, lateness: () => number = () => 0) {
    this.#lateness = lateness;
    this.line = new Line({
      contract: new Contract(config),
      nowMs: 0,
      sent: ({ session, municipality }, record, bytes, waitedMs) =>
        this.sent.push({ at: this.now, session, municipality, record, bytes, waitedMs }),
    });
  }

  change(config: LineConfig): void {
    this.line.change(new Contract(config), this.now);
    this.#drain();
  }

  open(session: string, municipality = '131016', deliver: Flow['deliver'] = () => true): Flow {
    return this.line.open(session, municipality, deliver);
  }

  push(flow: Flow, record: Uint8Array): void {
    this.line.push(flow, { record }, this.now);
    this.#drain();
  }

  unpark(flow: Flow): void {
    this.line.unpark(flow, this.now);
    this.#drain();
  }

  /** A session that always has something to send. @param sizeOf of its next record */
  saturating(session: string, sizeOf: () => number, municipality = '131016'): Flow {
    const flow: Flow = this.open(session, municipality, () => {
      this.line.push(flow, { record: recordOf(sizeOf()) }, this.now);
      return true;
    });
    for (let i = 0; i < 4; i++) this.push(flow, recordOf(sizeOf()));
    return flow;
  }

  at(ms: number, then: () => void): void {
    this.#events.push({ at: ms, then });
    this.#events.sort((a, b) => a.at - b.at);
  }

  every(ms: number, then: () => void, from = ms): void {
    this.at(from, () => {
      then();
      this.every(ms, then, from + ms);
    });
  }

  run(until: number): void {
    for (;;) {
      const event = this.#events[0];
      const next = Math.min(event?.at ?? Number.POSITIVE_INFINITY, this.#wakeAt);
      if (next > until) break;
      this.now = next;
      if (event && event.at === next) {
        this.#events.shift();
        event.then();
      } else {
        this.#wakeAt = Number.POSITIVE_INFINITY;
        this.#drain();
      }
    }
    this.now = until;
  }

  bytesOf(session: string, from = 0, until = Number.POSITIVE_INFINITY): number {
    return sum(this.sent.filter((one) => one.session === session && one.at >= from && one.at < until));
  }

  bytes(from = 0, until = Number.POSITIVE_INFINITY): number {
    return sum(this.sent.filter(({ at }) => at >= from && at < until));
  }

  /** By how much more than rate × time went out, in whatever time between `from` and the end that is worst for it. */
  worstExcess(bytesPerSecond: number, from = 0): number {
    let worst = 0;
    let excess = 0;
    let last = from;
    for (const { at, bytes } of this.sent) {
      if (at < from) continue;
      excess = Math.max(0, excess - ((at - last) * bytesPerSecond) / 1000) + bytes;
      last = at;
      worst = Math.max(worst, excess);
    }
    return worst;
  }

  #drain(): void {
    const wait = this.line.drain(this.now);
    if (wait === null) return;
    const at = this.now + Math.max(1, Math.ceil(wait)) + this.#lateness();
    this.#wakeAt = Math.min(this.#wakeAt, at);
  }
}

const sum = (sent: readonly Sent[]): number => sent.reduce((total, { bytes }) => total + bytes, 0);

/** Jain's index: 1 if all are equal, 1/n if one has everything. */
export function jain(shares: readonly number[]): number {
  const total = shares.reduce((a, b) => a + b, 0);
  return total ** 2 / (shares.length * shares.reduce((a, b) => a + b ** 2, 0));
}
