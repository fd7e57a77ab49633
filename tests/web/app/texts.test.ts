import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CODES } from '#protocol/codes.ts';
import { type Bilingual, fill, languageOf } from '#web/app/language.ts';

const APP = join(import.meta.dirname, '../../../web/app');
const JAPANESE = /[ぁ-ゖァ-ヺ一-鿿]/;

const files = readdirSync(APP, { recursive: true, encoding: 'utf8' }).filter((name) => /texts\b.*\.ts$/.test(name));

const named = (entries: Record<string, Bilingual>, where: string): Named[] =>
  Object.entries(entries).map(([key, text]) => [`${where}.${key}`, text]);
type Named = [name: string, text: Bilingual];

/** File → every text in it, with its name. */
const texts = new Map<string, Named[]>();
for (const file of files) {
  const groups: Record<string, Record<string, Bilingual>> = await import(join(APP, file));
  texts.set(
    file,
    Object.entries(groups).flatMap(([group, entries]) => named(entries, group)),
  );
}
const sentences = named(
  Object.fromEntries(Object.entries(CODES).map(([code, { ja, en }]) => [code, { ja, en }])),
  'CODES',
);

const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

describe('texts', () => {
  it('were found: those of the frame, the shell and each page', () => {
    expect(files).toEqual(expect.arrayContaining(['texts/frame.ts', 'texts/shell.ts', 'texts/sign-in.ts']));
    expect([...texts.values()].flat().length).toBeGreaterThan(80);
  });

  it.for([...texts, ['protocol/codes.ts', sentences] as const])('are there in both languages: %s', ([, inFile]) => {
    for (const [name, { ja, en }] of inFile) {
      for (const text of [ja, en]) expect(text, name).toBe(text.trim());
      expect(en, name).toMatch(/[A-Za-z{]/);
      expect(en, name).not.toMatch(JAPANESE);
      // A name, an abbreviation or a placeholder alone is the same in both.
      if (ja !== en) expect(ja, name).toMatch(JAPANESE);
      expect(placeholders(ja), name).toEqual(placeholders(en));
    }
  });

  it('of a refusal are whole sentences', () => {
    for (const [code, { ja, en }] of sentences) {
      expect(ja, code).toMatch(/。$/);
      expect(en, code).toMatch(/\.$/);
    }
  });
});

describe('filling in', () => {
  it('puts words in their place, and leaves what it has no word for', () => {
    const text = { ja: '{name} さん、{count} 個です', en: '{name}: {count}' };
    expect(fill(text, { name: '田中', count: 3 })).toEqual({ ja: '田中 さん、3 個です', en: '田中: 3' });
    expect(fill(text, { name: '田中' }).en).toBe('田中: {count}');
  });

  it('takes a word as it is, whatever it looks like', () => {
    expect(fill({ ja: '{a}', en: '{a}{b}' }, { a: '{b}$&', b: '!' }).en).toBe('{b}$&!');
    expect(fill({ ja: '{constructor}', en: '{constructor}' }, {}).en).toBe('{constructor}');
  });
});

describe('the language', () => {
  it('is Japanese unless English was chosen', () => {
    expect(['', '?lang=ja', '?lang=fr', '?x=en', '?lang=en'].map(languageOf)).toEqual(['ja', 'ja', 'ja', 'ja', 'en']);
  });
});
