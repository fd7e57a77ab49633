// What a pump of the broker forwards to: one session's queue in front of its socket. It waits for its turn on the line
// there, and nowhere behind: what the socket has not passed on to the kernel is not given more.
import type { Outlet } from '#platform/hop/pump.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import type { Code } from '#protocol/codes.ts';
import { RELAY_QUEUE_MAX_BYTES } from '#protocol/limits.ts';
import { DRAIN_MAX_MS } from '../limits.ts';
import type { Flow, Waiting } from './flow.ts';

/** The outlet's side of one direction of the shaper. */
export interface Pacing {
  open(deliver: Flow['deliver']): Flow;
  /** Both send what may leave by now, this session's or another's. */
  push(flow: Flow, waiting: Waiting): void;
  unpark(flow: Flow): void;
  close(flow: Flow): void;
  queueMaxBytes(flow: Flow): number;
}

export class ShapedOutlet implements Outlet {
  readonly #socket: Socket;
  readonly #pacing: Pacing;
  readonly #flow: Flow;
  #below: { bytes: number; then: () => void } | null = null;
  #closing: { code: Code; timer: NodeJS.Timeout } | null = null;

  constructor(socket: Socket, pacing: Pacing) {
    this.#socket = socket;
    this.#pacing = pacing;
    this.#flow = pacing.open((waiting) => this.#deliver(waiting));
    socket.observe({ ended: () => this.#ended() });
  }

  /** Bytes that wait for their turn, as the line counts them, and those that the kernel has not taken yet. */
  get pressure(): number {
    return this.#flow.queuedBytes + this.#socket.pressure;
  }

  get queueMaxBytes(): number {
    return this.#pacing.queueMaxBytes(this.#flow);
  }

  /** As Socket.sendRecord; the record and the bytes in front of it are kept until its turn. */
  sendRecord(record: Uint8Array, headroom?: number, written?: () => void): void {
    if (!this.#closing && !this.#socket.closed) this.#pacing.push(this.#flow, { record, headroom, written });
  }

  onceBelow(bytes: number, then: () => void): void {
    if (this.pressure < bytes) then();
    else {
      this.#below = { bytes, then };
      this.#progressed();
    }
  }

  /** What waits still goes out at its turn, the sealed close last; what has not gone after DRAIN_MAX_MS is given up. */
  close(code: Code): void {
    if (this.#closing) return;
    if (this.#flow.queuedBytes === 0) {
      this.#socket.close(code);
      return;
    }
    this.#closing = { code, timer: setTimeout(() => this.#socket.close(code), DRAIN_MAX_MS) };
  }

  #deliver({ record, headroom, written }: Waiting): boolean {
    this.#socket.sendRecord(record, headroom, written);
    const takesMore = this.#socket.pressure <= RELAY_QUEUE_MAX_BYTES;
    if (this.#closing && this.#flow.queuedBytes === 0) this.#socket.close(this.#closing.code);
    else if (takesMore) this.#progressed();
    else this.#socket.onceBelow(RELAY_QUEUE_MAX_BYTES / 2, () => this.#takesMore());
    return takesMore;
  }

  #takesMore(): void {
    this.#pacing.unpark(this.#flow);
    this.#progressed();
  }

  #progressed(): void {
    const below = this.#below;
    if (!below || this.#socket.closed) return;
    if (this.pressure < below.bytes) {
      this.#below = null;
      below.then();
      // Parked, or still waiting for a turn: either of them comes back here. Else the socket alone has to say.
    } else if (this.#flow.queuedBytes === 0 && !this.#flow.parked) {
      this.#socket.onceBelow(below.bytes, () => this.#progressed());
    }
  }

  #ended(): void {
    this.#below = null;
    if (this.#closing) clearTimeout(this.#closing.timer);
    this.#pacing.close(this.#flow);
  }
}
