// What the agent's thread and the desktop's thread say to each other. Pixels never travel: both see the same memory.
import type { Rectangle } from '../desktop.ts';
import type { OfficeEvent } from './office.ts';

/** One picture in shared memory, as Screen describes it. */
export interface SharedScreen {
  readonly width: number;
  readonly height: number;
  readonly memory: SharedArrayBuffer;
}

/** How the desktop's thread starts. */
export interface OfficeStart {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** To the desktop's thread. */
export type ToOffice = OfficeEvent;

/** From the desktop's thread. `screen` comes first, and again as the answer to every resize; `locked` answers `lock`. */
export type FromOffice =
  | { readonly type: 'screen'; readonly screen: SharedScreen }
  | { readonly type: 'locked' }
  /** These pixels are written already. */
  | { readonly type: 'damage'; readonly rectangles: readonly Rectangle[] };
