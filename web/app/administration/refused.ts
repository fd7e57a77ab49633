// Why the gateway did not do it: the code's sentence, and what exactly was not possible.
import { RefusedByGateway } from '#web/core/ends.ts';
import { sentenceOf } from '#web/core/sentences.ts';
import type { Bilingual } from '../language.ts';

/** @returns null where the code's sentence is all there is */
export function detailOf(error: unknown): Bilingual | null {
  if (!(error instanceof RefusedByGateway) || error.detail === '') return null;
  const { ja, en } = sentenceOf(error.code);
  return { ja: `${ja}（${error.detail}）`, en: `${en} (${error.detail})` };
}
