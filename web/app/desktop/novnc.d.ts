// The part of noVNC 1.7.0 that is used; the package has no types. The version is pinned, since two private members are.
declare module '@novnc/novnc' {
  import type { RfbChannel } from '#web/core/rfb-channel.ts';

  export default class RFB extends EventTarget {
    constructor(target: HTMLElement, channel: RfbChannel, options?: { shared?: boolean });
    scaleViewport: boolean;
    clipViewport: boolean;
    dragViewport: boolean;
    resizeSession: boolean;
    background: string;
    focus(options?: FocusOptions): void;
    /** Where it draws before it shows: pixels that only this leads to. */
    _display: { _backbuffer: HTMLCanvasElement };
    _cursor: { _canvas: HTMLCanvasElement };
  }
}
