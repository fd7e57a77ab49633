// Keys of the simulated desktop: an input event becomes a stroke, as a Japanese keyboard driver would make it.

import { type JisKey, jisCharacter, jisKeyOfCode, jisKeyOfKeysym } from '#protocol/inner/jis-keyboard.ts';
import type { InputEvent } from '#protocol/inner/profile.ts';

type KeyEvent = Extract<InputEvent, { type: 'key' | 'physical-key' }>;

export type Stroke =
  | { readonly type: 'text'; readonly character: string }
  | { readonly type: 'key'; readonly key: JisKey };

export interface Keyboard {
  /** Modifier keys that are down; everything else acts when pressed and needs no memory. */
  readonly held: ReadonlySet<JisKey>;
  readonly capsLock: boolean;
}

export const IDLE_KEYBOARD: Keyboard = { held: new Set(), capsLock: false };

const SHIFTS: readonly JisKey[] = ['ShiftLeft', 'ShiftRight'];
const COMMANDS: readonly JisKey[] = ['ControlLeft', 'ControlRight', 'AltLeft', 'AltRight', 'MetaLeft', 'MetaRight'];
const MODIFIERS: ReadonlySet<JisKey> = new Set([...SHIFTS, ...COMMANDS]);

/** Keysyms 0x4a1 to 0x4df in order: the katakana that some clients send in place of Unicode keysyms. */
const KATAKANA =
  '。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン゛゜';

/** The character that a keysym stands for: Latin-1 as it is, katakana, or Unicode plus 0x01000000. */
export function characterOfKeysym(keysym: number): string | null {
  if ((keysym >= 0x20 && keysym <= 0x7e) || (keysym >= 0xa0 && keysym <= 0xff)) return String.fromCharCode(keysym);
  if (keysym >= 0x4a1 && keysym <= 0x4df) return KATAKANA[keysym - 0x4a1] ?? null;
  const point = keysym - 0x0100_0000;
  if (point < 0x20 || point > 0x10_ffff) return null;
  const character = String.fromCodePoint(point);
  // Controls, surrogates and unassigned code points have no picture; formatting ones would turn the text around
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]$/u.test(character) ? character : null;
}

/** One key event. `stroke` is null when it does nothing by itself: a release, a modifier, a key without meaning. */
export function pressKey(keyboard: Keyboard, event: KeyEvent): { keyboard: Keyboard; stroke: Stroke | null } {
  const key = (event.type === 'physical-key' ? jisKeyOfCode(event.code) : null) ?? jisKeyOfKeysym(event.keysym);
  if (key !== null && MODIFIERS.has(key)) {
    const held = new Set(keyboard.held);
    if (event.down) held.add(key);
    else held.delete(key);
    return { keyboard: { ...keyboard, held }, stroke: null };
  }
  if (!event.down) return { keyboard, stroke: null };
  const shift = SHIFTS.some((modifier) => keyboard.held.has(modifier));
  if (key === 'CapsLock') {
    // A Japanese keyboard locks with Shift; alone the key switches the input method
    return { keyboard: shift ? { ...keyboard, capsLock: !keyboard.capsLock } : keyboard, stroke: null };
  }
  if (key !== null) return { keyboard, stroke: { type: 'key', key: key === 'KeypadEnter' ? 'Enter' : key } };
  if (COMMANDS.some((modifier) => keyboard.held.has(modifier))) return { keyboard, stroke: null };
  const character = written(event, shift, keyboard.capsLock);
  return { keyboard, stroke: character ? { type: 'text', character } : null };
}

/** The physical key decides where it has a character, as on a real desktop; the keysym otherwise. */
function written(event: KeyEvent, shift: boolean, capsLock: boolean): string | null {
  if (event.type === 'physical-key') {
    const plain = jisCharacter(event.code, false);
    if (plain !== null) return jisCharacter(event.code, shift !== (capsLock && /^[a-z]$/.test(plain)));
  }
  return characterOfKeysym(event.keysym);
}
