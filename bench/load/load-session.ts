// One session of the load: everything a client does but decode pixels. It reads where updates end, says "drawn", presses
// keys and looks for the update that answers each.

import type { Code } from '#protocol/codes.ts';
import { AgentMessages } from '#rfb/agent-messages.ts';
import { DesktopSession } from '#web/core/desktop-session.ts';
import type { OpenedSession, Surroundings } from '#web/core/open.ts';
import { type Stamp, StampReader } from '../replay/stamp.ts';
import { Samples } from './samples.ts';

/** Keys that wait for an answer; a desktop that answers none must not fill this memory. */
const UNANSWERED_MAX = 1_024;

export interface LoadSessionOptions {
  around: Surroundings;
  opened: OpenedSession;
  /** The machine's monotonic clock, µs. */
  nowUs(): number;
  /** The desktop is bench's own and stamps its updates. A foreign one is asked for its whole screen instead of a key. */
  stamped: boolean;
  ended(code: Code): void;
}

export class LoadSession {
  readonly #options: LoadSessionOptions;
  readonly #session: DesktopSession;
  readonly #read: (bytes: Uint8Array) => void | Promise<void>;
  #samples: Samples;
  #probe: NodeJS.Timeout | null = null;
  #keys = 0;
  #drawn = 0;
  /** Number of the key → when it was pressed, µs; in order. */
  readonly #unanswered = new Map<number, number>();
  #stall: { promise: Promise<void>; end(): void } | null = null;
  #resumedUs: number | null = null;
  /** What was on its way when this client read on, and how long until the first update that was captured after. */
  backlogBytes = 0;
  firstFreshMs: number | null = null;

  constructor(options: LoadSessionOptions) {
    this.#options = options;
    this.#samples = new Samples(options.nowUs());
    this.#read = options.stamped ? this.#stampedReader() : this.#foreignReader();
    this.#session = new DesktopSession(options.around, options.opened, {
      frame: (bytes) => this.#frame(bytes),
      ended: ({ code }) => {
        this.probe(0, 0);
        options.ended(code);
      },
    });
  }

  /** From now on samples go here. @returns the ones so far */
  measureInto(samples: Samples): Samples {
    const before = this.#samples;
    this.#samples = samples;
    return before;
  }

  /** @param perSecond 0 for none. @param phase 0 to 1, so that sessions do not press in step */
  probe(perSecond: number, phase: number): void {
    if (this.#probe) clearTimeout(this.#probe);
    this.#probe = null;
    if (perSecond === 0) return;
    const everyMs = 1000 / perSecond;
    const next = (waitMs: number) => {
      this.#probe = setTimeout(() => {
        next(everyMs);
        this.#press();
      }, waitMs);
    };
    next(everyMs * phase);
  }

  /** Takes nothing from the channel any more: neither acks nor pixels. */
  stall(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stall = { promise, end: resolve };
    this.#resumedUs = null;
    this.backlogBytes = 0;
    this.firstFreshMs = null;
  }

  resume(): void {
    this.#resumedUs = this.#options.nowUs();
    this.#stall?.end();
    this.#stall = null;
  }

  close(): void {
    this.probe(0, 0);
    this.#stall?.end();
    this.#session.end();
  }

  #press(): void {
    if (this.#unanswered.size >= UNANSWERED_MAX) return;
    const number = ++this.#keys;
    this.#unanswered.set(number, this.#options.nowUs());
    if (!this.#options.stamped) {
      this.#session.refresh();
      return;
    }
    this.#session.input({ type: 'key', down: true, keysym: number });
    this.#session.input({ type: 'key', down: false, keysym: number });
  }

  /** Without a promise where none is needed: at a full line this runs ten thousand times a second. */
  #frame(bytes: Uint8Array): void | Promise<void> {
    return this.#stall ? this.#stall.promise.then(() => this.#take(bytes)) : this.#take(bytes);
  }

  #take(bytes: Uint8Array): void | Promise<void> {
    this.#samples.payload(bytes.length, this.#options.nowUs());
    return this.#read(bytes);
  }

  #stampedReader(): (bytes: Uint8Array) => void {
    const reader = new StampReader((stamp) => this.#updated(stamp));
    return (bytes) => reader.push(bytes);
  }

  #updated({ capturedUs, length, echo }: Stamp): void {
    const now = this.#options.nowUs();
    this.#samples.update(capturedUs, now);
    if (this.#resumedUs !== null && this.firstFreshMs === null) {
      if (capturedUs < this.#resumedUs) this.backlogBytes += length;
      else this.firstFreshMs = (now - this.#resumedUs) / 1000;
    }
    this.#answered(echo, now);
    this.#session.drawn(++this.#drawn);
  }

  #foreignReader(): (bytes: Uint8Array) => Promise<void> {
    const nothing = () => {};
    const messages = new AgentMessages(this.#options.opened.ready, {
      ...{ tight: nothing, sized: nothing, cursor: nothing, announced: nothing, bell: nothing },
      updated: () => {
        const now = this.#options.nowUs();
        this.#samples.updates++;
        this.#answered(this.#keys, now);
        this.#session.drawn(++this.#drawn);
      },
    });
    return (bytes) => messages.push(bytes);
  }

  #answered(upTo: number, now: number): void {
    for (const [number, pressedUs] of this.#unanswered) {
      if (number > upTo) return;
      this.#samples.keysMs.push((now - pressedUs) / 1000);
      this.#unanswered.delete(number);
    }
  }
}
