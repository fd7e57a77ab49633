// What the sessions of one load process saw since the measuring began: every sample, by group; nothing is thinned out.
import { wireBytes } from '#broker/shaping/wire-bytes.ts';
import { HEADER_BYTES, TAG_BYTES } from '#protocol/limits.ts';
import type { Distribution } from '../result.ts';
import { distribution } from '../statistics.ts';

/** Rates and staleness over time are told in steps of this. */
export const BUCKET_MS = 100;

/** Of one session. */
export class Samples {
  readonly #beganUs: number;
  readonly keysMs: number[] = [];
  readonly stalenessMs: number[] = [];
  readonly #buckets: { wireBytes: number; stalenessMs: number[] }[] = [];
  /** Of the RFB stream. */
  bytes = 0;
  /** What the records that carried it weigh on the contracted line, by the broker's own rule. */
  wireBytes = 0;
  updates = 0;

  /** @param beganUs on the machine's monotonic clock */
  constructor(beganUs: number) {
    this.#beganUs = beganUs;
  }

  /** @param bytes of one record's plaintext */
  payload(bytes: number, atUs: number): void {
    const wire = wireBytes(HEADER_BYTES + bytes + TAG_BYTES);
    this.bytes += bytes;
    this.wireBytes += wire;
    this.#bucket(atUs).wireBytes += wire;
  }

  update(capturedUs: number, atUs: number): void {
    const staleness = (atUs - capturedUs) / 1000;
    this.updates++;
    this.stalenessMs.push(staleness);
    this.#bucket(atUs).stalenessMs.push(staleness);
  }

  get buckets(): readonly { wireBytes: number; stalenessMs: readonly number[] }[] {
    return this.#buckets;
  }

  #bucket(atUs: number): { wireBytes: number; stalenessMs: number[] } {
    const index = Math.max(0, Math.floor((atUs - this.#beganUs) / 1000 / BUCKET_MS));
    while (this.#buckets.length <= index) this.#buckets.push({ wireBytes: 0, stalenessMs: [] });
    return this.#buckets[index] as { wireBytes: number; stalenessMs: number[] };
  }
}

/** Of a group of sessions, as it goes to bench's main process. */
export interface Measured {
  keysMs: Distribution;
  stalenessMs: Distribution;
  bytes: number;
  wireBytes: number;
  updates: number;
  bytesPerSession: number[];
  /** Wire bytes in each BUCKET_MS. */
  wireBytesOverTime: number[];
  /** p95 in each BUCKET_MS; 0 where nothing came. */
  stalenessOverTime: number[];
}

export function gather(all: readonly Samples[]): Measured {
  const total = (pick: (one: Samples) => number) => all.reduce((sum, one) => sum + pick(one), 0);
  const length = Math.max(0, ...all.map(({ buckets }) => buckets.length));
  const overTime = Array.from({ length }, (_, i) => all.flatMap(({ buckets }) => buckets[i] ?? []));
  return {
    keysMs: distribution(all.flatMap(({ keysMs }) => keysMs)),
    stalenessMs: distribution(all.flatMap(({ stalenessMs }) => stalenessMs)),
    bytes: total(({ bytes }) => bytes),
    wireBytes: total(({ wireBytes }) => wireBytes),
    updates: total(({ updates }) => updates),
    bytesPerSession: all.map(({ bytes }) => bytes),
    wireBytesOverTime: overTime.map((buckets) => buckets.reduce((sum, { wireBytes }) => sum + wireBytes, 0)),
    stalenessOverTime: overTime.map(
      (buckets) => distribution(buckets.flatMap(({ stalenessMs }) => [...stalenessMs])).p95 ?? 0,
    ),
  };
}
