// One WebSocket of a hop: what stands between a TLS socket and everything that relays or talks over a link.
//
// The owner hands over its handlers once it is ready (`listen`); until then nothing is read and nothing is lost. After
// `pause` not one more message is handed over until `resume`, although the last chunk may hold many: without this a rate
// limit would let a chunk full of small records through at once (T09, T13).
//
//   open ── close(), refuse(), a close from the peer ──▶ closing ── the peer's answer, or a bound ──▶ gone
//     └──── the connection breaks off ───────────────────────────────────────────────────────────────▶ gone
import type { TLSSocket } from 'node:tls';
import { type Code, closeCode, codeFromClose, Refusal, refusalFrom } from '#protocol/codes.ts';
import { WRITE_STALL_MAX_MS } from '#protocol/limits.ts';
import { type Masking, Opcode, Status } from './frame.ts';
import { FrameError, FrameReader } from './frame-reader.ts';
import { Sender } from './sender.ts';

/** A peer that does not answer a close within this time is cut. */
const CLOSE_ANSWER_MAX_MS = 3_000;

/**
 * What the owner wants to hear. A kind of message without a handler is refused with MESSAGE_UNEXPECTED, so the phase in
 * which only text (or only records) may come is stated by leaving the other one out. A handler may throw a Refusal: the
 * socket is then closed with its code.
 */
export interface Handlers {
  /** At most LINK_MESSAGE_MAX_BYTES of valid UTF-8; nothing else about it is verified. */
  text?(text: string): void;
  /**
   * At most RECORD_MAX_BYTES; nothing else about it is verified. A view, not a copy: send it on or copy it.
   * @param headroom bytes in front of the record in its own memory that are free; for sendRecord
   */
  record?(record: Buffer, headroom?: number): void;
  /**
   * Called exactly once, after the last message, whoever ended it; synchronously from within close() and refuse().
   * @param code what the other side said or was told. Not authenticated: a relay may say anything
   * @param refusal what this side found wrong, for the audit log; null for every other end
   */
  closed(code: Code, refusal: Refusal | null): void;
}

/** Looks on without owning: the keep-alive and the pump have timers that must end with the socket. */
export interface Observer {
  /** Something came in: a message, a ping or a pong. */
  heard?(): void;
  ended?(): void;
}

interface End {
  code: Code;
  refusal: Refusal | null;
}

export class Socket {
  /** For verifyPeer and nothing else: reading and writing go through this class. */
  readonly peer: TLSSocket;
  readonly #sender: Sender;
  /** Null once nothing more may come: after a close, or after what is no WebSocket. */
  #reader: FrameReader | null;
  readonly #observers: Observer[] = [];
  #handlers: Handlers | null = null;
  #paused = true;
  #flowing = false;
  #gone = false;
  #end: End | null = null;
  #closeTimer: NodeJS.Timeout | null = null;

  /**
   * @param peer fresh from the opening handshake: paused, and nothing behind the handshake read yet
   * @param masking 'none' at the accepting end, which in turn takes masked frames only (RFC 6455 §5.1)
   */
  constructor(peer: TLSSocket, masking: Masking, { writeStallMs = WRITE_STALL_MAX_MS } = {}) {
    this.peer = peer;
    this.#reader = new FrameReader(masking === 'none');
    this.#sender = new Sender(peer, {
      masking,
      writeStallMs,
      stalled: () => {
        this.refuse(new Refusal('PEER_STUCK', `took nothing for ${writeStallMs} ms`));
        peer.destroy();
      },
    });
    peer.on('data', (chunk: Buffer) => {
      this.#reader?.push(chunk);
      this.#flow();
    });
    // What broke it off says nothing that the end itself does not.
    peer.on('error', () => peer.destroy());
    peer.on('end', () => peer.end());
    peer.on('close', () => this.#wentAway());
  }

  /** Takes the socket over: the first call starts it, a later one changes its phase or its owner. */
  listen(handlers: Handlers): void {
    const first = this.#handlers === null;
    this.#handlers = handlers;
    if (!first) return;
    if (this.#end) handlers.closed(this.#end.code, this.#end.refusal);
    else this.resume();
  }

  observe(observer: Observer): void {
    this.#observers.push(observer);
  }

  /** Stops reading; the peer feels it as TCP back pressure. Not one more message is handed over. */
  pause(): void {
    this.#paused = true;
    if (!this.#end) this.peer.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#flow();
    // A message that was still here may have made the owner pause again.
    if (!this.#paused) this.peer.resume();
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** True as soon as nothing more can be sent. */
  get closed(): boolean {
    return this.#end !== null || !this.peer.writable;
  }

  /** Bytes accepted for sending that the kernel has not taken yet. */
  get pressure(): number {
    return this.#sender.pressure;
  }

  /** @param text a message of at most LINK_MESSAGE_MAX_BYTES; silently nothing after the end */
  sendText(text: string): void {
    if (!this.closed) this.#sender.send(Opcode.text, Buffer.from(text), 0);
  }

  /**
   * Silently nothing after the end.
   * @param record not changed, and handed on without a copy where that is possible: do not change it afterwards
   * @param headroom how many bytes in front of it, in its own memory, may be overwritten with the header of the frame
   * @param written called once the kernel has taken the record; never if the socket ends first
   */
  sendRecord(record: Uint8Array, headroom = 0, written?: () => void): void {
    if (!this.closed) this.#sender.send(Opcode.binary, record, headroom, written);
  }

  ping(): void {
    if (!this.closed) this.#sender.send(Opcode.ping, new Uint8Array(0), 0);
  }

  /**
   * Calls once when less than `bytes` wait, never if the socket ends first. One waiter at a time: the pump towards it.
   * It is called from the callback of a write. The TCP socket's 'drain' never comes when the threshold lies below the
   * stream's own, and a relay that waits for it hangs.
   */
  onceBelow(bytes: number, then: () => void): void {
    this.#sender.onceBelow(bytes, then);
  }

  /** Closes with 4000 + wire and the code's name as reason. What was sent before still goes out, within a bound. */
  close(code: Code): void {
    this.#finish({ code, refusal: null }, closeCode(code));
  }

  /** Closes because of what the peer did; the owner's `closed` gets the reason for the audit log. */
  refuse(refusal: Refusal): void {
    this.#finish({ code: refusal.code, refusal }, closeCode(refusal.code));
  }

  /** Hands over what has come until the owner pauses. After the end only the peer's answer to it is looked for. */
  #flow(): void {
    // A handler may pause and resume while it runs; its messages must not overtake it.
    if (this.#flowing) return;
    this.#flowing = true;
    try {
      while (!this.#paused || this.#end) {
        const opcode = this.#reader?.next() ?? null;
        if (opcode === null || this.#reader === null) break;
        this.#take(opcode, this.#reader);
      }
    } catch (error) {
      this.#malformed(error);
    }
    this.#flowing = false;
    if (this.#gone && !this.#paused) this.#finish({ code: 'CONNECTION_LOST', refusal: null }, Status.none);
  }

  #take(opcode: Opcode, { payload, headroom }: FrameReader): void {
    for (const observer of this.#observers) observer.heard?.();
    if (opcode === Opcode.close) this.#closedByPeer(payload);
    else if (opcode === Opcode.ping && !this.closed) this.#sender.pong(payload);
    else if (!this.#end && (opcode === Opcode.text || opcode === Opcode.binary)) this.#hand(opcode, payload, headroom);
  }

  #hand(opcode: Opcode, payload: Buffer, headroom: number): void {
    const handlers = this.#handlers;
    try {
      if (opcode === Opcode.text) {
        if (!handlers?.text) throw new Refusal('MESSAGE_UNEXPECTED', 'text');
        handlers.text(payload.toString('utf8'));
      } else {
        if (!handlers?.record) throw new Refusal('MESSAGE_UNEXPECTED', 'record');
        handlers.record(payload, headroom);
      }
    } catch (error) {
      this.refuse(refusalFrom(error));
    }
  }

  #closedByPeer(payload: Buffer): void {
    this.#reader = null;
    const status = payload.length === 0 ? Status.none : payload.readUInt16BE();
    this.#finish({ code: codeFromClose(status), refusal: null }, status);
    this.peer.end();
  }

  /** @param error of the reader; the handlers' own have been dealt with */
  #malformed(error: unknown): void {
    if (!(error instanceof FrameError)) throw error;
    this.#reader = null;
    this.#finish({ code: 'PROTOCOL_ERROR', refusal: new Refusal('MALFORMED', error.message) }, error.status);
    this.peer.end();
  }

  #wentAway(): void {
    this.#gone = true;
    this.#sender.stop();
    if (this.#closeTimer) clearTimeout(this.#closeTimer);
    // What a paused stream still holds came before the end.
    const rest: Buffer | null = this.peer.readableLength > 0 ? this.peer.read(this.peer.readableLength) : null;
    if (rest) this.#reader?.push(rest);
    this.#flow();
  }

  #finish(end: End, status: number): void {
    if (this.#end) return;
    this.#end = end;
    this.#sender.forgetWaiter();
    if (this.peer.writable) {
      this.#sender.close(status, status >= 4000 ? end.code : '');
      // The answer can only come if it is read; whatever else comes is dropped.
      this.peer.resume();
      this.#closeTimer = setTimeout(() => this.peer.destroy(), CLOSE_ANSWER_MAX_MS);
    }
    for (const observer of this.#observers) observer.ended?.();
    this.#handlers?.closed(end.code, end.refusal);
  }
}
