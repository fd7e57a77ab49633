// Whether a password is good enough for a file that may lie in a downloads folder: nobody counts the tries there.
import type { PASSWORD_JUDGEMENT } from '../texts/enrol.ts';

/** Other readers of a .p12 disagree about anything else. */
const CHARACTERS = /^[\x20-\x7e]*$/;
const LENGTH_MIN = 12;
const LENGTH_STRONG = 16;
const LENGTH_MAX = 128;
const DIFFERENT_MIN = 5;

type Judgement = Exclude<keyof typeof PASSWORD_JUDGEMENT, 'different'>;

export function judge(password: string): { isGood: boolean; judgement: Judgement } {
  const judgement = judgementOf(password);
  return { isGood: judgement === 'fair' || judgement === 'strong', judgement };
}

function judgementOf(password: string): Judgement {
  if (!CHARACTERS.test(password) || password.length > LENGTH_MAX) return 'characters';
  if (password.length < LENGTH_MIN) return 'short';
  if (new Set(password).size < DIFFERENT_MIN) return 'simple';
  return password.length < LENGTH_STRONG ? 'fair' : 'strong';
}
