// One session's screen on its way out: damage → choice of tiles → watermark and encoding (in the workers) → one
// FramebufferUpdate → chunks as the window allows. One update at a time; the methods stand in the order of that way.
import { type Refusal, refusalFrom } from '#protocol/codes.ts';
import type { Cursor, Rectangle, Screen } from '../desktop/desktop.ts';
import { Announcements, type ResizeAnswer } from './announcements.ts';
import { Damage, type Patch } from './damage.ts';
import type { Encoded } from './encode.ts';
import type { Encoders } from './encoders.ts';
import { Outgoing, type RecordsOut } from './outgoing.ts';
import { DrawnUpdates, TileCost } from './pacing.ts';
import { Refinement } from './refinement.ts';
import { bellMessage, updateHeader } from './update.ts';
import { type Mask, Watermark } from './watermark.ts';

/** A session's screen on its way out: ScreenSender, or whatever else fills the stream with whole updates. */
export interface ScreenOutput {
  damage(rectangle: Rectangle): void;
  resized(screen: Screen): void;
  answerResize(answer: ResizeAnswer): void;
  cursor(cursor: Cursor): void;
  bell(): void;
  refresh(): void;
  /** @param sequence the highest record the client has received in order. @param drawn how many updates it has drawn */
  acked(sequence: number, drawn: number): void;
  /** Nothing waits to be sent. */
  readonly idle: boolean;
  readonly counts: ScreenCounts;
  /** Nothing is sent after this. */
  close(): void;
}

export type OpenScreen = (parts: ScreenSenderParts) => ScreenOutput;

/** Since the session began. */
export interface ScreenCounts {
  /** FramebufferUpdates sent. */
  readonly updates: number;
  /** Times that a tile was damaged again before its older damage had gone: pixels that were never sent. */
  readonly staleTiles: number;
}

export interface ScreenSenderParts extends RecordsOut {
  encoders: Pick<Encoders, 'encode' | 'workers'>;
  screen: Screen;
  /** Lines of the watermark: user, municipality, desktop, session, session start. */
  mark: readonly string[];
  /** Monotonic, in milliseconds. */
  now(): number;
  /** The screen cannot be sent any more; nothing is called after this. */
  failed(refusal: Refusal): void;
}

/** First guesses of what a patch costs: a dense page of text as it is, a photo without loss. */
const UPDATE_PATCH_BYTES = 1_024;
const REFINED_PATCH_BYTES = 10_240;
/** Fewer patches than this are not worth a second worker. */
const JOB_MIN_PATCHES = 8;

/** What one update will hold of the screen. */
interface Choice {
  readonly patches: readonly Patch[];
  readonly refining: boolean;
  /** What a key has changed, likely: goes at once. */
  readonly small: boolean;
}

export class ScreenSender implements ScreenOutput {
  readonly #parts: ScreenSenderParts;
  readonly #watermark: Watermark;
  #screen: Screen;
  #mask: Mask;
  #damage: Damage;
  #refinement: Refinement;
  readonly #announcements: Announcements;
  readonly #updateCost = new TileCost(UPDATE_PATCH_BYTES);
  readonly #refinedCost = new TileCost(REFINED_PATCH_BYTES);
  readonly #drawn = new DrawnUpdates();
  readonly #outgoing: Outgoing;
  #encoding = false;
  #smallWasLast = false;
  #woken = false;
  #restTimer: NodeJS.Timeout | null = null;
  #closed = false;
  #updates = 0;
  /** Of the screens before a resize. */
  #staleTiles = 0;

  /** The whole screen is sent at once. @throws INTERNAL for a watermark that would not show */
  constructor(parts: ScreenSenderParts) {
    this.#parts = parts;
    this.#watermark = new Watermark(parts.mark);
    this.#screen = parts.screen;
    this.#mask = this.#watermark.lay(parts.screen.width, parts.screen.height);
    this.#damage = new Damage(parts.screen);
    this.#refinement = new Refinement(parts.screen);
    this.#announcements = new Announcements();
    this.#outgoing = new Outgoing(parts, this.#drawn);
    this.refresh();
  }

  /** These pixels may have changed. */
  damage(rectangle: Rectangle): void {
    this.#damage.add(rectangle);
    this.#wake();
  }

  /** Another screen takes the place of the old one; what was being encoded of that is forgotten, nothing of it goes. */
  resized(screen: Screen): void {
    this.#screen = screen;
    this.#staleTiles += this.#damage.superseded + this.#damage.size;
    this.#mask = this.#watermark.lay(screen.width, screen.height);
    this.#damage = new Damage(screen);
    this.#damage.addAll();
    this.#refinement = new Refinement(screen);
    this.#announcements.resized();
    this.#wake();
  }

  /** To be called after resized(), if the request led to one. Each request is answered, in order. */
  answerResize(answer: ResizeAnswer): void {
    this.#announcements.answerResize(answer);
    this.#wake();
  }

  /** The newest cursor wins. Larger than CURSOR_MAX_SIDE means none: the desktop draws such a one itself. */
  cursor(cursor: Cursor): void {
    this.#announcements.cursor(cursor);
    this.#wake();
  }

  bell(): void {
    this.#announcements.bell = true;
    this.#wake();
  }

  /** For a client that starts anew: everything is sent again. Any number of refreshes cost one. */
  refresh(): void {
    this.#announcements.introduce();
    this.#damage.addAll();
    this.#wake();
  }

  /** The client's newest acknowledgement: everything up to `sequence` received, `drawn` updates drawn in all. */
  acked(sequence: number, drawn: number): void {
    this.#drawn.acked(sequence, drawn);
    this.#wake();
  }

  /** The client has, or is being sent, all there is; JPEG tiles may still be refined. */
  get idle(): boolean {
    return this.#damage.size === 0 && !this.#encoding && this.#outgoing.length === 0 && !this.#announcements.due;
  }

  get counts(): ScreenCounts {
    return { updates: this.#updates, staleTiles: this.#staleTiles + this.#damage.superseded };
  }

  close(): void {
    this.#closed = true;
    this.#outgoing.clear();
    if (this.#restTimer) clearTimeout(this.#restTimer);
  }

  /** Goes on once the present turn of the event loop is over, so that what happens together is sent together. */
  #wake(): void {
    if (this.#woken || this.#closed) return;
    this.#woken = true;
    setImmediate(() => {
      this.#woken = false;
      this.#advance().catch((error) => this.#fail(error));
    });
  }

  async #advance(): Promise<void> {
    if (this.#closed) return;
    this.#outgoing.send(this.#more);
    if (this.#encoding || this.#outgoing.room <= 0) return;
    if (this.#announcements.bell) {
      this.#announcements.bell = false;
      this.#outgoing.add(bellMessage());
      this.#outgoing.send(this.#more);
    }
    if (this.#drawn.full) return;
    const choice = this.#choose();
    if (choice.patches.length === 0 && !this.#announcements.due) return this.#awaitRest();
    const pixels = await this.#encode(choice);
    if (this.#closed) return;
    const rectangles = [...this.#announcements.take(this.#screen), ...pixels];
    this.#sendUpdate(rectangles, choice.small);
    this.#wake();
  }

  /** Another update is being encoded, or will be next. */
  get #more(): boolean {
    return this.#encoding || (this.#damage.size > 0 && !this.#drawn.full);
  }

  /** Fresh damage first, small and any other in turns; if there is none, tiles that have rested. */
  #choose(): Choice {
    if (this.#damage.size === 0) {
      const patches = this.#refinement.due(this.#filling(this.#refinedCost), this.#parts.now());
      return { patches, refining: true, small: false };
    }
    const most = this.#filling(this.#updateCost);
    const small = this.#smallWasLast ? [] : this.#damage.takeSmall(most);
    this.#smallWasLast = small.length > 0;
    if (this.#smallWasLast) return { patches: small, refining: false, small: true };
    return { patches: this.#damage.take(most), refining: false, small: false };
  }

  #filling(cost: TileCost): number {
    return cost.filling(Math.min(this.#outgoing.room, this.#parts.updateBytes()));
  }

  /** @returns nothing if the screen was replaced meanwhile */
  async #encode({ patches, refining }: Choice): Promise<Rectangles[]> {
    if (patches.length === 0) return [];
    const screen = this.#screen;
    const now = this.#parts.now();
    const { width, height, pixels } = screen;
    this.#encoding = true;
    const jobs = share(patches, this.#parts.encoders.workers).map((part) => {
      const areas = part.map((patch) => patch.area);
      return this.#parts.encoders.encode({ width, height, pixels, mask: this.#mask, areas, lossless: refining });
    });
    const encoded = await Promise.all(jobs);
    this.#encoding = false;
    if (screen !== this.#screen) return [];
    const lossy = encoded.flatMap((part) => part.lossy);
    for (const [i, patch] of patches.entries()) this.#refinement.sent(patch, lossy[i] === true, now);
    const bytes = encoded.reduce((sum, part) => sum + part.bytes.length, 0);
    (refining ? this.#refinedCost : this.#updateCost).learn(bytes, patches.length);
    return encoded;
  }

  #sendUpdate(rectangles: readonly Rectangles[], atOnce: boolean): void {
    const count = rectangles.reduce((sum, part) => sum + part.rectangles, 0);
    if (count === 0) return;
    this.#updates++;
    this.#outgoing.addUpdate(updateHeader(count), ...rectangles.map((part) => part.bytes));
    this.#outgoing.send(this.#more && !atOnce);
  }

  /** Nothing to send now: comes back when a tile has rested. Where room is missing, acked() comes first anyway. */
  #awaitRest(): void {
    const dueAt = this.#refinement.dueAt;
    if (dueAt === null || this.#restTimer) return;
    this.#restTimer = setTimeout(
      () => {
        this.#restTimer = null;
        this.#wake();
      },
      Math.max(1, dueAt - this.#parts.now()),
    );
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#parts.failed(refusalFrom(error));
  }
}

type Rectangles = Pick<Encoded, 'bytes' | 'rectangles'>;

/** Cuts the patches into one contiguous part a worker, so that neighbours stay together. */
function share(patches: readonly Patch[], workers: number): Patch[][] {
  const jobs = Math.max(1, Math.min(workers, Math.floor(patches.length / JOB_MIN_PATCHES)));
  const size = Math.ceil(patches.length / jobs);
  return Array.from({ length: jobs }, (_, i) => patches.slice(i * size, (i + 1) * size));
}
