// Puts a judgement together from what was found wrong.
import type { Judgement, Said } from '../proof.ts';

/** @param wrong what breaks the claim, false where it does not. @param seen what was seen where nothing does */
export function verdict(wrong: readonly (Said | false)[], seen: Said): Judgement {
  const found = wrong.filter((one) => one !== false);
  if (found.length === 0) return { result: 'pass', seen };
  return {
    result: 'fail',
    seen: { ja: found.map(({ ja }) => ja).join('。'), en: found.map(({ en }) => en).join('; ') },
  };
}

const NAMED_MAX = 6;

/** For a sentence: the first few, and how many more. */
export function some(things: readonly string[]): string {
  const more = things.length - NAMED_MAX;
  return things.slice(0, NAMED_MAX).join(', ') + (more > 0 ? ` (+ ${more})` : '');
}
