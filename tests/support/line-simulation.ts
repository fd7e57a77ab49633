// Sessions behind one line in virtual time: senders with the real Window, byte-fair shaping, delays, and clients that
// acknowledge as ours do. Nothing here takes real time, so a test may assert milliseconds.
import { Throughput } from '#platform/metrics/throughput.ts';
import { Window } from '#protocol/inner/window.ts';
import { ACK_INTERVAL_MS, HEADER_BYTES, TAG_BYTES } from '#protocol/limits.ts';

const OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;

/** What a session has to send. */
export interface Source {
  /** Whether there is something to send at `now`. */
  has(now: number): boolean;
  /** Takes up to `most` bytes at `now`. */
  take(most: number, now: number): number;
}

export const greedy: Source = { has: () => true, take: (most) => most };

export interface LineOptions {
  /** bytes/s */
  rate: number;
  /** Both ways together, ms. */
  roundTripMs: number;
  /** Each way, uniform from 0 to this; order is kept. */
  jitterMs?: number;
  /** From an ack to the records that it makes room for: what an encoder takes. */
  encodeMs?: number;
  seed?: number;
}

interface Record {
  readonly sequence: number;
  readonly bytes: number;
  readonly sentAt: number;
  readonly arrived?: (now: number) => void;
}

export class LineSimulation {
  now = 0;
  rate: number;
  roundTripMs: number;
  readonly jitterMs: number;
  readonly encodeMs: number;
  readonly sessions: SimulatedSession[] = [];
  /** Of all of them: they are of one agent. */
  readonly carried = new Throughput(100);
  #paused = false;
  #heldUntil = 0;
  #busy = false;
  #turn = 0;
  #random: number;
  readonly #events: { at: number; order: number; run: () => void }[] = [];
  #order = 0;

  constructor({ rate, roundTripMs, jitterMs = 0, encodeMs = 0, seed = 1 }: LineOptions) {
    this.rate = rate;
    this.roundTripMs = roundTripMs;
    this.jitterMs = jitterMs;
    this.encodeMs = encodeMs;
    this.#random = seed;
  }

  /** @param window one that has seen other lines before */
  add(source: Source, window?: Window): SimulatedSession {
    const session = new SimulatedSession(this, source, window);
    this.sessions.push(session);
    return session;
  }

  after(ms: number, run: () => void): void {
    this.at(this.now + ms, run);
  }

  at(at: number, run: () => void): void {
    const event = { at, order: this.#order++, run };
    // A binary search keeps them in order; thousands of events are few.
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle] as typeof event).at > at) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  run(untilMs: number): void {
    for (let next = this.#events.at(-1); next && next.at <= untilMs; next = this.#events.at(-1)) {
      this.#events.pop();
      this.now = next.at;
      next.run();
    }
    this.now = untilMs;
  }

  /** 0 to 1, the same ones in every run. */
  random(): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#random / 2 ** 32;
  }

  pause(ms: number): void {
    this.#paused = true;
    this.after(ms, () => {
      this.#paused = false;
      this.serve();
    });
  }

  /** A packet was lost: what follows arrives, but TCP hands nothing over for so long, and then all of it. */
  holdUp(ms: number): void {
    this.#heldUntil = this.now + ms;
  }

  get heldUntil(): number {
    return this.#heldUntil;
  }

  /** One record at a time, the sessions in turn, each by its bytes. */
  serve(): void {
    if (this.#busy || this.#paused) return;
    const session = this.#nextSession();
    const record = session?.queue.shift();
    if (!session || !record) return;
    this.#busy = true;
    session.deficit -= record.bytes;
    this.after((record.bytes / this.rate) * 1000, () => {
      this.#busy = false;
      session.servedBytes += record.bytes;
      session.travel(this.roundTripMs / 2, record);
      this.serve();
    });
  }

  #nextSession(): SimulatedSession | null {
    if (this.sessions.every(({ queue }) => queue.length === 0)) return null;
    for (;;) {
      const session = this.sessions[this.#turn % this.sessions.length] as SimulatedSession;
      const head = session.queue[0];
      if (head && session.deficit >= head.bytes) return session;
      if (!head) session.deficit = 0;
      this.#turn++;
      const next = this.sessions[this.#turn % this.sessions.length] as SimulatedSession;
      if (next.queue.length > 0) next.deficit += 2_048;
    }
  }
}

export class SimulatedSession {
  readonly window: Window;
  readonly queue: Record[] = [];
  deficit = 0;
  servedBytes = 0;
  inFlight = 0;
  /** The most that was ever under way. */
  highest = 0;
  source: Source;
  /** Of each key's answer: from when it was ready to when the client had it, ms, without the way there. */
  readonly keyMs: number[] = [];
  readonly #line: LineSimulation;
  readonly #unacknowledged: Record[] = [];
  #keys: { readyAt: number }[] = [];
  #sequence = 0;
  #pumping = false;
  // The client
  #received = -1;
  #receivedAt = 0;
  #lastTravel = 0;
  #ackAt = 0;
  #told = -1;
  #ackPending = false;

  constructor(line: LineSimulation, source: Source, window?: Window) {
    this.#line = line;
    this.source = source;
    this.window = window ?? new Window(line.now);
    line.after(0, () => this.pump());
  }

  get queuedBytes(): number {
    return this.queue.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The answer to a key is ready now: one small update, the next to go. */
  key(): void {
    this.#keys.push({ readyAt: this.#line.now });
    this.pump();
  }

  /** Sends what fits. */
  pump(): void {
    const line = this.#line;
    while (this.window.room(this.inFlight) > 0) {
      const key = this.#keys.shift();
      if (!key && !this.source.has(line.now)) return;
      const bytes = OVERHEAD_BYTES + (key ? 1_000 : this.source.take(this.window.recordBytes, line.now));
      const arrived = key && { arrived: (now: number) => this.keyMs.push(now - key.readyAt - line.roundTripMs / 2) };
      const record = { sequence: this.#sequence++, bytes, sentAt: line.now, ...arrived };
      this.#unacknowledged.push(record);
      this.inFlight += bytes;
      this.highest = Math.max(this.highest, this.inFlight);
      this.queue.push(record);
      line.serve();
    }
  }

  travel(ms: number, record: Record): void {
    const line = this.#line;
    this.#lastTravel = Math.max(this.#lastTravel, line.now + ms + line.random() * line.jitterMs, line.heldUntil);
    line.at(this.#lastTravel, () => {
      record.arrived?.(line.now);
      this.#received = record.sequence;
      this.#receivedAt = line.now;
      this.#acknowledge();
    });
  }

  #acknowledge(): void {
    const line = this.#line;
    if (this.#ackPending || this.#received === this.#told) return;
    const wait = this.#ackAt - line.now;
    if (wait <= 0) {
      this.#sendAck();
      return;
    }
    this.#ackPending = true;
    // A timer is late by up to a millisecond.
    line.after(wait + line.random(), () => {
      this.#ackPending = false;
      this.#sendAck();
    });
  }

  #sendAck(): void {
    const line = this.#line;
    this.#ackAt = Math.max(this.#ackAt, line.now - ACK_INTERVAL_MS) + ACK_INTERVAL_MS;
    this.#told = this.#received;
    const [sequence, heldMs] = [this.#received, line.now - this.#receivedAt];
    line.after(line.roundTripMs / 2 + line.random() * line.jitterMs, () => this.takeAck(sequence, heldMs));
  }

  takeAck(sequence: number, heldMs: number): void {
    const line = this.#line;
    const inFlight = this.inFlight;
    let [bytes, sentAt] = [0, 0];
    while (this.#unacknowledged[0] && this.#unacknowledged[0].sequence <= sequence) {
      const record = this.#unacknowledged.shift() as Record;
      bytes += record.bytes;
      sentAt = record.sentAt;
    }
    if (bytes === 0) return;
    this.inFlight -= bytes;
    this.window.acked({ sentAt, heldMs, bytes, inFlight }, line.now);
    // As the agent does (agent/session.ts).
    line.carried.add(bytes, line.now);
    this.window.lineBytesPerSecond = line.carried.bytesPerSecond(line.now);
    if (this.#pumping) return;
    this.#pumping = true;
    line.after(line.encodeMs, () => {
      this.#pumping = false;
      this.pump();
    });
  }
}
