// noVNC's place on the page: one RFB object at a time over the adapter, how large it is shown, and wiping it. Every pixel
// of the session that this page holds is in the canvases here.
import type RFB from '@novnc/novnc';
import type { RfbAdapter } from '#web/core/rfb-adapter.ts';

/** Apart from the rest of the page, which needs none of it. */
export const loadNoVnc = async (): Promise<typeof RFB> => (await import('@novnc/novnc')).default;

/** fit: all of it, scaled; actual: pixel by pixel, scrolled, or moved by dragging. */
export type Showing = 'fit' | 'actual' | 'drag';

export class Picture {
  /** Fills what it is put into. */
  readonly node: HTMLElement;
  readonly #place: HTMLElement;
  readonly #adapter: RfbAdapter;
  readonly #Rfb: typeof RFB;
  readonly #label: string;
  readonly #sizes: ResizeObserver;
  #rfb: RFB | null = null;
  #showing: Showing = 'fit';
  #follows = false;

  /** @param label what a screen reader says of the canvas */
  constructor(Rfb: typeof RFB, adapter: RfbAdapter, label: string) {
    this.#Rfb = Rfb;
    this.#adapter = adapter;
    this.#label = label;
    this.node = document.createElement('div');
    this.node.className = 'desktop-area';
    this.#place = document.createElement('div');
    this.#place.className = 'desktop-picture';
    this.node.append(this.#place);
    // A fraction of a pixel would make noVNC ask for a size again and again (rfb.md, 9).
    this.#sizes = new ResizeObserver(() => this.#fill());
    this.#sizes.observe(this.node);
    // The keyboard goes elsewhere: noVNC lets go of its keys when the window loses the focus, and this is the same to it.
    this.node.addEventListener('focusout', () => window.dispatchEvent(new FocusEvent('blur')));
  }

  get isShown(): boolean {
    return this.#rfb !== null;
  }

  /** Begins to draw, or begins anew. */
  show(): void {
    this.wipe();
    this.#fill();
    this.#rfb = new this.#Rfb(this.#place, this.#adapter.attach(), { shared: true });
    this.#rfb.background = 'transparent';
    const canvas = this.#place.querySelector('canvas');
    canvas?.setAttribute('tabindex', '0');
    canvas?.setAttribute('role', 'application');
    canvas?.setAttribute('aria-label', this.#label);
    this.#apply();
    this.focus();
  }

  /** Overwrites every pixel and takes the canvas away; the adapter lets go of keys and buttons. */
  wipe(): void {
    const rfb = this.#rfb;
    this.#rfb = null;
    if (rfb) {
      const shown = [...this.#place.querySelectorAll('canvas')];
      for (const canvas of [...shown, rfb._display._backbuffer, rfb._cursor._canvas]) overwrite(canvas);
    }
    this.#adapter.detach();
    this.#place.replaceChildren();
    // noVNC catches a drag that leaves the canvas with an element of its own, and leaves it behind.
    document.getElementById('noVNC_mouse_capture_elem')?.remove();
  }

  focus(): void {
    this.#rfb?.focus({ preventScroll: true });
  }

  get showing(): Showing {
    return this.#showing;
  }

  set showing(showing: Showing) {
    this.#showing = showing;
    this.#apply();
  }

  /** The desktop's size follows the page's. */
  get follows(): boolean {
    return this.#follows;
  }

  set follows(follows: boolean) {
    this.#follows = follows;
    this.#apply();
  }

  close(): void {
    this.#sizes.disconnect();
    this.wipe();
  }

  #apply(): void {
    if (!this.#rfb) return;
    this.#rfb.scaleViewport = this.#showing === 'fit';
    this.#rfb.clipViewport = this.#showing === 'drag';
    this.#rfb.dragViewport = this.#showing === 'drag';
    this.#rfb.resizeSession = this.#follows;
  }

  #fill(): void {
    const { width, height } = this.node.getBoundingClientRect();
    this.#place.style.width = `${Math.floor(width)}px`;
    this.#place.style.height = `${Math.floor(height)}px`;
  }
}

function overwrite(canvas: HTMLCanvasElement): void {
  canvas.getContext('2d')?.fillRect(0, 0, canvas.width, canvas.height);
  // Without an area it holds no memory.
  canvas.width = 0;
  canvas.height = 0;
}
