// Text as the key events of a Japanese keyboard (JIS, 106/109 keys). ASCII goes by physical key, since desktops lose long
// bursts of Unicode keysyms; anything else has no key and goes by its keysym.
import { Failure } from '#platform/process/exit.ts';
import { JIS_KEYS, jisCodeOf } from '#protocol/inner/jis-keyboard.ts';
import type { InputEvent } from '#protocol/inner/profile.ts';

/** X11: a Unicode character's keysym is its code point above this; Latin-1 stands for itself. */
const UNICODE_KEYSYMS = 0x0100_0000;

/**
 * @param text '\n' is Enter, '\t' is Tab
 * @returns press and release of each character in order, with Shift held where the key needs it
 * @throws Failure for any other control character: its keysym would be another key
 */
export function keysFor(text: string): InputEvent[] {
  return Array.from(text.replaceAll('\r\n', '\n'), keysForCharacter).flat();
}

function keysForCharacter(character: string): InputEvent[] {
  if (character === '\n') return press(JIS_KEYS.Enter.keysym, JIS_KEYS.Enter.code);
  if (character === '\t') return press(JIS_KEYS.Tab.keysym, JIS_KEYS.Tab.code);
  const point = character.codePointAt(0) ?? 0;
  if (/^[\p{Cc}\p{Cs}]$/u.test(character)) {
    throw new Failure(`the text to type holds the control character U+${point.toString(16).padStart(4, '0')}`, 2);
  }
  const key = jisCodeOf(character);
  if (!key) return pressSymbol(point < 0x100 ? point : UNICODE_KEYSYMS + point);
  const strokes = press(point, key.code);
  if (!key.shift) return strokes;
  const { keysym, code } = JIS_KEYS.ShiftLeft;
  return [physical(true, keysym, code), ...strokes, physical(false, keysym, code)];
}

const physical = (down: boolean, keysym: number, code: number): InputEvent => ({
  type: 'physical-key',
  down,
  keysym,
  code,
});
const press = (keysym: number, code: number) => [physical(true, keysym, code), physical(false, keysym, code)];
const pressSymbol = (keysym: number): InputEvent[] => [
  { type: 'key', down: true, keysym },
  { type: 'key', down: false, keysym },
];
