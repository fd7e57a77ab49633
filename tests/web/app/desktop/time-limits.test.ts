import { describe, expect, it } from 'vitest';
import { warningAt } from '#web/app/desktop/time-limits.ts';

const MINUTE = 60_000;
const LIMITS = { idleMs: 15 * MINUTE, overallMs: 12 * 60 * MINUTE, certificateMs: Number.POSITIVE_INFINITY };

describe('a warning', () => {
  it.each([
    ['nothing right after an input', 0, null],
    ['nothing a moment before the last minute', 14 * MINUTE - 1, null],
    ['a minute', 14 * MINUTE, 60],
    ['the seconds that are left, the last one to its end', 15 * MINUTE - 1, 1],
    ['none left at the limit', 15 * MINUTE, 0],
    ['none left long after it', 20 * MINUTE, 0],
  ])('before the idle limit says %s', (_, idle, secondsLeft) => {
    const warning = warningAt(1_000 + idle, 0, 1_000, LIMITS);
    expect(warning).toEqual(secondsLeft === null ? null : { kind: 'idle', secondsLeft });
  });

  it('comes at a fifth of a limit that is short', () => {
    const limits = { ...LIMITS, idleMs: MINUTE, overallMs: 10 * MINUTE };
    expect(warningAt(48_000 - 1, 0, 0, limits)).toBe(null);
    expect(warningAt(48_000, 0, 0, limits)).toEqual({ kind: 'idle', secondsLeft: 12 });
    expect(warningAt(8 * MINUTE, 0, 8 * MINUTE, limits)).toEqual({ kind: 'overall', minutesLeft: 2 });
  });

  it('of the overall limit counts minutes, and never says that none is left while the session lives', () => {
    const active = LIMITS.overallMs;
    expect(warningAt(LIMITS.overallMs - 10 * MINUTE - 1, 0, active, LIMITS)).toBe(null);
    expect(warningAt(LIMITS.overallMs - 10 * MINUTE, 0, active, LIMITS)).toEqual({ kind: 'overall', minutesLeft: 10 });
    expect(warningAt(LIMITS.overallMs, 0, active, LIMITS)).toEqual({ kind: 'overall', minutesLeft: 1 });
  });

  it('of the certificate comes ten minutes before it runs out, and whichever ends the session first is told', () => {
    const limits = { ...LIMITS, certificateMs: 60 * MINUTE };
    const at = (ms: number, overallMs = LIMITS.overallMs) => warningAt(ms, 0, ms, { ...limits, overallMs });
    expect(at(50 * MINUTE - 1)).toBe(null);
    expect(at(50 * MINUTE)).toEqual({ kind: 'certificate', minutesLeft: 10 });
    expect(at(60 * MINUTE)).toEqual({ kind: 'certificate', minutesLeft: 1 });
    expect(at(58 * MINUTE, 59 * MINUTE)).toEqual({ kind: 'overall', minutesLeft: 1 });
    expect(at(58 * MINUTE, 61 * MINUTE)).toEqual({ kind: 'certificate', minutesLeft: 2 });
  });

  it('of idleness comes first, since something can be done about it', () => {
    const at = LIMITS.overallMs - MINUTE;
    expect(warningAt(at, 0, at - 15 * MINUTE, LIMITS)).toEqual({ kind: 'idle', secondsLeft: 0 });
  });
});
