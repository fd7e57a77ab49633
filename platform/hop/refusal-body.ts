// What every refusal over HTTP says, at whichever door: the code, and its sentence for people.
import { CODES, type Code } from '#protocol/codes.ts';

/** @returns JSON, at most 1 KiB; nothing of which check failed and nothing of what was sent (E7) */
export function refusalBody(code: Code): string {
  const { ja, en } = CODES[code];
  return JSON.stringify({ code, message: { ja, en } });
}
