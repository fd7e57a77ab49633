// What is noted of a right that is taken away while its session runs, and what must be seen: the session is over within 2 s,
// and its user reads the right reason, under the seal.
import type { Code } from '#protocol/codes.ts';
import type { Judgement, Said } from '../proof.ts';
import { pause } from './pause.ts';
import type { Seat } from './seat.ts';

/** The documented bound. */
export const END_MAX_MS = 2_000;

export interface Ending {
  /** What was taken away. */
  what: string;
  /** Frame records that had come before: the session was a real one. */
  framesBefore: number;
  /** From the beginning of the act to the last frame, and to the end; null if it did not end while it was watched. */
  lastFrameMs: number | null;
  endedMs: number | null;
  code: string | null;
  /** The agent said so under the session's keys. */
  authentic: boolean;
}

export interface Endings {
  endings: Ending[];
  /** A session of the same system whose rights nobody touched, from before the first act to after the last end. */
  untouched: { framesMeanwhile: number; ended: string | null };
}

/** Longer than the bound, so that a late end is measured, too. */
const WATCHED_MS = 6_000;

/**
 * @param seat at work
 * @param act takes the right away
 * @param since when it was gone, if that is later than the beginning of `act`: ms since 1970
 */
export async function observeEnding(
  what: string,
  seat: Seat,
  act: () => Promise<unknown>,
  since?: () => number,
): Promise<Ending> {
  const framesBefore = seat.frames;
  const called = Date.now();
  await act();
  const from = since?.() ?? called;
  const end = await Promise.race([seat.ended, pause(WATCHED_MS)]);
  if (!end) return { what, framesBefore, lastFrameMs: null, endedMs: null, code: null, authentic: false };
  const { code, authentic, at, lastFrameAt } = end;
  const lastFrameMs = Math.ceil(Math.max(0, lastFrameAt - from));
  return { what, framesBefore, lastFrameMs, endedMs: Math.ceil(at - from), code, authentic };
}

/** @param codes what each has to be told, by what was taken away */
export function judgeEndings({ endings, untouched }: Endings, codes: Readonly<Record<string, Code>>): Judgement {
  const all = Object.entries(codes).map(([what, code]) => ({
    what,
    code,
    seen: endings.find((one) => one.what === what),
  }));
  const bad = all.filter(({ code, seen }) => !seen || !endedRightly(seen, code));
  const control = untouched.ended === null && untouched.framesMeanwhile > 0;
  const figures = endings.map(({ what, endedMs, code }) => `${what}: ${endedMs ?? '–'} ms, ${code ?? '–'}`);
  const faults: Said[] = [
    ...bad.map(({ what }) => ({
      ja: `${what}: 期待どおりに終わりませんでした`,
      en: `${what}: did not end as it must`,
    })),
    ...(control ? [] : [{ ja: '対照のセッションが続きませんでした', en: 'the untouched session did not go on' }]),
  ];
  return {
    result: faults.length === 0 ? 'pass' : 'fail',
    seen: {
      ja: [...faults.map(({ ja }) => ja), ...figures, `対照: 映像 ${untouched.framesMeanwhile} 件`].join('; '),
      en: [...faults.map(({ en }) => en), ...figures, `untouched: ${untouched.framesMeanwhile} frames`].join('; '),
    },
  };
}

function endedRightly({ framesBefore, lastFrameMs, endedMs, code, authentic }: Ending, wanted: Code): boolean {
  return (
    framesBefore > 0 &&
    endedMs !== null &&
    endedMs <= END_MAX_MS &&
    lastFrameMs !== null &&
    lastFrameMs <= END_MAX_MS &&
    code === wanted &&
    authentic
  );
}
