// How connections ended that somebody else was to end.
import type { Code } from '#protocol/codes.ts';

export interface Ends {
  /** Code → how many. */
  codes: Partial<Record<Code, number>>;
  /** The longest that one lived, ms. */
  longestMs: number;
  /** Not ended by the other side. */
  stillOpen: number;
}

export const noEnds = (): Ends => ({ codes: {}, longestMs: 0, stillOpen: 0 });

/** Counts one that lives from now on. @returns to be called with its end */
export function begun(ends: Ends): (code: Code) => void {
  const began = performance.now();
  let isOver = false;
  ends.stillOpen++;
  return (code) => {
    if (isOver) return;
    isOver = true;
    ends.stillOpen--;
    ends.codes[code] = (ends.codes[code] ?? 0) + 1;
    ends.longestMs = Math.max(ends.longestMs, performance.now() - began);
  };
}
