// The simulated office desktop as the agent sees it. It runs in its own thread while a session is attached, and not at
// all otherwise: every attachment finds it as after switching on.
import { Worker } from 'node:worker_threads';
import { Refusal } from '#protocol/codes.ts';
import type { InputEvent } from '#protocol/inner/profile.ts';
import type { Desktop, DesktopEvents, Screen } from '../desktop.ts';
import { ARROW_CURSOR } from './cursor.ts';
import type { FromOffice, OfficeStart, SharedScreen, ToOffice } from './messages.ts';

export interface OfficeOptions {
  /** Shown on the task bar. */
  readonly name: string;
  /** In pixels; 1280 by 800 unless told. */
  readonly width?: number;
  readonly height?: number;
  /** The clock on the task bar, in milliseconds since 1970. */
  readonly now?: () => number;
}

/** The sizes that a resize is granted for. */
export const OFFICE_MIN = { width: 640, height: 480 } as const;
export const OFFICE_MAX = { width: 1920, height: 1200 } as const;

const NOTICE_MS = 8_000;
const CLOCK_CHECK_MS = 1_000;

/** @throws DESKTOP_UNREACHABLE if its thread does not start */
export function openOffice(options: OfficeOptions, events: DesktopEvents): Promise<Desktop> {
  const now = options.now ?? Date.now;
  const { name, width = 1280, height = 800 } = options;
  const start: OfficeStart = { name, width, height, now: now() };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: start });
  return new Promise((opened, failed) => {
    const refuse = () => {
      void worker.terminate();
      failed(new Refusal('DESKTOP_UNREACHABLE', 'the simulated desktop did not start'));
    };
    worker.once('error', refuse).once('exit', refuse);
    worker.once('message', (first: Extract<FromOffice, { type: 'screen' }>) => {
      worker.off('error', refuse).off('exit', refuse);
      opened(new OfficeDesktop(worker, events, now, screenFrom(first.screen)));
    });
  });
}

const screenFrom = ({ width, height, memory }: SharedScreen): Screen => ({
  width,
  height,
  pixels: new Uint8Array(memory),
});

class OfficeDesktop implements Desktop {
  readonly #worker: Worker;
  readonly #events: DesktopEvents;
  readonly #clock: NodeJS.Timeout;
  #screen: Screen;
  #notice: NodeJS.Timeout | null = null;
  /** Asked for and not answered yet, in order. */
  readonly #resizes: { width: number; height: number; decided: (granted: boolean) => void }[] = [];
  readonly #locked = Promise.withResolvers<void>();
  #closed = false;

  constructor(worker: Worker, events: DesktopEvents, now: () => number, screen: Screen) {
    this.#worker = worker;
    this.#events = events;
    this.#screen = screen;
    // Once a second, so that the minute changes when it does; the model draws only what is new
    this.#clock = setInterval(() => this.#tell({ type: 'clock', now: now() }), CLOCK_CHECK_MS);
    worker.on('message', (message: FromOffice) => this.#hear(message));
    worker.on('error', () => this.#lost());
    worker.on('exit', () => this.#lost());
    // Not before the caller holds this desktop
    setImmediate(() => this.#closed || events.cursor(ARROW_CURSOR));
  }

  get screen(): Screen {
    return this.#screen;
  }

  input(event: InputEvent): void {
    this.#tell(event);
  }

  releaseAll(): void {
    this.#tell({ type: 'release-all' });
  }

  notice(text: string): void {
    if (this.#closed) return;
    if (this.#notice) clearTimeout(this.#notice);
    this.#tell({ type: 'notice', text });
    this.#notice = setTimeout(() => this.#tell({ type: 'notice', text: null }), NOTICE_MS);
  }

  resize(width: number, height: number): Promise<boolean> {
    const wide = width >= OFFICE_MIN.width && width <= OFFICE_MAX.width;
    const high = height >= OFFICE_MIN.height && height <= OFFICE_MAX.height;
    if (this.#closed || !wide || !high) return Promise.resolve(false);
    return new Promise((decided) => {
      this.#resizes.push({ width, height, decided });
      this.#tell({ type: 'resize', width, height });
    });
  }

  /** The next attachment finds it unlocked, since its user has been verified. */
  lock(): Promise<void> {
    if (this.#closed) return Promise.reject(new Refusal('LOCK_FAILED', 'the simulated desktop has ended'));
    this.#tell({ type: 'lock' });
    return this.#locked.promise;
  }

  close(): void {
    if (this.#closed) return;
    this.#end();
    void this.#worker.terminate();
  }

  #tell(message: ToOffice): void {
    if (!this.#closed) this.#worker.postMessage(message);
  }

  #hear(message: FromOffice): void {
    if (this.#closed) return;
    switch (message.type) {
      case 'damage':
        for (const rectangle of message.rectangles) this.#events.damage(rectangle);
        break;
      case 'screen':
        this.#screen = screenFrom(message.screen);
        this.#events.resized(this.#screen);
        this.#resizes.shift()?.decided(true);
        break;
      case 'locked':
        this.#locked.resolve();
    }
  }

  #lost(): void {
    if (this.#closed) return;
    this.#end();
    this.#events.gone(new Refusal('VNC_GONE', 'the simulated desktop ended'));
  }

  #end(): void {
    this.#closed = true;
    clearInterval(this.#clock);
    if (this.#notice) clearTimeout(this.#notice);
    for (const { decided } of this.#resizes) decided(false);
    this.#resizes.length = 0;
  }
}
