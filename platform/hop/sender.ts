// The sending half of a socket: frames out, how much of them the kernel has not taken yet, and whether it still does.
import type { TLSSocket } from 'node:tls';
import { RECORD_MAX_BYTES } from '#protocol/limits.ts';
import { FRAME_HEADER_MAX_BYTES, frame, MASK_BYTES, type Masking, Opcode, Status } from './frame.ts';

const EMPTY = Buffer.alloc(0);

export interface SenderOptions {
  masking: Masking;
  writeStallMs: number;
  /** Something waits, and nothing of it was taken for `writeStallMs`. */
  stalled(): void;
}

export class Sender {
  readonly #peer: TLSSocket;
  readonly #options: SenderOptions;
  #writes = 0;
  #progressAt = 0;
  #stallTimer: NodeJS.Timeout | null = null;
  #below: { bytes: number; then: () => void } | null = null;
  /** Of the newest ping, while the answer to one before it waits. */
  #pong: Uint8Array | null = null;
  #pongWaits = false;
  /** One function for all writes: Node calls it in one go for those that end together. */
  readonly #written = (error?: Error | null) => {
    this.#writes--;
    if (error) return;
    this.#progressAt = performance.now();
    const below = this.#below;
    if (below === null || this.pressure >= below.bytes) return;
    this.#below = null;
    below.then();
  };

  constructor(peer: TLSSocket, options: SenderOptions) {
    this.#peer = peer;
    this.#options = options;
    // Several records that go out together then lie in TLS records of their own, and the next hop copies none of them.
    const header = FRAME_HEADER_MAX_BYTES - (options.masking === 'none' ? MASK_BYTES : 0);
    peer.setMaxSendFragment(header + RECORD_MAX_BYTES);
  }

  /** Bytes that the kernel has not taken yet. */
  get pressure(): number {
    return this.#peer.writableLength;
  }

  /** @param written called once the kernel has taken it; never if the socket ends first */
  send(opcode: Opcode, payload: Uint8Array, headroom: number, written?: () => void): void {
    if (this.#writes++ === 0) this.#progressAt = performance.now();
    this.#stallTimer ??= setTimeout(() => this.#checkStall(), this.#options.writeStallMs);
    const bytes = frame(opcode, payload, this.#options.masking, headroom);
    if (written) this.#peer.write(bytes, (error) => this.#tell(written, error));
    else this.#peer.write(bytes, this.#written);
  }

  #tell(written: () => void, error?: Error | null): void {
    if (!error) written();
    this.#written(error);
  }

  /** At most one answer waits: the newest ping is the one to be answered (RFC 6455 §5.5.3), so pings cost no memory. */
  pong(payload: Uint8Array): void {
    this.#pong = Uint8Array.from(payload);
    if (!this.#pongWaits) this.#sendPong();
  }

  #sendPong(): void {
    const payload = this.#pong;
    this.#pong = null;
    this.#pongWaits = payload !== null;
    if (payload && this.#peer.writable) this.send(Opcode.pong, payload, 0, () => this.#sendPong());
  }

  /** The last frame. @param status of RFC 6455 §7.4, or `Status.none` for a close without one */
  close(status: number, reason: string): void {
    const payload = status === Status.none ? EMPTY : Buffer.from(`\0\0${reason}`);
    if (status !== Status.none) payload.writeUInt16BE(status);
    this.send(Opcode.close, payload, 0);
  }

  /** See Socket.onceBelow. */
  onceBelow(bytes: number, then: () => void): void {
    if (this.pressure < bytes) then();
    else this.#below = { bytes, then };
  }

  forgetWaiter(): void {
    this.#below = null;
  }

  /** The connection is gone. */
  stop(): void {
    this.#below = null;
    if (this.#stallTimer) clearTimeout(this.#stallTimer);
    this.#stallTimer = null;
  }

  /** Progress is a write that the kernel took whole, so a peer must take what waits for it within the time (T13). */
  #checkStall(): void {
    this.#stallTimer = null;
    if (this.#writes === 0) return;
    const { writeStallMs, stalled } = this.#options;
    const left = writeStallMs - (performance.now() - this.#progressAt);
    if (left > 0) this.#stallTimer = setTimeout(() => this.#checkStall(), Math.ceil(left));
    else stalled();
  }
}
