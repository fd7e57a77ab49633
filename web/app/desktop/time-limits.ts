// When the page warns that the session will end. The limits themselves are kept by agent, broker and gateway; here nothing
// but input counts as activity, as there.

/** So long before the idle limit, or a fifth of it where that is less. */
const IDLE_WARNING_MS = 60_000;
const OVERALL_WARNING_MS = 10 * 60_000;

export interface TimeLimits {
  idleMs: number;
  overallMs: number;
}

export type Warning =
  | { kind: 'idle'; secondsLeft: number }
  /** Nothing can be done about it. */
  | { kind: 'overall'; minutesLeft: number };

/** @param startedAt and activeAt in ms of the same clock as `now` */
export function warningAt(now: number, startedAt: number, activeAt: number, limits: TimeLimits): Warning | null {
  const idleLeft = activeAt + limits.idleMs - now;
  if (idleLeft <= Math.min(IDLE_WARNING_MS, limits.idleMs / 5)) {
    return { kind: 'idle', secondsLeft: Math.max(0, Math.ceil(idleLeft / 1000)) };
  }
  const overallLeft = startedAt + limits.overallMs - now;
  if (overallLeft <= Math.min(OVERALL_WARNING_MS, limits.overallMs / 5)) {
    return { kind: 'overall', minutesLeft: Math.max(1, Math.ceil(overallLeft / 60_000)) };
  }
  return null;
}
