// One session in one direction: the records that wait for their turn, in order, and how long each has waited.
import type { Member } from './round.ts';
import { wireBytes } from './wire-bytes.ts';

export class Flow implements Member {
  readonly session: string;
  readonly municipality: string;
  /** Hands a record to the socket; false if the socket takes no more for now. */
  readonly deliver: (record: Uint8Array) => boolean;
  deficit = 0;
  /** Where the line keeps it: nowhere, among those that have just begun, or in its municipality's round. */
  place: 'none' | 'fresh' | 'round' = 'none';
  /** Its socket takes no more for now: nobody waits for it, and it uses up nothing of the line. */
  parked = false;
  #records: Uint8Array[] = [];
  #arrivals: number[] = [];
  #queuedBytes = 0;

  constructor(session: string, municipality: string, deliver: (record: Uint8Array) => boolean) {
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
    return this.#records.length > 0 && !this.parked;
  }

  /** Of the record that has waited longest; 0 if none waits. */
  oldestMs(nowMs: number): number {
    const arrival = this.#arrivals[0];
    return arrival === undefined ? 0 : nowMs - arrival;
  }

  /** @param record kept until its turn; do not change it afterwards */
  push(record: Uint8Array, nowMs: number): void {
    this.#records.push(record);
    this.#arrivals.push(nowMs);
    this.#queuedBytes += wireBytes(record.length);
  }

  /** The record that has waited longest, or null. */
  shift(): Uint8Array | null {
    const record = this.#records.shift();
    if (!record) return null;
    this.#arrivals.shift();
    this.#queuedBytes -= wireBytes(record.length);
    return record;
  }

  clear(): void {
    this.#records = [];
    this.#arrivals = [];
    this.#queuedBytes = 0;
  }
}
