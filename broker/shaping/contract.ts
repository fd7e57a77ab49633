// What the contract and the shares come to in bytes and milliseconds: every number the shaping goes by.
import { RELAY_QUEUE_MAX_BYTES } from '#protocol/limits.ts';
import type { LineConfig } from '../config.ts';
import { bytesPerSecondOf } from '../tiers.ts';
import { RECORD_MAX_WIRE_BYTES, wireBytes } from './wire-bytes.ts';

/**
 * What an idle or late line may catch up with. On an idle machine 8 ms are enough for 99.6 % of a rate. On two cores with
 * four processes for each, the event loop stood still for up to 58 ms; of the time lost beyond 8 ms, 20 ms save 60 %.
 */
const CARRIED_OVER_MS = 20;

/** A turn is about 1 ms of the line, so that a round of many stays short; no shorter than a record made for 10 Mbps. */
const TURN_MS = 1;
const TURN_MIN_BYTES = wireBytes(4_096);
/** Writing four full records at once is cheaper than one by one; more gains nothing. */
const TURN_MAX_BYTES = 64 * 1024;

/** Who has no more than this, what it had in this round included, goes first: a key's answer, not a picture. */
const SMALL_MAX_BYTES = 8 * 1024;

/** A session's queue is as much as its share carries in this time, so that its age is bounded as well. */
const QUEUE_MAX_MS = 100;
/** Less would stop and start reading for every record. */
const QUEUE_MIN_BYTES = 4 * 1024;

export interface Share {
  /** Parts of the line, 0 to 1. */
  readonly guarantee: number;
  readonly ceiling: number;
}

export class Contract {
  readonly config: LineConfig;
  readonly bytesPerSecond: number;
  /** Bytes of a turn. */
  readonly quantum: number;
  readonly smallBytes: number;

  constructor(config: LineConfig) {
    this.config = config;
    this.bytesPerSecond = bytesPerSecondOf(config.tier);
    const turn = (this.bytesPerSecond * TURN_MS) / 1000;
    this.quantum = Math.min(TURN_MAX_BYTES, Math.max(TURN_MIN_BYTES, turn));
    this.smallBytes = Math.min(SMALL_MAX_BYTES, this.quantum / 2);
  }

  shareOf(municipality: string): Share {
    const { municipalities, others } = this.config;
    const named = Object.hasOwn(municipalities, municipality) ? municipalities[municipality] : undefined;
    return named ?? { guarantee: 0, ceiling: others.ceiling };
  }

  /** Bytes that a part of the line may have saved up. */
  depth(part = 1): number {
    return (this.bytesPerSecond * part * CARRIED_OVER_MS) / 1000;
  }

  /** Over any time t, no more than rate × t and this much leaves the broker: what was saved up, and one record of debt. */
  get burstBytes(): number {
    return this.depth() + RECORD_MAX_WIRE_BYTES;
  }

  /** @param part of the line that the session gets at the moment */
  queueMaxBytes(part: number): number {
    const bytes = (this.bytesPerSecond * part * QUEUE_MAX_MS) / 1000;
    return Math.min(RELAY_QUEUE_MAX_BYTES, Math.max(QUEUE_MIN_BYTES, bytes));
  }
}
