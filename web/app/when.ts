// Dates and times as the reader writes them, in the time zone of the device.
import type { Language } from './language.ts';

const LOCALE: Readonly<Record<Language, string>> = { ja: 'ja-JP', en: 'en-GB' };

/** Such as 2026年11月26日 8:31 */
export function dateAndTime(at: string | number, language: Language): string {
  return new Intl.DateTimeFormat(LOCALE[language], { dateStyle: 'long', timeStyle: 'short' }).format(new Date(at));
}

/** Such as 20:31 */
export function timeOfDay(at: string | number, language: Language): string {
  return new Intl.DateTimeFormat(LOCALE[language], { timeStyle: 'short' }).format(new Date(at));
}
