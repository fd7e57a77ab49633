// Keys that a browser or the user's own system keeps for itself, or that a keyboard does not have: the page offers them on
// the screen. They go out as the physical keys of a Japanese keyboard.
import { JIS_KEYS, type JisKey } from '#protocol/inner/jis-keyboard.ts';
import type { InputEvent } from '#protocol/inner/profile.ts';

const CHORDS = {
  ctrlAltDelete: ['ControlLeft', 'AltLeft', 'Delete'],
  zenkakuHankaku: ['ZenkakuHankaku'],
  convert: ['Convert'],
  nonConvert: ['NonConvert'],
  katakanaHiragana: ['KanaMode'],
  /** On a JIS keyboard Caps Lock is 英数. */
  eisu: ['CapsLock'],
  windows: ['MetaLeft'],
} as const satisfies Record<string, readonly JisKey[]>;

export type ScreenKey = keyof typeof CHORDS;

export const SCREEN_KEYS = Object.keys(CHORDS) as readonly ScreenKey[];

/** All down in order, all up in the other. */
export function chord(key: ScreenKey): InputEvent[] {
  const keys = CHORDS[key].map((name) => JIS_KEYS[name]);
  const event = (down: boolean) => (of: (typeof keys)[number]) => ({ type: 'physical-key' as const, down, ...of });
  return [...keys.map(event(true)), ...keys.toReversed().map(event(false))];
}
