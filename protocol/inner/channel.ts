// The session after the handshake: plaintext in, sealed records out, and back. It knows lanes, order, keys, acks and the
// window; it knows no socket and no timer. Functions stand in the order data meets them: sending, then receiving.
import { type Bytes, Reader, Writer } from '../bytes.ts';
import { CODES, type Code, codeFromWire, Refusal } from '../codes.ts';
import { readHeader } from '../header.ts';
import { Direction, Lane } from '../lanes.ts';
import {
  ACK_PLAINTEXT_BYTES,
  CLOSE_PLAINTEXT_BYTES,
  CONTROL_PLAINTEXT_BYTES,
  FRAME_PLAINTEXT_MAX_BYTES,
  GENERATION_MAX_MS,
  GENERATION_MAX_RECORDS,
  HANDSHAKE_RECORDS_INWARD,
  HANDSHAKE_RECORDS_OUTWARD,
  HEADER_BYTES,
  INPUT_PLAINTEXT_BYTES,
  INPUT_WINDOW_BYTES,
  TAG_BYTES,
} from '../limits.ts';
import type { Cipher } from './cipher.ts';
import type { Established } from './established.ts';
import { Generations } from './generation.ts';
import { after, type MaybePromise } from './maybe-promise.ts';
import { decodeControl, encodeControl } from './profile.ts';
import { Window } from './window.ts';

const OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;
const HELD_MAX_US = 0xffff_ffff;

type DataLane = typeof Lane.frame | typeof Lane.input | typeof Lane.control;

/** The lanes of a direction, and the smallest and largest plaintext of each. Inward control: requests. Outward: key-update. */
const PLAINTEXT: Readonly<Record<Direction, Readonly<Partial<Record<Lane, readonly [least: number, most: number]>>>>> =
  {
    [Direction.inward]: {
      [Lane.input]: [INPUT_PLAINTEXT_BYTES, INPUT_PLAINTEXT_BYTES],
      [Lane.control]: [CONTROL_PLAINTEXT_BYTES, CONTROL_PLAINTEXT_BYTES],
      [Lane.ack]: [ACK_PLAINTEXT_BYTES, ACK_PLAINTEXT_BYTES],
      [Lane.close]: [CLOSE_PLAINTEXT_BYTES, CLOSE_PLAINTEXT_BYTES],
    },
    [Direction.outward]: {
      [Lane.frame]: [1, FRAME_PLAINTEXT_MAX_BYTES],
      [Lane.control]: [CONTROL_PLAINTEXT_BYTES, CONTROL_PLAINTEXT_BYTES],
      [Lane.ack]: [ACK_PLAINTEXT_BYTES, ACK_PLAINTEXT_BYTES],
      [Lane.close]: [CLOSE_PLAINTEXT_BYTES, CLOSE_PLAINTEXT_BYTES],
    },
  };

export interface ChannelOptions {
  /** Takes each record in the order of its sequence, at once if the cipher is synchronous. */
  output(record: Bytes): void;
  /** A monotonic clock in ms. */
  now(): number;
  /** Smaller generations than limits.ts has, for tests; never larger. */
  generation?: { records: number; ms: number };
}

export interface Ack {
  /** The highest sequence the other end has received in order. */
  sequence: number;
  /** How many updates stand in its picture. */
  drawn: number;
  /** How long it held that record before it said so, µs. */
  heldUs: number;
}

/** A close that arrives here is authentic and orderly: nothing before it is missing. */
export type Received = { lane: DataLane; plaintext: Bytes } | { lane: typeof Lane.close; code: Code };

interface Unacknowledged {
  sequence: number;
  /** ms */
  sentAt: number;
  lane: DataLane;
  plaintext: Uint8Array;
}

export class Channel {
  /** Called for each ack that arrives, before `receive` is done. */
  onAck: ((ack: Ack) => void) | null = null;

  readonly #options: ChannelOptions;
  readonly #generationRecords: number;
  readonly #generationMs: number;

  // Sending
  readonly #sends: Direction;
  readonly #sealing: Generations;
  #nextToSend: number;
  #sentInGeneration = 0;
  #generationSince: number;
  /** The seal or key step under way; undefined with a synchronous cipher. */
  #underWay: MaybePromise<void> = undefined;
  #failed: unknown = null;
  #closed = false;
  #acknowledged: number;
  #unacknowledgedBytes = 0;
  readonly #unacknowledged: Unacknowledged[] = [];
  /** Of what the agent sends; a client's is a constant. */
  readonly window: Window;

  // Receiving
  readonly #receives: Direction;
  readonly #opening: Generations;
  #nextToReceive: number;
  #receivedInGeneration = 0;
  #arrivedAt: number;
  #ackDue = false;
  #drawnByPeer = 0;
  #peerClosed = false;
  #receiving: Promise<unknown> = Promise.resolve();

  /** @param established used up by this */
  constructor(cipher: Cipher, established: Established, options: ChannelOptions) {
    const { id: session, epoch, sends } = established.session;
    const { client, agent } = established.takeTrafficSecrets();
    const inward = new Generations(cipher, { session, epoch, direction: Direction.inward }, client);
    const outward = new Generations(cipher, { session, epoch, direction: Direction.outward }, agent);
    const isClient = sends === Direction.inward;
    this.#options = options;
    this.#generationRecords = Math.min(options.generation?.records ?? GENERATION_MAX_RECORDS, GENERATION_MAX_RECORDS);
    this.#generationMs = Math.min(options.generation?.ms ?? GENERATION_MAX_MS, GENERATION_MAX_MS);
    this.#sends = sends;
    this.#receives = isClient ? Direction.outward : Direction.inward;
    this.#sealing = isClient ? inward : outward;
    this.#opening = isClient ? outward : inward;
    // The sequences of the handshake's records run on here
    this.#nextToSend = isClient ? HANDSHAKE_RECORDS_INWARD : HANDSHAKE_RECORDS_OUTWARD;
    this.#nextToReceive = isClient ? HANDSHAKE_RECORDS_OUTWARD : HANDSHAKE_RECORDS_INWARD;
    this.#acknowledged = this.#nextToSend - 1;
    this.#generationSince = options.now();
    this.#arrivedAt = this.#generationSince;
    this.window = new Window(this.#generationSince);
  }

  /** Bytes of sealed records that may still go out before an ack must come; never negative. */
  get room(): number {
    const most = this.#sends === Direction.inward ? INPUT_WINDOW_BYTES : this.window.bytes;
    return Math.max(0, most - this.#unacknowledgedBytes);
  }

  /** Bytes of sealed records under way. */
  get inFlightBytes(): number {
    return this.#unacknowledgedBytes;
  }

  /** The same for frames, which wait until a record of window.recordBytes fits but for half of it. */
  get frameRoom(): number {
    return this.window.room(this.#unacknowledgedBytes);
  }

  /** Sent and not yet acknowledged, oldest first: what a resume would seal anew. */
  get unacknowledged(): readonly Readonly<Unacknowledged>[] {
    return this.#unacknowledged;
  }

  /**
   * Seals one record. Input and control are padded here.
   * @param lane frame at the agent; input or control at the client
   * @param plaintext is kept until acknowledged: the caller must not change it. Frame: 1 to FRAME_PLAINTEXT_MAX_BYTES
   * @returns the record's sequence
   * @throws RangeError for a frame while there is no room, or for a wrong size; PEER_STUCK for another lane then (T13);
   * LANE_DIRECTION; LANE_SHUT after close
   */
  send(lane: DataLane, plaintext: Uint8Array): number {
    if (!PLAINTEXT[this.#sends][lane] || (lane === Lane.control && this.#sends === Direction.outward)) {
      throw new Refusal('LANE_DIRECTION', `lane ${lane}`);
    }
    if (this.room === 0) {
      if (lane === Lane.frame) throw new RangeError('the window is full');
      throw new Refusal('PEER_STUCK', 'nothing was acknowledged for a whole window');
    }
    const padded = this.#padded(lane, plaintext);
    const sequence = this.#seal(lane, padded);
    this.#unacknowledged.push({ sequence, sentAt: this.#options.now(), lane, plaintext: padded });
    this.#unacknowledgedBytes += padded.length + OVERHEAD_BYTES;
    return sequence;
  }

  /** A record arrived since the last `acknowledge`. When to answer is the caller's to decide. */
  get ackDue(): boolean {
    return this.#ackDue;
  }

  /**
   * Tells the other end what arrived and what stands in the picture; due when `ackDue`, or when `drawn` has grown.
   * @returns the record's sequence
   * @throws LANE_SHUT after close
   */
  acknowledge(drawn: number): number {
    const held = Math.round((this.#options.now() - this.#arrivedAt) * 1000);
    const ack = new Writer().u64(this.#nextToReceive - 1).u32(drawn);
    const sequence = this.#seal(Lane.ack, ack.u32(Math.min(Math.max(held, 0), HELD_MAX_US)).done());
    this.#ackDue = false;
    return sequence;
  }

  /**
   * Ends this direction with a sealed close that names its own sequence as the final one. A second call does nothing.
   * @returns done when the record has gone to `output`; close the socket after that
   */
  close(code: Code): Promise<void> {
    if (!this.#closed && !this.#failed) {
      this.#rekeyWhenDue();
      this.#put(Lane.close, new Writer().u64(this.#nextToSend).u16(CODES[code].wire).pad(CLOSE_PLAINTEXT_BYTES).done());
    }
    this.#closed = true;
    // A close that could not go out is none: the other end will say "connection lost".
    return Promise.resolve(this.#underWay).catch(() => {});
  }

  #padded(lane: DataLane, plaintext: Uint8Array): Uint8Array {
    const [least, most] = PLAINTEXT[this.#sends][lane] ?? [0, 0];
    if (plaintext.length === 0 || plaintext.length > most)
      throw new RangeError(`${plaintext.length} bytes on lane ${lane}`);
    return plaintext.length >= least ? plaintext : new Writer().bytes(plaintext).pad(least).done();
  }

  #seal(lane: Lane, plaintext: Uint8Array): number {
    if (this.#failed) throw this.#failed;
    if (this.#closed) throw new Refusal('LANE_SHUT', 'closed by this end');
    this.#rekeyWhenDue();
    return this.#put(lane, plaintext);
  }

  /** A key-update is the last record of its generation, so one place is always kept for it (SP 800-38D §8.3). */
  #rekeyWhenDue(): void {
    const old = this.#options.now() - this.#generationSince >= this.#generationMs;
    if (!old && this.#sentInGeneration < this.#generationRecords - 1) return;
    this.#put(Lane.control, encodeControl({ type: 'key-update' }));
    this.#inOrder(() => this.#sealing.next());
    this.#sentInGeneration = 0;
    this.#generationSince = this.#options.now();
  }

  #put(lane: Lane, plaintext: Uint8Array): number {
    const sequence = this.#nextToSend++;
    this.#sentInGeneration++;
    this.#inOrder(() => after(this.#sealing.seal(lane, sequence, plaintext), (record) => this.#options.output(record)));
    return sequence;
  }

  /** One step after the other. After a step that failed no later one runs, so that no record is left out unseen. */
  #inOrder(step: () => MaybePromise<void>): void {
    const fail = (error: unknown) => {
      this.#failed ??= error;
    };
    try {
      this.#underWay = after(this.#underWay, step);
    } catch (error) {
      fail(error);
      throw error;
    }
    if (this.#underWay instanceof Promise) this.#underWay.catch(fail);
  }

  /**
   * Opens one record. Calls may overlap; they are handled in order. The first refusal is final: every later call gets it.
   * @param record whole, not changed by the caller until this is done
   * @returns null for what the channel consumed itself (ack, key-update)
   * @throws MALFORMED, LANE_UNKNOWN, LANE_DIRECTION, LANE_SHUT, RECORD_SIZE, RECORD_OUT_OF_ORDER, RECORD_FORGED,
   * MESSAGE_UNKNOWN, KEY_EXHAUSTED
   */
  receive(record: Uint8Array): Promise<Received | null> {
    const received = this.#receiving.then(() => this.#open(record));
    this.#receiving = received;
    return received;
  }

  async #open(record: Uint8Array): Promise<Received | null> {
    const lane = this.#admit(record);
    const sequence = this.#nextToReceive;
    const plaintext = await this.#opening.open(sequence, record);
    this.#nextToReceive++;
    this.#arrivedAt = this.#options.now();
    switch (lane) {
      case Lane.ack:
        this.#takeAck(plaintext);
        return null;
      case Lane.close:
        return { lane, code: this.#takeClose(plaintext, sequence) };
      case Lane.control:
        if (await this.#takeKeyUpdate(plaintext)) return null;
    }
    this.#ackDue = true;
    return { lane, plaintext };
  }

  /** What can be refused before anything is opened. */
  #admit(record: Uint8Array): Exclude<Lane, typeof Lane.handshake> {
    const { lane, sequence } = readHeader(record);
    if (lane === Lane.handshake) throw new Refusal('LANE_SHUT', 'handshake');
    const sizes = PLAINTEXT[this.#receives][lane];
    if (!sizes) throw new Refusal('LANE_DIRECTION', `lane ${lane}`);
    if (this.#peerClosed) throw new Refusal('LANE_SHUT', 'a record after close');
    const size = record.length - OVERHEAD_BYTES;
    if (size < sizes[0] || size > sizes[1]) throw new Refusal('RECORD_SIZE', `lane ${lane}: ${record.length} bytes`);
    if (sequence !== this.#nextToReceive) {
      throw new Refusal('RECORD_OUT_OF_ORDER', `${sequence} where ${this.#nextToReceive} was due`);
    }
    if (++this.#receivedInGeneration > this.#generationRecords) throw new Refusal('KEY_EXHAUSTED');
    return lane;
  }

  #takeAck(plaintext: Bytes): void {
    const reader = new Reader(plaintext, 'ack');
    const [sequence, drawn, heldUs] = [reader.u64(), reader.u32(), reader.u32()];
    reader.end();
    const possible = sequence >= this.#acknowledged && sequence < this.#nextToSend && drawn >= this.#drawnByPeer;
    if (!possible) throw new Refusal('MALFORMED', 'an ack for what was never sent, or one that goes back');
    this.#acknowledged = sequence;
    this.#drawnByPeer = drawn;
    const kept = this.#unacknowledged.findIndex((sent) => sent.sequence > sequence);
    const done = this.#unacknowledged.splice(0, kept < 0 ? this.#unacknowledged.length : kept);
    const inFlight = this.#unacknowledgedBytes;
    for (const sent of done) this.#unacknowledgedBytes -= sent.plaintext.length + OVERHEAD_BYTES;
    const newest = done.at(-1);
    if (newest && this.#sends === Direction.outward) {
      const bytes = inFlight - this.#unacknowledgedBytes;
      const { sentAt } = newest;
      this.window.acked({ sentAt, heldMs: heldUs / 1000, bytes, inFlight }, this.#options.now());
    }
    this.onAck?.({ sequence, drawn, heldUs });
  }

  #takeClose(plaintext: Bytes, sequence: number): Code {
    const reader = new Reader(plaintext, 'close');
    const final = reader.u64();
    const code = codeFromWire(reader.u16());
    reader.padding();
    if (final !== sequence || !code) throw new Refusal('MALFORMED', 'close: another final sequence, or no code');
    this.#peerClosed = true;
    return code;
  }

  /** @returns whether it was one */
  async #takeKeyUpdate(plaintext: Bytes): Promise<boolean> {
    const { type } = decodeControl(plaintext);
    if (type === 'key-update') {
      await this.#opening.next();
      this.#receivedInGeneration = 0;
      return true;
    }
    if (this.#receives === Direction.outward) throw new Refusal('MESSAGE_UNKNOWN', `${type} from the agent`);
    return false;
  }
}
