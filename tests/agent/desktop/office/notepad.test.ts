import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Rectangle } from '#agent/desktop/desktop.ts';
import type { Stroke } from '#agent/desktop/office/keys.ts';
import { CARET_WIDTH, NOTEPAD_LINE_HEIGHT } from '#agent/desktop/office/layout.ts';
import {
  caretRectangle,
  EMPTY_NOTEPAD,
  layOut,
  NOTEPAD_MAX_CHARACTERS,
  type Notepad,
  point,
  strike,
  turn,
  visibleRows,
} from '#agent/desktop/office/notepad.ts';

/** Ten letters wide, four rows high; a letter is 10 pixels wide and a kanji 20. */
const view = {
  width: 100 + CARET_WIDTH,
  height: 4 * NOTEPAD_LINE_HEIGHT,
  measure: (character: string) => ((character.codePointAt(0) ?? 0) < 0x100 ? 10 : 20),
};

type Key = Extract<Stroke, { type: 'key' }>['key'];
const press = (notepad: Notepad, key: Key) => strike(notepad, { type: 'key', key }, view).notepad;
const type = (text: string, from = EMPTY_NOTEPAD) =>
  Array.from(text).reduce(
    (notepad, character) =>
      character === '\n' ? press(notepad, 'Enter') : strike(notepad, { type: 'text', character }, view).notepad,
    from,
  );
const rowsOf = (notepad: Notepad) =>
  layOut(notepad.characters, view).map(({ start, end }) => notepad.characters.slice(start, end).join(''));

describe('the notepad', () => {
  it('wraps at the width, by the width of each character', () => {
    expect(rowsOf(type('abcdefghijkl'))).toEqual(['abcdefghij', 'kl']);
    expect(rowsOf(type('住民異動届出'))).toEqual(['住民異動届', '出']);
    expect(rowsOf(type('abcdefghi漢'))).toEqual(['abcdefghi', '漢']);
  });

  it('keeps the empty row after a newline', () => {
    expect(rowsOf(type('ab\n\ncd\n'))).toEqual(['ab', '', 'cd', '']);
  });

  it('writes, deletes and moves at the caret', () => {
    let notepad = type('abd');
    notepad = press(notepad, 'Left');
    notepad = type('c', notepad);
    expect(rowsOf(notepad)).toEqual(['abcd']);
    notepad = press(notepad, 'Backspace');
    notepad = press(notepad, 'Delete');
    expect(rowsOf(notepad)).toEqual(['ab']);
    notepad = press(press(notepad, 'Home'), 'Backspace');
    expect([rowsOf(notepad), notepad.caret]).toEqual([['ab'], 0]);
    expect(press(notepad, 'End').caret).toBe(2);
  });

  it('deletes a character outside the basic plane as one', () => {
    expect(rowsOf(press(type('𠮷野'), 'Backspace'))).toEqual(['𠮷']);
    expect(rowsOf(press(press(type('𠮷野'), 'Backspace'), 'Backspace'))).toEqual(['']);
  });

  it('moves by rows and keeps the place in the row', () => {
    const notepad = press(press(type('abc\nabcdef'), 'Left'), 'Up');
    expect(notepad.caret).toBe(3);
    expect(press(notepad, 'Down').caret).toBe(4 + 3);
  });

  it('scrolls so that the caret stays in sight, and by the wheel', () => {
    const notepad = type('1\n2\n3\n4\n5\n6');
    expect(visibleRows(view)).toBe(4);
    expect(notepad.top).toBe(2);
    expect(turn(notepad, -1, view).notepad.top).toBe(0);
    expect(turn(notepad, 1, view).notepad.top).toBe(2);
    expect(press(notepad, 'PageUp').top).toBe(1);
  });

  it('puts the caret where the text is clicked, at the nearer side of a letter', () => {
    const notepad = type('abc');
    expect(point(notepad, 14, 5, view).notepad.caret).toBe(1);
    expect(point(notepad, 16, 5, view).notepad.caret).toBe(2);
    expect(point(notepad, 500, 500, view).notepad.caret).toBe(3);
  });

  it('takes no more than its limit', () => {
    const full: Notepad = { characters: new Array(NOTEPAD_MAX_CHARACTERS).fill('a'), caret: 0, top: 0 };
    expect(type('b', full).characters.length).toBe(NOTEPAD_MAX_CHARACTERS);
    expect(press(full, 'Enter').characters.length).toBe(NOTEPAD_MAX_CHARACTERS);
  });

  it('damages one letter and the caret when a letter is added at the end', () => {
    const { damage } = strike(type('ab'), { type: 'text', character: 'c' }, view);
    expect(damage).toEqual([
      { x: 20, y: 0, width: 10, height: NOTEPAD_LINE_HEIGHT },
      { x: 20, y: 0, width: CARET_WIDTH, height: NOTEPAD_LINE_HEIGHT },
      { x: 30, y: 0, width: CARET_WIDTH, height: NOTEPAD_LINE_HEIGHT },
    ]);
  });

  it('damages nothing when nothing changed', () => {
    expect(strike(EMPTY_NOTEPAD, { type: 'key', key: 'Backspace' }, view).damage).toEqual([]);
    expect(strike(EMPTY_NOTEPAD, { type: 'key', key: 'Escape' }, view).damage).toEqual([]);
  });

  it('damages every letter place that differs, whatever is done', () => {
    const strokes = fc.oneof(
      fc.constantFrom('a', 'b', '漢').map((character): Stroke => ({ type: 'text', character })),
      fc
        .constantFrom<Key>('Enter', 'Backspace', 'Delete', 'Left', 'Right', 'Up', 'Down', 'Home', 'End', 'PageUp')
        .map((key): Stroke => ({ type: 'key', key })),
    );
    fc.assert(
      fc.property(fc.array(strokes, { maxLength: 60 }), (all) => {
        let notepad = EMPTY_NOTEPAD;
        for (const stroke of all) {
          const change = strike(notepad, stroke, view);
          const before = places(notepad);
          const after = places(change.notepad);
          for (const key of new Set([...before.keys(), ...after.keys()])) {
            if (before.get(key) !== after.get(key)) expect(covered(change.damage, key)).toBe(true);
          }
          notepad = change.notepad;
          expect(notepad.caret).toBeLessThanOrEqual(notepad.characters.length);
          const { y } = caretRectangle(notepad, view);
          expect(y >= 0 && y < view.height).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** "x,y" of the pixels at the left edge of every visible letter and of the caret → what stands there. */
function places(notepad: Notepad): Map<string, string> {
  const found = new Map<string, string>();
  const rows = layOut(notepad.characters, view).slice(notepad.top, notepad.top + visibleRows(view));
  for (const [i, row] of rows.entries()) {
    let x = 0;
    for (const character of notepad.characters.slice(row.start, row.end)) {
      found.set(`${x},${i * NOTEPAD_LINE_HEIGHT}`, character);
      x += view.measure(character);
    }
  }
  const caret = caretRectangle(notepad, view);
  found.set(`${caret.x + 1},${caret.y}`, 'caret');
  return found;
}

function covered(damage: readonly Rectangle[], key: string): boolean {
  const [x = 0, y = 0] = key.split(',').map(Number);
  return damage.some((r) => x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height);
}
