// What showing a desktop needs to know.
import type { Surroundings } from '#web/core/open.ts';
import type { KeyStore } from '../browser/key-store.ts';
import type { Say } from '../frame.ts';

export interface DesktopOpening {
  desktop: string;
  label: string;
  user: string;
  around: Surroundings;
  keys: KeyStore;
  say: Say;
  /** Of the sign-in; the agent's own limit may be stricter. */
  idleSeconds: number;
  /** Aborted when the user leaves this place, as by signing out: the session ends and the picture is wiped. */
  signal: AbortSignal;
}
