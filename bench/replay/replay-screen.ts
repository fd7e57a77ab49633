// A session's screen on its way out, in the place of the product's ScreenSender: the rectangles of a trace instead of
// damage and encoder, and the same rules for when they go. While the window is full nothing is sent; a rectangle that
// waits is replaced by a newer one of the same place, so that what goes later is fresh; an update holds no more than the
// window's own measure allows.
//
//   trace → waiting (latest wins) → one stamped FramebufferUpdate → chunks as the window allows

import { Outgoing } from '#agent/screen/outgoing.ts';
import { DrawnUpdates } from '#agent/screen/pacing.ts';
import type { ScreenCounts, ScreenOutput, ScreenSenderParts } from '#agent/screen/screen-sender.ts';
import { refusalFrom } from '#protocol/codes.ts';
import type { Trace, TracedRectangle } from '../workloads/trace.ts';
import { STAMP_BYTES, writeStamp } from './stamp.ts';

/** How a trace is shown: at its own pace; or always something new, as fast as there is room for it. */
export type Pace = 'recorded' | 'saturating';

export interface Showing {
  readonly trace: Trace;
  readonly pace: Pace;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly capturedUs: number;
}

/** RFB counts rectangles in sixteen bits, the stamp's two included; the encoder makes far fewer. */
const UPDATE_MAX_RECTANGLES = 1_024;
/** About what a typed character changes: 1.2 kB. */
const ANSWER_RECTANGLES = 1;

export class ReplayScreen implements ScreenOutput {
  readonly #parts: ScreenSenderParts;
  /** The machine's monotonic clock, µs. */
  readonly #captureUs: () => number;
  readonly #drawn = new DrawnUpdates();
  readonly #outgoing: Outgoing;
  /** By place, in the order in which the places were first changed, as the agent's damage has it. */
  readonly #waiting = new Map<number, Waiting>();
  #showing: Showing | null = null;
  #next = 0;
  #turnBeganAt = 0;
  #frameTimer: NodeJS.Timeout | null = null;
  /** The newest key, and whether an update is still to answer it. */
  #echo = 0;
  #echoDue = false;
  #woken = false;
  #closed = false;
  #updates = 0;
  #superseded = 0;

  constructor(parts: ScreenSenderParts, captureUs: () => number) {
    this.#parts = parts;
    this.#captureUs = captureUs;
    this.#outgoing = new Outgoing(parts, this.#drawn);
  }

  /** What waits of an earlier showing is forgotten. @param offset 0 to 1: where in the trace to begin */
  show(showing: Showing | null, offset: number): void {
    if (this.#frameTimer) clearTimeout(this.#frameTimer);
    this.#frameTimer = null;
    this.#waiting.clear();
    this.#showing = showing;
    if (!showing || this.#closed) return;
    const { trace, pace } = showing;
    const fromMs = Math.floor(offset * trace.durationMs);
    this.#next = Math.max(
      0,
      trace.frames.findIndex((frame) => frame.atMs >= fromMs),
    );
    this.#turnBeganAt = this.#parts.now() - fromMs;
    if (pace === 'recorded') this.#awaitFrame(trace);
    this.#wake();
  }

  /** A key has arrived at the desktop: the next update answers it, at once if there is room. */
  key(number: number): void {
    this.#echo = number;
    this.#echoDue = true;
    this.#wake();
  }

  acked(sequence: number, drawn: number): void {
    this.#drawn.acked(sequence, drawn);
    this.#wake();
  }

  get idle(): boolean {
    return this.#waiting.size === 0 && this.#outgoing.length === 0 && !this.#echoDue;
  }

  get counts(): ScreenCounts {
    return { updates: this.#updates, staleTiles: this.#superseded };
  }

  close(): void {
    this.#closed = true;
    this.#outgoing.clear();
    this.show(null, 0);
  }

  // A trace has one size and no cursor, and what a client misses comes with the next turn.
  damage(): void {}
  resized(): void {}
  answerResize(): void {}
  cursor(): void {}
  bell(): void {}
  refresh(): void {}

  #awaitFrame(trace: Trace): void {
    const frame = trace.frames[this.#next];
    if (!frame) return;
    const wait = this.#turnBeganAt + frame.atMs - this.#parts.now();
    this.#frameTimer = setTimeout(
      () => {
        this.#capture(frame.rectangles);
        this.#turn(trace);
        this.#awaitFrame(trace);
        this.#wake();
      },
      Math.max(0, wait),
    );
  }

  /** To the next frame; behind the last one the trace begins anew. */
  #turn(trace: Trace): void {
    this.#next++;
    if (this.#next < trace.frames.length) return;
    this.#next = 0;
    // After a long pause of this process, turns that nobody can have seen are left out.
    this.#turnBeganAt = Math.max(this.#turnBeganAt + trace.durationMs, this.#parts.now() - trace.durationMs);
  }

  #capture(rectangles: readonly TracedRectangle[]): void {
    const capturedUs = this.#captureUs();
    for (const { place, bytes } of rectangles) {
      if (this.#waiting.has(place)) this.#superseded++;
      this.#waiting.set(place, { bytes, capturedUs });
    }
  }

  /** Once the present turn of the event loop is over, so that what happens together is sent together. */
  #wake(): void {
    if (this.#woken || this.#closed) return;
    this.#woken = true;
    setImmediate(() => {
      this.#woken = false;
      try {
        this.#advance();
      } catch (error) {
        if (this.#closed) return;
        this.close();
        this.#parts.failed(refusalFrom(error));
      }
    });
  }

  #advance(): void {
    if (this.#closed) return;
    this.#outgoing.send(this.#more);
    if (this.#outgoing.room <= 0 || this.#drawn.full) return;
    if (this.#showing?.pace === 'saturating') this.#captureNext(this.#showing.trace);
    // What a key has changed goes first and by itself, as the agent's small damage does.
    const answers = this.#echoDue;
    const chosen = this.#choose(answers ? ANSWER_RECTANGLES : UPDATE_MAX_RECTANGLES);
    if (chosen.length === 0 && !answers) return;
    this.#addUpdate(chosen);
    this.#outgoing.send(this.#more && !answers);
    this.#wake();
  }

  /** Another update follows at once. */
  get #more(): boolean {
    return (this.#waiting.size > 0 || this.#showing?.pace === 'saturating') && !this.#drawn.full;
  }

  /** The screen has changed wherever the trace says so; as much of it as the coming update can hold. */
  #captureNext(trace: Trace): void {
    const budget = this.#budget();
    let bytes = [...this.#waiting.values()].reduce((sum, one) => sum + one.bytes.length, 0);
    for (let frames = 0; bytes < budget && frames < trace.frames.length; frames++) {
      const frame = trace.frames[this.#next];
      if (!frame) return;
      this.#capture(frame.rectangles);
      bytes += frame.rectangles.reduce((sum, one) => sum + one.bytes.length, 0);
      this.#turn(trace);
    }
    // Always fresh: what is captured for this update is captured now.
    const capturedUs = this.#captureUs();
    for (const [place, { bytes: kept }] of this.#waiting) this.#waiting.set(place, { bytes: kept, capturedUs });
  }

  #budget(): number {
    return Math.min(this.#outgoing.room, this.#parts.updateBytes());
  }

  /** What waits longest, until the update is full; the last rectangle may pass that, as the agent's last tile may. */
  #choose(most: number): Waiting[] {
    const chosen: Waiting[] = [];
    let left = this.#budget();
    for (const [place, one] of this.#waiting) {
      if (left <= 0 || chosen.length === most) break;
      chosen.push(one);
      left -= one.bytes.length;
      this.#waiting.delete(place);
    }
    return chosen;
  }

  #addUpdate(chosen: readonly Waiting[]): void {
    const length = chosen.reduce((sum, { bytes }) => sum + bytes.length, STAMP_BYTES);
    const capturedUs = chosen.reduce((oldest, one) => Math.min(oldest, one.capturedUs), this.#captureUs());
    const stamp = writeStamp({ capturedUs, length, echo: this.#echo }, chosen.length);
    this.#outgoing.addUpdate(stamp, ...chosen.map(({ bytes }) => bytes));
    this.#updates++;
    this.#echoDue = false;
  }
}
