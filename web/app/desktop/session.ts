// One session on the screen, from its first picture to its end: picture, toolbar, warnings, and what wipes the picture.
import { DesktopSession } from '#web/core/desktop-session.ts';
import { type End, endOf } from '#web/core/ends.ts';
import type { OpenedSession } from '#web/core/open.ts';
import { RfbAdapter } from '#web/core/rfb-adapter.ts';
import { describe } from '#web/core/web-crypto.ts';
import { element } from '../element.ts';
import { type Bilingual, fill } from '../language.ts';
import { guard } from './guards.ts';
import type { DesktopOpening } from './opening.ts';
import { loadNoVnc, Picture } from './picture.ts';
import { Quality } from './quality.ts';
import { DESKTOP } from './texts.ts';
import { type TimeLimits, warningAt } from './time-limits.ts';
import { toolbar } from './toolbar.ts';
import { Warnings } from './warnings.ts';

const TICK_MS = 1_000;
/** Whoever only looks into another tab for a moment finds the picture where it was. */
const HIDDEN_WIPE_MS = 5_000;
/** The agent ends an idle session and says so under the seal; the page does it where that does not come. */
const IDLE_GRACE_MS = 5_000;

/** Fills `root` until the session ends. */
export async function work(root: HTMLElement, opening: DesktopOpening, opened: OpenedSession): Promise<End> {
  try {
    const [Rfb, described] = await Promise.all([loadNoVnc(), describe(opened)]);
    return await new Live(root, opening, opened, Rfb, described).ended;
  } catch (error) {
    opened.socket.close('UNAVAILABLE');
    return endOf(error);
  }
}

class Live {
  readonly ended: Promise<End>;
  readonly #root: HTMLElement;
  readonly #opening: DesktopOpening;
  readonly #session: DesktopSession;
  readonly #adapter: RfbAdapter;
  readonly #picture: Picture;
  readonly #quality: Quality;
  readonly #warnings: Warnings;
  readonly #status = element('p', { class: 'visually-hidden', role: 'status' });
  readonly #limits: TimeLimits;
  readonly #startedAt: number;
  /** Aborted at the end: every listener goes with it. */
  readonly #over = new AbortController();
  #callOffWipe: () => void = () => {};

  constructor(
    root: HTMLElement,
    opening: DesktopOpening,
    opened: OpenedSession,
    Rfb: Awaited<ReturnType<typeof loadNoVnc>>,
    described: { suite: string; agent: string },
  ) {
    const { around, say, label } = opening;
    const { promise, resolve } = Promise.withResolvers<End>();
    this.ended = promise;
    this.#root = root;
    this.#opening = opening;
    this.#startedAt = around.now();
    this.#limits = {
      idleMs: Math.min(opening.idleSeconds, opened.ready.idleSeconds) * 1000,
      overallMs: opened.ready.overallSeconds * 1000,
      certificateMs: opened.certificateEndsAt - this.#startedAt,
    };
    this.#adapter = new RfbAdapter({
      screen: opened.ready,
      session: () => this.#session,
      after: around.after,
      now: around.now,
      stuck: () => this.#drawAnew(),
      failed: ({ code }) => this.#session.end(code),
    });
    this.#picture = new Picture(Rfb, this.#adapter, say(fill(DESKTOP.screen, { label })));
    this.#quality = new Quality(say, described);
    this.#warnings = new Warnings(say, () => {
      this.#adapter.stay();
      if (this.#picture.isShown) this.#picture.focus();
      else this.#picture.show();
    });
    this.#session = new DesktopSession(around, opened, {
      frame: (bytes) => this.#adapter.frame(bytes),
      ended: (end) => {
        this.#close();
        resolve(end);
      },
    });
    this.#lay();
    this.#listen();
    this.#picture.show();
    this.#tell(DESKTOP.live);
    if (document.hidden) this.#looked();
  }

  #lay(): void {
    const { say, label } = this.#opening;
    const bar = toolbar({
      say,
      label,
      picture: this.#picture,
      quality: this.#quality,
      press: (key) => this.#adapter.press(key),
      fullScreen: () => void toggleFullScreen(this.#root),
      leave: () => this.#session.end(),
    });
    const window = element(
      'main',
      { class: 'desktop' },
      bar.node,
      this.#warnings.node,
      this.#picture.node,
      this.#status,
    );
    this.#root.replaceChildren(window);
    window.addEventListener(
      'keydown',
      (event) => {
        if (!event.ctrlKey || !event.altKey || event.code !== 'Home') return;
        event.preventDefault();
        event.stopPropagation();
        bar.focus();
      },
      { capture: true },
    );
  }

  #listen(): void {
    const { signal } = this.#over;
    const end = () => this.#session.end();
    const unguard = guard(this.#root);
    const tick = setInterval(() => this.#tick(), TICK_MS);
    signal.addEventListener('abort', () => {
      unguard();
      clearInterval(tick);
    });
    document.addEventListener('visibilitychange', () => this.#looked(), { signal });
    window.addEventListener('pagehide', end, { signal });
    this.#opening.signal.addEventListener('abort', end, { signal });
    if (this.#opening.signal.aborted) queueMicrotask(end);
  }

  #looked(): void {
    this.#callOffWipe();
    if (document.hidden) {
      this.#callOffWipe = this.#opening.around.after(HIDDEN_WIPE_MS, () => {
        this.#picture.wipe();
        this.#tell(DESKTOP.away);
      });
    } else if (!this.#picture.isShown) {
      this.#picture.show();
      this.#tell(DESKTOP.live);
    }
  }

  /** Nobody looks at a hidden tab: what is wiped there stays so. */
  #drawAnew(): void {
    this.#picture.wipe();
    if (document.hidden) return;
    this.#tell(DESKTOP.drawnAnew);
    this.#picture.show();
  }

  #tick(): void {
    const now = this.#opening.around.now();
    const { roundTripMs, receivedBytes } = this.#session;
    const { inputToPixelMs, activeAt } = this.#adapter;
    this.#quality.show(now, { roundTripMs, inputToPixelMs, receivedBytes });
    const warning = warningAt(now, this.#startedAt, activeAt, this.#limits);
    this.#warnings.show(warning);
    if (warning?.kind === 'idle' && warning.secondsLeft === 0) this.#picture.wipe();
    if (now - activeAt >= this.#limits.idleMs + IDLE_GRACE_MS) this.#session.end('IDLE');
  }

  #tell(text: Bilingual): void {
    this.#status.textContent = this.#opening.say(text);
  }

  /** The picture goes before anything else is shown. */
  #close(): void {
    this.#over.abort();
    this.#callOffWipe();
    this.#picture.close();
    this.#adapter.close();
    if (document.fullscreenElement) void document.exitFullscreen().catch(() => {});
  }
}

/** In full screen a browser may also hand over keys such as Alt + Tab and the Windows key. */
async function toggleFullScreen(node: HTMLElement): Promise<void> {
  try {
    if (document.fullscreenElement) {
      await document.exitFullscreen();
      return;
    }
    await node.requestFullscreen();
    const { keyboard } = navigator as { keyboard?: { lock(): Promise<void> } };
    await keyboard?.lock();
  } catch {
    // The browser or its administrator does not allow it; the picture stays as it is.
  }
}
