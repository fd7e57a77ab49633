import { describe, expect, it } from 'vitest';
import { JIS_KEYS, jisCharacter, jisCodeOf, jisKeyOfCode, jisKeyOfKeysym } from '#protocol/inner/jis-keyboard.ts';

const ASCII = Array.from({ length: 0x5f }, (_, i) => String.fromCharCode(0x20 + i));

describe('the JIS keyboard', () => {
  it('has a physical key for every character of printable ASCII, and the key writes that character', () => {
    for (const character of ASCII) {
      const place = jisCodeOf(character);
      expect(place && jisCharacter(place.code, place.shift), character).toBe(character);
    }
  });

  it('has no key for a character outside ASCII', () => {
    for (const character of ['あ', '¥', '\n', '', 'ab']) expect(jisCodeOf(character)).toBeNull();
  });

  // The keys in which JIS differs from US, as printed on the keys
  it.for([
    [0x03, '2', '"'],
    [0x07, '6', '&'],
    [0x08, '7', "'"],
    [0x09, '8', '('],
    [0x0a, '9', ')'],
    [0x0b, '0', ''],
    [0x0c, '-', '='],
    [0x0d, '^', '~'],
    [0x7d, '¥', '|'],
    [0x1a, '@', '`'],
    [0x1b, '[', '{'],
    [0x27, ';', '+'],
    [0x28, ':', '*'],
    [0x2b, ']', '}'],
    [0x73, '\\', '_'],
  ] as const)('writes %o as printed on the key', ([code, plain, shifted]) => {
    expect([jisCharacter(code, false), jisCharacter(code, true)]).toEqual([plain, shifted]);
  });

  it('writes a space with and without Shift, and ASCII prefers the key without', () => {
    expect(jisCharacter(0x39, true)).toBe(' ');
    expect(jisCodeOf(' ')).toEqual({ code: 0x39, shift: false });
  });

  it('knows every other key by code and by keysym', () => {
    for (const [key, { code, keysym }] of Object.entries(JIS_KEYS)) {
      expect(jisKeyOfCode(code)).toBe(key);
      expect(jisKeyOfKeysym(keysym)).toBe(key);
      expect(jisCharacter(code, false)).toBeNull();
    }
  });
});
