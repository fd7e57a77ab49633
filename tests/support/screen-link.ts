// A ScreenSender with a client behind a window, everything in the test's hands: time, room, encoding, delivery.

import type { Refusal } from '#protocol/codes.ts';
import { FRAME_PLAINTEXT_MAX_BYTES } from '#protocol/limits.ts';
import type { Screen } from '../../agent/desktop/desktop.ts';
import { type Encoded, type EncodeJob, encodeAreas } from '../../agent/screen/encode.ts';
import { ScreenSender } from '../../agent/screen/screen-sender.ts';
import { TILE_SIDE } from '../../agent/screen/tiles.ts';
import { FrameClient } from './frame-client.ts';

/** Header and tag of a record. */
const OVERHEAD_BYTES = 24;

/** The tiles that a job is about. */
export function tilesOf({ areas, width }: EncodeJob): number[] {
  return areas.map(({ x, y }) => Math.floor(y / TILE_SIDE) * Math.ceil(width / TILE_SIDE) + Math.floor(x / TILE_SIDE));
}

export class ScreenLink {
  readonly sender: ScreenSender;
  readonly client: FrameClient;
  readonly failures: Refusal[] = [];
  /** Every job that was begun. */
  readonly jobs: EncodeJob[] = [];
  window: number;
  /** Milliseconds. */
  clock = 0;
  /** While false the client receives without drawing. */
  draws = true;
  encode: (job: EncodeJob) => Promise<Encoded> = async (job) => encodeAreas(job);
  /** The most that was ever unacknowledged. */
  highest = 0;
  #path: Uint8Array[] = [];
  #unacknowledged = 0;
  #sent = 0;
  #received = 0;
  #drawn = 0;

  constructor(screen: Screen, options: { window?: number; workers?: number; mark?: string[] } = {}) {
    this.window = options.window ?? 512 * 1024;
    this.client = new FrameClient(screen);
    this.sender = new ScreenSender({
      encoders: {
        workers: options.workers ?? 1,
        encode: (job) => {
          this.jobs.push(job);
          return this.encode(job);
        },
      },
      screen,
      mark: options.mark ?? ['tanaka-taro 131016', '131016/agent1/desktop-1'],
      send: (chunk) => this.#send(chunk),
      room: () => Math.max(0, this.window - this.#unacknowledged),
      recordBytes: () => FRAME_PLAINTEXT_MAX_BYTES,
      updateBytes: () => this.window / 2,
      now: () => this.clock,
      failed: (refusal) => this.failures.push(refusal),
    });
  }

  get tilesEncoded(): number[] {
    return this.jobs.flatMap((job) => tilesOf(job));
  }

  get pathBytes(): number {
    return this.#path.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  #send(chunk: Uint8Array): number {
    if (this.#unacknowledged >= this.window) throw new Error('sent without room');
    if (chunk.length < 1 || chunk.length > FRAME_PLAINTEXT_MAX_BYTES) throw new Error(`a chunk of ${chunk.length}`);
    this.#path.push(chunk);
    this.#unacknowledged += chunk.length + OVERHEAD_BYTES;
    this.highest = Math.max(this.highest, this.#unacknowledged);
    return this.#sent++;
  }

  /** Hands `count` records to the client and acknowledges them. */
  async deliver(count = Number.POSITIVE_INFINITY): Promise<void> {
    for (const chunk of this.#path.splice(0, Math.min(count, this.#path.length))) {
      await this.client.push(chunk);
      this.#unacknowledged -= chunk.length + OVERHEAD_BYTES;
      this.#received++;
    }
    this.acknowledge();
  }

  acknowledge(): void {
    if (this.draws) this.#drawn = this.client.updates;
    this.sender.acked(this.#received - 1, this.#drawn);
  }

  /** Until the sender does nothing any more by itself. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 6; turn++) await new Promise((next) => setImmediate(next));
  }

  /** Settles and delivers until nothing is left. */
  async finish(): Promise<void> {
    do {
      await this.deliver();
      await this.settle();
    } while (this.#path.length > 0);
  }
}
