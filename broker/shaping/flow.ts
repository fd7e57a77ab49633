// One session in one direction: the records that wait for their turn, in order, and how long each has waited.
import type { Member } from './round.ts';
import { wireBytes } from './wire-bytes.ts';

/** As Socket.sendRecord takes it. */
export interface Waiting {
  readonly record: Uint8Array;
  /** Bytes in front of it that are free for a frame's header. */
  readonly headroom?: number | undefined;
  /** Called once the kernel has taken it. */
  readonly written?: (() => void) | undefined;
}

export class Flow implements Member {
  readonly session: string;
  readonly municipality: string;
  /** Hands a record to the socket; false if the socket takes no more for now. */
  readonly deliver: (waiting: Waiting) => boolean;
  deficit = 0;
  /** It has its turns in its municipality's round. */
  inRound = false;
  /** It has begun to wait, and the line has not looked at it since. */
  isFresh = false;
  /** Its socket takes no more for now: nobody waits for it, and it uses up nothing of the line. */
  parked = false;
  #waiting: Waiting[] = [];
  #arrivals: number[] = [];
  #queuedBytes = 0;

  constructor(session: string, municipality: string, deliver: Flow['deliver']) {
    this.session = session;
    this.municipality = municipality;
    this.deliver = deliver;
  }

  /** On the wire. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Something could be sent if it were its turn. */
  get isReady(): boolean {
    return this.#waiting.length > 0 && !this.parked;
  }

  /** Of the record that has waited longest; 0 if none waits. */
  oldestMs(nowMs: number): number {
    const arrival = this.#arrivals[0];
    return arrival === undefined ? 0 : nowMs - arrival;
  }

  /** The record is kept until its turn; do not change it afterwards. */
  push(waiting: Waiting, nowMs: number): void {
    this.#waiting.push(waiting);
    this.#arrivals.push(nowMs);
    this.#queuedBytes += wireBytes(waiting.record.length);
  }

  /** What has waited longest, or null. */
  shift(): Waiting | null {
    const waiting = this.#waiting.shift();
    if (!waiting) return null;
    this.#arrivals.shift();
    this.#queuedBytes -= wireBytes(waiting.record.length);
    return waiting;
  }

  clear(): void {
    this.#waiting = [];
    this.#arrivals = [];
    this.#queuedBytes = 0;
  }
}
