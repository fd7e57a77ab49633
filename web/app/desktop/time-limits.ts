// When the page warns that the session will end. The limits themselves are kept by agent, broker and gateway; here nothing
// but input counts as activity, as there.

/** So long before the idle limit, or a fifth of it where that is less. */
const IDLE_WARNING_MS = 60_000;
/** So long before anything else that ends the session, or a fifth of the overall limit where that is less. */
const END_WARNING_MS = 10 * 60_000;

export interface TimeLimits {
  idleMs: number;
  overallMs: number;
  /** What is left of the certificate's life when the session begins; Infinity if nobody knows. */
  certificateMs: number;
}

export type Warning =
  | { kind: 'idle'; secondsLeft: number }
  /** Nothing can be done about these within the session. */
  | { kind: 'overall' | 'certificate'; minutesLeft: number };

/** @param startedAt and activeAt in ms of the same clock as `now` */
export function warningAt(now: number, startedAt: number, activeAt: number, limits: TimeLimits): Warning | null {
  const idleLeft = activeAt + limits.idleMs - now;
  if (idleLeft <= Math.min(IDLE_WARNING_MS, limits.idleMs / 5)) {
    return { kind: 'idle', secondsLeft: Math.max(0, Math.ceil(idleLeft / 1000)) };
  }
  const overallLeft = startedAt + limits.overallMs - now;
  const certificateLeft = startedAt + limits.certificateMs - now;
  const minutes = (left: number) => Math.max(1, Math.ceil(left / 60_000));
  if (certificateLeft <= END_WARNING_MS && certificateLeft <= overallLeft) {
    return { kind: 'certificate', minutesLeft: minutes(certificateLeft) };
  }
  if (overallLeft <= Math.min(END_WARNING_MS, limits.overallMs / 5)) {
    return { kind: 'overall', minutesLeft: minutes(overallLeft) };
  }
  return null;
}
