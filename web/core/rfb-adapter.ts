// Between the end-to-end session and noVNC: the agent's stream goes to noVNC as it is, noVNC's messages become input and
// requests of the session, and each update is acknowledged as drawn once noVNC has proved it. No DOM; RFB objects come and
// go (a tab that is hidden, a noVNC that is stuck), the session stays.
import { Refusal } from '#protocol/codes.ts';
import type { InputEvent } from '#protocol/inner/profile.ts';
import type { Size } from '#protocol/inner/screen/rectangle.ts';
import { CONTROL_PER_SECOND } from '#protocol/limits.ts';
import type { DesktopSession } from './desktop-session.ts';
import { FrameStream } from './frame-stream.ts';
import { InputQueue } from './input-queue.ts';
import { Paced } from './paced.ts';
import { Responsiveness } from './responsiveness.ts';
import { RfbChannel } from './rfb-channel.ts';
import { drawnQuestion } from './rfb-greeting.ts';
import { chord, type ScreenKey } from './screen-keys.ts';

/** Of a picture that does not decode noVNC says nothing: it waits for good (rfb.md, 4). Far above any honest drawing. */
const DRAWN_MAX_MS = 10_000;
/** So often a new RFB object is tried before the session ends. */
const STUCK_MAX_TIMES = 3;

type Request = { type: 'refresh' } | { type: 'size'; width: number; height: number };

export interface RfbAdapterParts {
  /** As the agent's ready message said. */
  screen: Size;
  /** Made with this adapter, so it is there only after it. */
  session(): Pick<DesktopSession, 'input' | 'refresh' | 'resize' | 'drawn' | 'roundTripMs'>;
  /** Calls back after `ms`; returns how to call it off. */
  after(ms: number, callback: () => void): () => void;
  /** Monotonic milliseconds. */
  now(): number;
  /** The RFB object draws no more: take it away and attach another. */
  stuck(): void;
  /** None draws. Nothing is called after this. */
  failed(refusal: Refusal): void;
}

/** One RFB object's time at the stream. */
interface Attached {
  readonly channel: RfbChannel;
  /** Done when it takes updates, or never will. */
  readonly ready: PromiseWithResolvers<void>;
  greeted: boolean;
  /** The stream stands inside an update whose beginning it did not get. */
  skipping: boolean;
}

export class RfbAdapter {
  readonly #parts: RfbAdapterParts;
  readonly #stream: FrameStream;
  readonly #input: InputQueue;
  readonly #requests: Paced<Request>;
  readonly #responsiveness = new Responsiveness();
  #attached: Attached | null = null;
  #watch: (() => void) | null = null;
  #stuckTimes = 0;
  #closed = false;
  /** FramebufferUpdates that came whole; that noVNC has drawn, or nobody will. */
  #updates = 0;
  #drawn = 0;
  /** When the user last did something; monotonic ms. */
  activeAt: number;

  /** @throws MALFORMED for a screen that is too large */
  constructor(parts: RfbAdapterParts) {
    const { after, now, session } = parts;
    this.#parts = parts;
    this.activeAt = now();
    this.#input = new InputQueue({ now, after, send: (event) => session().input(event) });
    this.#requests = new Paced<Request>({
      ...{ perSecond: CONTROL_PER_SECOND, now, after },
      send: (request) => {
        if (request.type === 'refresh') session().refresh();
        else session().resize(request.width, request.height);
      },
      merge: (waiting, request) => (waiting.type === request.type ? request : null),
    });
    this.#stream = new FrameStream(parts.screen, {
      began: () => this.#responsiveness.began(this.#updates + 1, now(), session().roundTripMs),
      part: (bytes) => {
        if (this.#attached && !this.#attached.skipping) this.#attached.channel.deliver(bytes);
      },
      ended: (message) => this.#ended(message),
    });
  }

  get inputToPixelMs(): number | null {
    return this.#responsiveness.inputToPixelMs;
  }

  /** For a new RFB object; one that was attached before is detached. Sees the whole screen soon. */
  attach(): RfbChannel {
    this.detach();
    const attached: Attached = {
      channel: new RfbChannel({
        size: () => this.#stream.screen,
        after: this.#parts.after,
        ready: () => this.#ready(attached),
        input: (event) => this.#typed(attached, event),
        resize: (width, height) => this.#resize(attached, width, height),
        drawn: (updates) => this.#provenDrawn(attached, updates),
        broken: () => this.#stuck(attached),
      }),
      ready: Promise.withResolvers<void>(),
      greeted: false,
      skipping: !this.#stream.between,
    };
    this.#attached = attached;
    this.#watchOver(attached);
    // What an earlier RFB object got is in nobody's picture. Without this the agent would wait for it and send nothing.
    if (this.#updates > this.#drawn) this.#tellDrawn();
    if (this.#updates > 0 || !this.#stream.between) this.#requests.put({ type: 'refresh' });
    return attached.channel;
  }

  /** The RFB object is gone, or will be: keys and buttons are let go of, updates pass by unseen. */
  detach(): void {
    const attached = this.#attached;
    if (!attached) return;
    this.#attached = null;
    this.#watch?.();
    this.#watch = null;
    this.#input.release();
    attached.channel.shut();
    attached.ready.resolve();
  }

  close(): void {
    this.#closed = true;
    this.detach();
    this.#input.close();
    this.#requests.close();
  }

  /** Lets go of every key and button, as when the picture loses the keyboard. */
  release(): void {
    this.#input.release();
  }

  /** Presses and releases what a real keyboard or browser keeps for itself. */
  press(key: ScreenKey): void {
    this.#active();
    for (const event of chord(key)) this.#input.put(event);
  }

  /** The user is there: the pointer is moved to where it is, for only input counts as activity. */
  stay(): void {
    this.#active();
    this.#input.put({ type: 'pointer', buttons: 0, ...this.#input.pointer });
  }

  /**
   * The next bytes of the frame lane, cut anywhere; to be called when the call before is done.
   * @returns rejects with MALFORMED or MESSAGE_UNKNOWN: the session has to end
   */
  async frame(bytes: Uint8Array): Promise<void> {
    while (this.#attached && !this.#attached.greeted) await this.#attached.ready.promise;
    await this.#stream.push(bytes);
  }

  #ended(message: 'update' | 'bell'): void {
    const attached = this.#attached;
    const seen = attached !== null && !attached.skipping;
    if (attached) attached.skipping = false;
    if (message === 'bell') return;
    this.#updates++;
    if (!attached) return;
    if (!seen) {
      this.#tellDrawn();
      return;
    }
    if (!this.#watch) this.#watchOver(attached);
    attached.channel.deliver(drawnQuestion(this.#updates));
  }

  #tellDrawn(): void {
    this.#drawn = this.#updates;
    this.#parts.session().drawn(this.#drawn);
  }

  #ready(attached: Attached): void {
    if (attached.greeted || attached !== this.#attached) return;
    attached.greeted = true;
    this.#watch?.();
    this.#watch = null;
    attached.ready.resolve();
  }

  #provenDrawn(attached: Attached, updates: number): void {
    const possible = updates > this.#drawn && updates <= this.#updates;
    if (attached !== this.#attached || !possible) return;
    this.#stuckTimes = 0;
    this.#drawn = updates;
    this.#watch?.();
    this.#watch = null;
    if (updates < this.#updates) this.#watchOver(attached);
    this.#responsiveness.drawn(updates, this.#parts.now());
    this.#parts.session().drawn(updates);
  }

  #typed(attached: Attached, event: InputEvent): void {
    if (attached !== this.#attached) return;
    this.#active();
    if (event.type === 'pointer' ? event.buttons !== 0 : event.down) this.#responsiveness.pressed(this.#parts.now());
    this.#input.put(event);
  }

  #active(): void {
    this.activeAt = this.#parts.now();
  }

  /** A size without an area is never granted; noVNC then waits, and asks again when it is made anew. */
  #resize(attached: Attached, width: number, height: number): void {
    if (attached === this.#attached && width * height > 0) this.#requests.put({ type: 'size', width, height });
  }

  #watchOver(attached: Attached): void {
    this.#watch?.();
    this.#watch = this.#parts.after(DRAWN_MAX_MS, () => this.#stuck(attached));
  }

  #stuck(attached: Attached): void {
    if (attached !== this.#attached || this.#closed) return;
    this.detach();
    // noVNC may be in the middle of what broke it.
    this.#watch = this.#parts.after(0, () => {
      this.#watch = null;
      if (++this.#stuckTimes < STUCK_MAX_TIMES) this.#parts.stuck();
      else this.#parts.failed(new Refusal('PICTURE_STUCK'));
    });
  }
}
