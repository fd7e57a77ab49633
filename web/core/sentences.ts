// What a code says to a person, in Japanese and English: the texts of the one table (protocol/codes.ts).
import { CODES, type Code } from '#protocol/codes.ts';
import { endOf } from './ends.ts';

export function sentenceOf(code: Code): { ja: string; en: string } {
  const { ja, en } = CODES[code];
  return { ja, en };
}

/** Of any failure; what nobody foresaw reads as a lost connection. */
export function sentenceOfError(error: unknown): { ja: string; en: string } {
  return sentenceOf(endOf(error).code);
}
