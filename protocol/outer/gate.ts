// What a relay checks of every record without opening it: lane, direction, size, order and rate (T09, T10, T14).
// Pure: time is an argument. A relay that finds a rate exceeded stops reading for the time told, it never closes for that.
import { Refusal } from '../codes.ts';
import { readHeader } from '../header.ts';
import { Direction, Lane } from '../lanes.ts';
import { HANDSHAKE_RECORDS_INWARD, HANDSHAKE_RECORDS_OUTWARD } from '../limits.ts';
import { TokenBucket } from '../token-bucket.ts';
import { LANE_RULES, type LaneRule } from './lanes.ts';

/** What is left of each lane's rate. */
export type LaneBuckets = Map<Lane, TokenBucket>;

/** Watches one direction of one session; made once per session and relay. */
export class LaneGate {
  readonly #direction: Direction;
  readonly #burstSeconds: number;
  readonly #buckets: LaneBuckets;
  #sequence = 0;
  #handshakes = 0;
  #handshakeShut = false;
  #closed = false;

  /**
   * @param burstSeconds how many seconds' worth of records may come at once
   * @param buckets what an earlier session left, where the rate is one over several sessions
   */
  constructor(direction: Direction, burstSeconds: number, buckets: LaneBuckets = new Map()) {
    this.#direction = direction;
    this.#burstSeconds = burstSeconds;
    this.#buckets = buckets;
  }

  /**
   * Admits one record by its header and length; the body is not looked at and nothing about it is verified.
   * @param nowMs a monotonic clock
   * @returns its lane, and for how many ms the reader must stop reading after it (0: go on)
   * @throws MALFORMED, LANE_UNKNOWN, LANE_DIRECTION, LANE_SHUT, RECORD_SIZE, RECORD_OUT_OF_ORDER
   */
  admit(record: Uint8Array, nowMs: number): { lane: Lane; waitMs: number } {
    const { lane, sequence } = readHeader(record);
    const rule = LANE_RULES[this.#direction][lane];
    if (!rule) throw new Refusal('LANE_DIRECTION', `lane ${lane}`);
    if (this.#closed) throw new Refusal('LANE_SHUT', 'a record after close');
    if (record.length < rule.min || record.length > rule.max) {
      throw new Refusal('RECORD_SIZE', `lane ${lane}: ${record.length} bytes`);
    }
    if (sequence !== this.#sequence) {
      throw new Refusal('RECORD_OUT_OF_ORDER', `${sequence} where ${this.#sequence} was due`);
    }
    this.#sequence++;
    if (lane === Lane.handshake) this.#admitHandshake();
    else this.#handshakeShut = true;
    if (lane === Lane.close) this.#closed = true;
    return { lane, waitMs: this.#spend(lane, rule, nowMs) };
  }

  #admitHandshake(): void {
    const most = this.#direction === Direction.inward ? HANDSHAKE_RECORDS_INWARD : HANDSHAKE_RECORDS_OUTWARD;
    if (this.#handshakeShut || ++this.#handshakes > most) throw new Refusal('LANE_SHUT', 'handshake');
  }

  #spend(lane: Lane, rule: LaneRule, nowMs: number): number {
    if (rule.perSecond === Number.POSITIVE_INFINITY) return 0;
    const bucket =
      this.#buckets.get(lane) ?? new TokenBucket(rule.perSecond, rule.perSecond * this.#burstSeconds, nowMs);
    this.#buckets.set(lane, bucket);
    return bucket.take(nowMs);
  }
}
