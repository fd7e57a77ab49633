// What an end says to the user, and how far it can be believed.
import { describe, expect, it } from 'vitest';
import { CODES, type Code } from '#protocol/codes.ts';
import { explanation } from '#web/app/desktop/ending.ts';
import { DESKTOP, KEY_NAMES } from '#web/app/desktop/texts.ts';
import { SCREEN_KEYS } from '#web/core/screen-keys.ts';

const ja = (text: { ja: string }) => text.ja;
const en = (text: { en: string }) => text.en;

describe('the end', () => {
  it.each(Object.keys(CODES) as Code[])('%s is told in both languages by the code’s own sentence', (code) => {
    expect(explanation(ja, { code, authentic: true })).toEqual([CODES[code].ja]);
    expect(explanation(en, { code, authentic: true })).toEqual([CODES[code].en]);
  });

  it('that a relay told is marked as not authenticated', () => {
    expect(explanation(ja, { code: 'TIME_LIMIT', authentic: false })).toEqual([
      CODES.TIME_LIMIT.ja,
      DESKTOP.toldByRelay.ja,
    ]);
  });

  it('that nobody told is a lost connection without a reason', () => {
    expect(explanation(ja, { code: 'CONNECTION_LOST', authentic: false })).toEqual([
      CODES.CONNECTION_LOST.ja,
      DESKTOP.lostUnknown.ja,
    ]);
  });
});

it('every key on the screen has a name', () => {
  expect(Object.keys(KEY_NAMES).sort()).toEqual([...SCREEN_KEYS].sort());
});
