// The language of the page: Japanese unless the user chose English. The choice stays in this tab's address, never in storage
// (I1): ?lang=en.
export type Language = 'ja' | 'en';

/** A sentence in both. */
export type Bilingual = Readonly<Record<Language, string>>;

export function languageOf(search: string): Language {
  return new URLSearchParams(search).get('lang') === 'en' ? 'en' : 'ja';
}

/** Puts words into a sentence: {name} becomes what stands under that name. */
export function fill(text: Bilingual, words: Readonly<Record<string, string | number>>): Bilingual {
  const put = (sentence: string) =>
    sentence.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(words, name) ? String(words[name]) : whole));
  return { ja: put(text.ja), en: put(text.en) };
}
