// The desktop behind a replayed screen: it has a size and takes keys, and hands each key's number to the screen, which
// answers it with pixels.
import type { Desktop, OpenDesktop, Screen } from '#agent/desktop/desktop.ts';
import type { OpenScreen } from '#agent/screen/screen-sender.ts';
import type { InputEvent } from '#protocol/inner/profile.ts';
import { ReplayScreen, type Showing } from './replay-screen.ts';

const SIZE = { width: 1280, height: 800 } as const;

/** What one desktop shows, whether a session looks at it or not. */
export class ReplayDesktop {
  readonly #captureUs: () => number;
  readonly #offset: number;
  #showing: Showing | null = null;
  #screen: ReplayScreen | null = null;

  /** @param offset 0 to 1: where this desktop begins its traces, so that many do not move in step */
  constructor(captureUs: () => number, offset: number) {
    this.#captureUs = captureUs;
    this.#offset = offset;
  }

  show(showing: Showing | null): void {
    this.#showing = showing;
    this.#screen?.show(showing, this.#offset);
  }

  /** For the agent's Settings; the pixels themselves are nobody's, so the screen has none. */
  readonly open: OpenDesktop = async () => {
    const screen: Screen = { ...SIZE, pixels: new Uint8Array(0) };
    screensOf.set(screen, this);
    return new AttachedDesktop(screen, (number) => this.#screen?.key(number));
  };

  /** The session that looks at it has begun; one at a time, as the agent sees to. */
  began(screen: ReplayScreen): ReplayScreen {
    this.#screen = screen;
    screen.show(this.#showing, this.#offset);
    return screen;
  }

  /** For SessionsParts.openScreen of all desktops of an agent. */
  static readonly openScreen: OpenScreen = (parts) => {
    const desktop = screensOf.get(parts.screen);
    if (!desktop) throw new Error('a screen of no replayed desktop');
    return desktop.began(new ReplayScreen(parts, desktop.#captureUs));
  };
}

/** The session is given a Screen and nothing else of its desktop; each attachment has one of its own. */
const screensOf = new WeakMap<Screen, ReplayDesktop>();

class AttachedDesktop implements Desktop {
  readonly screen: Screen;
  readonly #key: (number: number) => void;

  constructor(screen: Screen, key: (number: number) => void) {
    this.screen = screen;
    this.#key = key;
  }

  /** bench's client numbers its keys in their keysyms. */
  input(event: InputEvent): void {
    if (event.type === 'key' && event.down) this.#key(event.keysym);
  }

  resize(): Promise<boolean> {
    return Promise.resolve(false);
  }

  notice(): void {}
  releaseAll(): void {}
  async lock(): Promise<void> {}
  close(): void {}
}
