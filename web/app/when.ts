// Dates and times as the reader writes them, in the time zone of the device.
import { type Bilingual, fill, type Language } from './language.ts';

const LOCALE: Readonly<Record<Language, string>> = { ja: 'ja-JP', en: 'en-GB' };

/** Such as 2026年11月26日 8:31 */
export function dateAndTime(at: string | number, language: Language): string {
  return new Intl.DateTimeFormat(LOCALE[language], { dateStyle: 'long', timeStyle: 'short' }).format(new Date(at));
}

const TOMORROW: Bilingual = { ja: '明日 {time}', en: '{time} tomorrow' };

/** Such as 20:31, or 明日 8:31: of a moment within the next day. */
export function timeOfDay(at: string | number, language: Language, now = Date.now()): string {
  const time = new Intl.DateTimeFormat(LOCALE[language], { timeStyle: 'short' }).format(new Date(at));
  return new Date(at).getDate() === new Date(now).getDate() ? time : fill(TOMORROW, { time })[language];
}
