import { describe, expect, it } from 'vitest';
import { characterOfKeysym, IDLE_KEYBOARD, type Keyboard, pressKey, type Stroke } from '#agent/desktop/office/keys.ts';
import { JIS_KEYS, type JisKey } from '#protocol/inner/jis-keyboard.ts';

function play(...events: Parameters<typeof pressKey>[1][]): { strokes: Stroke[]; keyboard: Keyboard } {
  let keyboard = IDLE_KEYBOARD;
  const strokes: Stroke[] = [];
  for (const event of events) {
    const result = pressKey(keyboard, event);
    keyboard = result.keyboard;
    if (result.stroke) strokes.push(result.stroke);
  }
  return { strokes, keyboard };
}

const physical = (code: number, down = true, keysym = 0) => ({ type: 'physical-key', code, down, keysym }) as const;
const symbol = (keysym: number, down = true) => ({ type: 'key', keysym, down }) as const;
const named = (key: JisKey, down = true) => physical(JIS_KEYS[key].code, down, JIS_KEYS[key].keysym);
const text = (character: string): Stroke => ({ type: 'text', character });

describe('keys of the simulated desktop', () => {
  it('writes by the physical key while the client has an input method on and sends no keysym', () => {
    expect(play(physical(0x1e), physical(0x1e, false)).strokes).toEqual([text('a')]);
  });

  it('lets the physical key decide when the client has another layout', () => {
    // A US keyboard says " for Shift and the key that a Japanese one prints * on
    const { strokes } = play(named('ShiftLeft'), physical(0x28, true, 0x22));
    expect(strokes).toEqual([text('*')]);
  });

  it('shifts while either Shift is down', () => {
    const { strokes } = play(
      named('ShiftLeft'),
      named('ShiftRight'),
      named('ShiftLeft', false),
      physical(0x0d),
      named('ShiftRight', false),
      physical(0x0d),
    );
    expect(strokes).toEqual([text('~'), text('^')]);
  });

  it('writes nothing for Shift and 0, which has no character', () => {
    expect(play(named('ShiftLeft'), physical(0x0b)).strokes).toEqual([]);
  });

  it('locks capitals, of letters only, by Shift and Caps Lock', () => {
    const { strokes } = play(
      named('ShiftLeft'),
      named('CapsLock'),
      named('ShiftLeft', false),
      physical(0x1e),
      physical(0x02),
    );
    expect(strokes).toEqual([text('A'), text('1')]);
  });

  it('writes nothing while Control or Alt is down', () => {
    expect(play(named('ControlLeft'), physical(0x2f)).strokes).toEqual([]);
    expect(play(symbol(JIS_KEYS.AltRight.keysym), symbol(0x61)).strokes).toEqual([]);
  });

  it('takes Japanese from Unicode keysyms and from katakana keysyms', () => {
    expect(characterOfKeysym(0x0100_6f22)).toBe('漢');
    expect(characterOfKeysym(0x0102_0bb7)).toBe('𠮷');
    expect(characterOfKeysym(0x4b1)).toBe('ア');
    expect(characterOfKeysym(0x4df)).toBe('゜');
    expect(characterOfKeysym(0xa5)).toBe('¥');
  });

  it('takes no keysym for a control, a surrogate, a direction mark or a code point that does not exist', () => {
    for (const point of [0x0a, 0x7f, 0x85, 0xd800, 0x202e, 0xe000, 0x11_0000]) {
      expect(characterOfKeysym(0x0100_0000 + point)).toBeNull();
    }
    for (const keysym of [0, 0x1f, 0x7f, 0x4a0, 0x4e0, 0xffff, 0xffff_ffff]) {
      expect(characterOfKeysym(keysym)).toBeNull();
    }
  });

  it('takes Enter of the keypad for Enter', () => {
    expect(play(named('KeypadEnter')).strokes).toEqual([{ type: 'key', key: 'Enter' }]);
  });
});
