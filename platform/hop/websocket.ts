// One WebSocket of a hop: what stands between the ws package and everything that relays or talks over a link.
//
// The owner hands over its handlers once it is ready (`listen`); until then nothing is read and nothing is lost. After
// `pause` not one more message is handed over until `resume`, although ws alone would still deliver what its last chunk
// held: without this a rate limit would let a chunk full of small records through at once (T09, T13).
import type { TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { type Code, closeCode, codeFromClose, Refusal, refusalFrom } from '#protocol/codes.ts';
import { LINK_MESSAGE_MAX_BYTES, RECORD_MAX_BYTES, WRITE_STALL_MAX_MS } from '#protocol/limits.ts';

/** A peer that does not answer a close within this time is cut. */
const CLOSE_ANSWER_MAX_MS = 3_000;

/** What both ends of every hop ask of ws. */
export const WEBSOCKET_OPTIONS = {
  // Sealed records do not compress, and compression next to secrets leaks their length.
  perMessageDeflate: false,
  maxPayload: Math.max(RECORD_MAX_BYTES, LINK_MESSAGE_MAX_BYTES),
  // No peer of ours fragments; a browser may, a little.
  maxFragments: 16,
  skipUTF8Validation: false,
  closeTimeout: CLOSE_ANSWER_MAX_MS,
} as const;

/**
 * What the owner wants to hear. A kind of message without a handler is refused with MESSAGE_UNEXPECTED, so the phase in
 * which only text (or only records) may come is stated by leaving the other one out. A handler may throw a Refusal: the
 * socket is then closed with its code.
 */
export interface Handlers {
  /** At most LINK_MESSAGE_MAX_BYTES of valid UTF-8; nothing else about it is verified. */
  text?(text: string): void;
  /** At most RECORD_MAX_BYTES; nothing else about it is verified. A view, not a copy: send it on or copy it. */
  record?(record: Buffer): void;
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
  readonly #ws: WebSocket;
  readonly #writeStallMs: number;
  readonly #observers: Observer[] = [];
  #handlers: Handlers | null = null;
  #paused = true;
  /** Came in the same chunk as the message after which the owner paused: at most one TLS record's worth. */
  #held: (Buffer | string)[] = [];
  #flowing = false;
  /** The other side has ended it, but messages before the end are still held. */
  #endAfterHeld: End | null = null;
  #end: End | null = null;
  #below: { bytes: number; then: () => void } | null = null;
  #writes = 0;
  #progressAt = 0;
  #stallTimer: NodeJS.Timeout | null = null;
  #closeTimer: NodeJS.Timeout | null = null;

  /** @param ws open, and nothing of it read yet */
  constructor(ws: WebSocket, peer: TLSSocket, options: { writeStallMs?: number } = {}) {
    this.#ws = ws;
    this.peer = peer;
    this.#writeStallMs = options.writeStallMs ?? WRITE_STALL_MAX_MS;
    ws.pause();
    ws.on('message', (data: Buffer, binary: boolean) => this.#arrived(data, binary));
    ws.on('ping', () => this.#heard());
    ws.on('pong', () => this.#heard());
    ws.on('error', (error: Error & { code?: string }) => {
      // ws has already answered with 1002, 1007 or 1009 (RFC 6455 §7.4.1) what it could not parse.
      this.#finish({ code: 'PROTOCOL_ERROR', refusal: new Refusal('MALFORMED', error.code ?? 'WebSocket') });
    });
    ws.on('close', (code) => {
      this.#clearTimers();
      this.#endAfterHeld = { code: codeFromClose(code), refusal: null };
      this.#flow();
    });
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
    this.#ws.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#flow();
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** True as soon as nothing more can be sent. */
  get closed(): boolean {
    return this.#end !== null || this.#ws.readyState !== WebSocket.OPEN;
  }

  /** Bytes accepted for sending that the kernel has not taken yet. */
  get pressure(): number {
    return this.#ws.bufferedAmount;
  }

  /** @param text a message of at most LINK_MESSAGE_MAX_BYTES; silently nothing after the end */
  sendText(text: string): void {
    this.#send(text);
  }

  /** @param record handed to the kernel without a copy where TLS allows: do not change it afterwards */
  sendRecord(record: Uint8Array): void {
    this.#send(record);
  }

  ping(): void {
    if (this.closed) return;
    this.#writeStarts();
    this.#ws.ping(undefined, undefined, () => this.#written());
  }

  /**
   * Calls once when less than `bytes` wait, never if the socket ends first. One waiter at a time: the pump towards it.
   * It is called from the callback of a send. The TCP socket's 'drain' never comes when the threshold lies below the
   * stream's own, and a relay that waits for it hangs.
   */
  onceBelow(bytes: number, then: () => void): void {
    if (this.pressure < bytes) then();
    else this.#below = { bytes, then };
  }

  /** Closes with 4000 + wire and the code's name as reason. What was sent before still goes out, within a bound. */
  close(code: Code): void {
    this.#finish({ code, refusal: null });
  }

  /** Closes because of what the peer did; the owner's `closed` gets the reason for the audit log. */
  refuse(refusal: Refusal): void {
    this.#finish({ code: refusal.code, refusal });
  }

  #heard(): void {
    for (const observer of this.#observers) observer.heard?.();
  }

  #arrived(data: Buffer, binary: boolean): void {
    if (this.#end) return;
    this.#heard();
    if (!binary && data.length > LINK_MESSAGE_MAX_BYTES) {
      this.refuse(new Refusal('MALFORMED', `a text of ${data.length} bytes`));
      return;
    }
    const message = binary ? data : data.toString('utf8');
    if (this.#paused || this.#flowing) this.#held.push(message);
    else this.#hand(message);
  }

  #hand(message: Buffer | string): void {
    const handlers = this.#handlers;
    try {
      if (typeof message === 'string') {
        if (!handlers?.text) throw new Refusal('MESSAGE_UNEXPECTED', 'text');
        handlers.text(message);
      } else {
        if (!handlers?.record) throw new Refusal('MESSAGE_UNEXPECTED', 'record');
        handlers.record(message);
      }
    } catch (error) {
      this.refuse(refusalFrom(error));
    }
  }

  #flow(): void {
    // A handler may pause and resume while it runs; its messages must not overtake it.
    if (this.#flowing || this.#end) return;
    this.#flowing = true;
    while (!this.#paused && !this.#end) {
      const message = this.#held.shift();
      if (message === undefined) break;
      this.#hand(message);
    }
    this.#flowing = false;
    if (this.#paused || this.#end) return;
    if (this.#endAfterHeld) this.#finish(this.#endAfterHeld);
    else this.#ws.resume();
  }

  #send(message: string | Uint8Array): void {
    if (this.closed) return;
    this.#writeStarts();
    this.#ws.send(message, () => this.#written());
  }

  #writeStarts(): void {
    if (this.#writes++ === 0) this.#progressAt = performance.now();
    this.#stallTimer ??= setTimeout(() => this.#checkStall(), this.#writeStallMs);
  }

  #written(): void {
    this.#writes--;
    this.#progressAt = performance.now();
    const below = this.#below;
    if (below === null || this.#end || this.pressure >= below.bytes) return;
    this.#below = null;
    below.then();
  }

  /** Progress is a write that the kernel took whole, so a peer must take what waits for it within the time (T13). */
  #checkStall(): void {
    this.#stallTimer = null;
    if (this.#writes === 0) return;
    const left = this.#writeStallMs - (performance.now() - this.#progressAt);
    if (left > 0) {
      this.#stallTimer = setTimeout(() => this.#checkStall(), Math.ceil(left));
      return;
    }
    this.refuse(new Refusal('PEER_STUCK', `took nothing for ${this.#writeStallMs} ms`));
    this.#ws.terminate();
  }

  #finish(end: End): void {
    if (this.#end) return;
    this.#end = end;
    this.#held = [];
    this.#below = null;
    if (this.#ws.readyState === WebSocket.OPEN) {
      this.#ws.close(closeCode(end.code), end.code);
      // The answer can only come if it is read; whatever else comes is dropped.
      this.#ws.resume();
      this.#closeTimer = setTimeout(() => this.#ws.terminate(), CLOSE_ANSWER_MAX_MS);
    }
    for (const observer of this.#observers) observer.ended?.();
    this.#handlers?.closed(end.code, end.refusal);
  }

  #clearTimers(): void {
    if (this.#stallTimer) clearTimeout(this.#stallTimer);
    if (this.#closeTimer) clearTimeout(this.#closeTimer);
    this.#stallTimer = null;
    this.#closeTimer = null;
  }
}
