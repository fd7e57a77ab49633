// A running session at the client: opens records for the screen, seals input, acknowledges in time, ends in one place.
import { type Code, Refusal, refusalFrom } from '#protocol/codes.ts';
import { Channel } from '#protocol/inner/channel.ts';
import { encodeControl, encodeInput, type InputEvent } from '#protocol/inner/profile.ts';
import { ACK_INTERVAL_MS, RECORD_MAX_BYTES, WINDOW_MAX_BYTES } from '#protocol/limits.ts';
import { Lane } from '#protocol/outer/lanes.ts';
import type { End } from './ends.ts';
import type { OpenedSession, Surroundings } from './open.ts';

/**
 * A record is acknowledged before its frame is shown, so one waits besides a window that is not acknowledged and the record
 * that fills it. Whoever sends more wants to fill this end's memory (T13).
 */
const WAITING_MAX_BYTES = WINDOW_MAX_BYTES + 2 * RECORD_MAX_BYTES;

/** Records of the last seconds, at the full rate of every lane. */
const SENT_MAX = 1_024;

export interface SessionEvents {
  /** Bytes of the RFB stream, in order, cut anywhere. The next ones come when the promise is done. */
  frame(bytes: Uint8Array): Promise<void> | void;
  ended(end: End): void;
}

export class DesktopSession {
  readonly #around: Surroundings;
  readonly #opened: OpenedSession;
  readonly #events: SessionEvents;
  readonly #channel: Channel;
  #incoming: Promise<void> = Promise.resolve();
  #waitingBytes = 0;
  #drawn = 0;
  #drawnTold = 0;
  #acknowledgeAt = 0;
  #acknowledgeLater: (() => void) | null = null;
  #ended = false;
  /** When the newest records went, acknowledgements too: the agent's names the newest that it received, whatever it was. */
  #sent: { sequence: number; at: number }[] = [];
  #roundTripMs: number | null = null;
  /** Bytes of records that arrived, headers and tags included. */
  receivedBytes = 0;

  constructor(around: Surroundings, opened: OpenedSession, events: SessionEvents) {
    this.#around = around;
    this.#opened = opened;
    this.#events = events;
    this.#channel = new Channel(around.cipher, opened.established, {
      output: (record) => opened.socket.sendRecord(record),
      now: around.now,
    });
    this.#channel.onAck = ({ sequence, heldUs }) => this.#acknowledged(sequence, heldUs / 1000);
    opened.inbox.handOver({
      text: () => this.#fail(new Refusal('MESSAGE_UNEXPECTED', 'text after paired')),
      record: (record) => this.#receiveInOrder(record),
      // Whatever the relay says, what was received before it is shown first.
      closed: (code) => {
        this.#incoming = this.#incoming.then(() => this.#finish({ code, authentic: false }));
      },
    });
  }

  input(event: InputEvent): void {
    this.#send(Lane.input, encodeInput(event));
  }

  refresh(): void {
    this.#send(Lane.control, encodeControl({ type: 'refresh' }));
  }

  resize(width: number, height: number): void {
    this.#send(Lane.control, encodeControl({ type: 'desktop-size', width, height }));
  }

  /** @param updates how many FramebufferUpdates stand in the picture by now */
  drawn(updates: number): void {
    this.#drawn = updates;
    this.#acknowledge();
  }

  /** There and back, as the newest acknowledgement of the user's input showed it; null before the first. */
  get roundTripMs(): number | null {
    return this.#roundTripMs;
  }

  /** Ends the session with a sealed close, so that the agent knows it was meant. */
  end(code: Code = 'ENDED'): void {
    this.#finish({ code, authentic: true });
  }

  #send(lane: typeof Lane.input | typeof Lane.control, plaintext: Uint8Array): void {
    if (this.#ended) return;
    try {
      this.#noteSent(this.#channel.send(lane, plaintext));
    } catch (error) {
      this.#fail(error);
    }
  }

  #noteSent(sequence: number): void {
    this.#sent.push({ sequence, at: this.#around.now() });
    if (this.#sent.length > SENT_MAX) this.#sent.shift();
  }

  #acknowledged(sequence: number, heldMs: number): void {
    const newest = this.#sent.find((record) => record.sequence === sequence);
    if (newest) this.#roundTripMs = Math.max(0, this.#around.now() - newest.at - heldMs);
  }

  #receiveInOrder(record: Uint8Array): void {
    this.#waitingBytes += record.length;
    if (this.#waitingBytes > WAITING_MAX_BYTES) {
      this.#fail(new Refusal('LANE_RATE', 'more than a window'));
      return;
    }
    this.#incoming = this.#incoming
      .then(() => this.#receive(record))
      .catch((error) => this.#fail(error))
      .then(() => {
        this.#waitingBytes -= record.length;
      });
  }

  async #receive(record: Uint8Array): Promise<void> {
    if (this.#ended) return;
    this.receivedBytes += record.length;
    const message = await this.#channel.receive(record);
    if (message?.lane === Lane.close) {
      this.#finish({ code: message.code, authentic: true });
      return;
    }
    this.#acknowledge();
    if (message?.lane === Lane.frame) await this.#events.frame(message.plaintext);
  }

  #acknowledge(): void {
    const due = this.#channel.ackDue || this.#drawn > this.#drawnTold;
    if (this.#ended || this.#acknowledgeLater || !due) return;
    const wait = this.#acknowledgeAt - this.#around.now();
    if (wait <= 0) {
      this.#sendAck();
      return;
    }
    this.#acknowledgeLater = this.#around.after(wait, () => {
      this.#acknowledgeLater = null;
      if (!this.#ended) this.#sendAck();
    });
  }

  /** A timer that is late makes the next one earlier, or late timers alone would cost every sixth acknowledgement. */
  #sendAck(): void {
    this.#acknowledgeAt = Math.max(this.#acknowledgeAt, this.#around.now() - ACK_INTERVAL_MS) + ACK_INTERVAL_MS;
    this.#drawnTold = this.#drawn;
    this.#noteSent(this.#channel.acknowledge(this.#drawn));
  }

  #fail(error: unknown): void {
    this.#finish({ code: refusalFrom(error).code, authentic: true });
  }

  #finish(end: End): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#acknowledgeLater?.();
    const { socket } = this.#opened;
    void this.#channel.close(end.code).then(() => socket.close(end.code));
    this.#events.ended(end);
  }
}
