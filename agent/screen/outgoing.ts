// Updates on their way into records. The stream of a session may be cut anywhere, so the end of one update and the
// beginning of the next share a record where that delays nothing: a short record costs the line as many headers as a long
// one.
import { type Bytes, concat } from '#protocol/bytes.ts';
import type { DrawnUpdates } from './pacing.ts';

/** Where records go, and how much of the stream may. */
export interface RecordsOut {
  /**
   * Takes the next 1 to FRAME_PLAINTEXT_MAX_BYTES bytes of the stream; called only while there is room.
   * @returns the record's sequence number
   */
  send(chunk: Uint8Array): number;
  /** Bytes that may still go out before an acknowledgement must come. */
  room(): number;
  /** The longest chunk for now, so that nothing waits long behind a record: 1 to FRAME_PLAINTEXT_MAX_BYTES. */
  recordBytes(): number;
  /** Half the window: what an update that begins now should hold at most, so that the next one is not far away. */
  updateBytes(): number;
}

export class Outgoing {
  readonly #records: RecordsOut;
  readonly #drawn: DrawnUpdates;
  #unsent: Bytes = new Uint8Array(0);
  #sentBytes = 0;
  /** Of each update that has not gone whole: at how many sent bytes it will have. */
  #ends: number[] = [];

  /** @param drawn is told of each update's last record */
  constructor(records: RecordsOut, drawn: DrawnUpdates) {
    this.#records = records;
    this.#drawn = drawn;
  }

  /** Bytes that wait. They are never dropped, for the client has the beginning of them. */
  get length(): number {
    return this.#unsent.length;
  }

  /** Bytes that still go besides those that wait; not above zero if there is no room for more. */
  get room(): number {
    return this.#records.room() - this.#unsent.length;
  }

  /** At the end of the stream; goes with the next `send`. */
  add(message: Bytes): void {
    this.#unsent = this.#unsent.length === 0 ? message : concat(this.#unsent, message);
  }

  /** As `add`; the client will say that it has drawn it. */
  addUpdate(...parts: readonly Uint8Array[]): void {
    this.#unsent = concat(this.#unsent, ...parts);
    this.#ends.push(this.#sentBytes + this.#unsent.length);
  }

  /**
   * Sends what the window lets go.
   * @param more another update follows soon: what does not fill a record may wait for it, while three quarters of the
   * window are under way, so that the line has work, and while there is room for both
   */
  send(more: boolean): void {
    while (this.#unsent.length > 0) {
      const room = this.#records.room();
      const most = this.#records.recordBytes();
      const waits = more && this.#unsent.length < Math.min(most, room) && room < this.#records.updateBytes() / 2;
      if (room <= 0 || waits) return;
      const chunk = this.#unsent.subarray(0, most);
      const sequence = this.#records.send(chunk);
      this.#unsent = this.#unsent.subarray(chunk.length);
      this.#sentBytes += chunk.length;
      while (this.#ends[0] !== undefined && this.#ends[0] <= this.#sentBytes) {
        this.#ends.shift();
        this.#drawn.sent(sequence);
      }
    }
  }

  /** Nothing is sent any more. */
  clear(): void {
    this.#unsent = new Uint8Array(0);
  }
}
