// The notepad: text, caret and scrolling, without pixels of its own. Every function takes the state and gives the next
// one with the rectangles that changed, relative to the text area.
import type { Rectangle } from '../desktop.ts';
import type { Stroke } from './keys.ts';
import { CARET_WIDTH, NOTEPAD_LINE_HEIGHT, SCROLL_ROWS } from './layout.ts';

/** What is typed beyond this many characters is not taken (T18). */
export const NOTEPAD_MAX_CHARACTERS = 20_000;

export interface Notepad {
  /** One element a code point; '\n' ends a line. */
  readonly characters: readonly string[];
  /** The caret stands in front of this character. */
  readonly caret: number;
  /** The first visible row. */
  readonly top: number;
}

/** The text area the notepad is laid out in. */
export interface NotepadView {
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** The advance of one character in whole pixels. */
  readonly measure: (character: string) => number;
}

export interface NotepadChange {
  readonly notepad: Notepad;
  readonly damage: readonly Rectangle[];
}

/** One row on the screen: characters [start, end), the newline not included. */
export interface Row {
  readonly start: number;
  readonly end: number;
}

export const EMPTY_NOTEPAD: Notepad = { characters: [], caret: 0, top: 0 };

/** Breaks the text into rows, anywhere, as Japanese text may be. There is always at least one row. */
export function layOut(characters: readonly string[], view: NotepadView): readonly Row[] {
  const rows: Row[] = [];
  const room = view.width - CARET_WIDTH;
  let start = 0;
  let x = 0;
  for (const [i, character] of characters.entries()) {
    if (character === '\n') {
      rows.push({ start, end: i });
      start = i + 1;
      x = 0;
      continue;
    }
    const advance = view.measure(character);
    if (x + advance > room && i > start) {
      rows.push({ start, end: i });
      start = i;
      x = 0;
    }
    x += advance;
  }
  rows.push({ start, end: characters.length });
  return rows;
}

export const visibleRows = (view: NotepadView): number => Math.max(1, Math.floor(view.height / NOTEPAD_LINE_HEIGHT));

function widthOf(characters: readonly string[], view: NotepadView): number {
  let x = 0;
  for (const character of characters) x += view.measure(character);
  return x;
}

const rowOf = (rows: readonly Row[], index: number): number =>
  Math.max(
    0,
    rows.findLastIndex((row) => row.start <= index),
  );

/** Where the caret stands, relative to the text area; outside of it when scrolled away. */
export function caretRectangle(notepad: Notepad, view: NotepadView): Rectangle {
  const rows = layOut(notepad.characters, view);
  const row = rowOf(rows, notepad.caret);
  const start = rows[row]?.start ?? 0;
  return {
    x: widthOf(notepad.characters.slice(start, notepad.caret), view),
    y: (row - notepad.top) * NOTEPAD_LINE_HEIGHT,
    width: CARET_WIDTH,
    height: NOTEPAD_LINE_HEIGHT,
  };
}

/** A key was pressed while the notepad has the focus. */
export function strike(notepad: Notepad, stroke: Stroke, view: NotepadView): NotepadChange {
  const next = stroke.type === 'text' ? insert(notepad, stroke.character) : edit(notepad, stroke.key, view);
  return change(notepad, follow(next, view), view);
}

function insert(notepad: Notepad, character: string): Notepad {
  const { characters, caret } = notepad;
  if (characters.length >= NOTEPAD_MAX_CHARACTERS) return notepad;
  return { ...notepad, characters: characters.toSpliced(caret, 0, character), caret: caret + 1 };
}

function edit(notepad: Notepad, key: Extract<Stroke, { type: 'key' }>['key'], view: NotepadView): Notepad {
  const { characters, caret } = notepad;
  const at = (index: number) => ({ ...notepad, caret: Math.min(Math.max(index, 0), characters.length) });
  switch (key) {
    case 'Enter':
      return insert(notepad, '\n');
    case 'Tab':
      return insert(notepad, '\u3000');
    case 'Backspace':
      return caret === 0 ? notepad : { ...notepad, characters: characters.toSpliced(caret - 1, 1), caret: caret - 1 };
    case 'Delete':
      return { ...notepad, characters: characters.toSpliced(caret, 1) };
    case 'Left':
      return at(caret - 1);
    case 'Right':
      return at(caret + 1);
    case 'Up':
      return stepRows(notepad, -1, view);
    case 'Down':
      return stepRows(notepad, 1, view);
    case 'PageUp':
      return stepRows(notepad, -visibleRows(view), view);
    case 'PageDown':
      return stepRows(notepad, visibleRows(view), view);
    case 'Home':
    case 'End': {
      const rows = layOut(characters, view);
      const row = rows[rowOf(rows, caret)];
      return row ? at(key === 'Home' ? row.start : row.end) : notepad;
    }
    default:
      return notepad;
  }
}

/** Moves the caret by rows and keeps its place in the row as well as it can. */
function stepRows(notepad: Notepad, by: number, view: NotepadView): Notepad {
  const { x, y } = caretRectangle(notepad, view);
  return { ...notepad, caret: nearest(notepad, x, y + by * NOTEPAD_LINE_HEIGHT, view) };
}

/** The place between two characters that is nearest to a point of the text area. */
function nearest(notepad: Notepad, x: number, y: number, view: NotepadView): number {
  const rows = layOut(notepad.characters, view);
  const wanted = notepad.top + Math.floor(y / NOTEPAD_LINE_HEIGHT);
  const row = rows[Math.min(Math.max(wanted, 0), rows.length - 1)];
  if (!row) return 0;
  let left = 0;
  for (let i = row.start; i < row.end; i++) {
    const advance = view.measure(notepad.characters[i] ?? '');
    if (x < left + advance / 2) return i;
    left += advance;
  }
  return row.end;
}

/** The text area was clicked: the caret goes there. */
export function point(notepad: Notepad, x: number, y: number, view: NotepadView): NotepadChange {
  return change(notepad, follow({ ...notepad, caret: nearest(notepad, x, y, view) }, view), view);
}

/** The wheel was turned by one notch over the text area. */
export function turn(notepad: Notepad, direction: 1 | -1, view: NotepadView): NotepadChange {
  const last = Math.max(0, layOut(notepad.characters, view).length - visibleRows(view));
  const top = Math.min(Math.max(notepad.top + direction * SCROLL_ROWS, 0), last);
  return change(notepad, { ...notepad, top }, view);
}

/** Scrolls so that the caret can be seen. */
export function follow(notepad: Notepad, view: NotepadView): Notepad {
  const row = rowOf(layOut(notepad.characters, view), notepad.caret);
  const top = Math.min(Math.max(notepad.top, row - visibleRows(view) + 1), row);
  return top === notepad.top ? notepad : { ...notepad, top };
}

/** Row by row, from the first character that differs to the longer end; and the caret's old and new place. */
function change(before: Notepad, after: Notepad, view: NotepadView): NotepadChange {
  if (before === after) return { notepad: after, damage: [] };
  const damage: Rectangle[] = [];
  const rowsBefore = layOut(before.characters, view);
  const rowsAfter = layOut(after.characters, view);
  for (let i = 0; i < Math.ceil(view.height / NOTEPAD_LINE_HEIGHT); i++) {
    const from = textOf(before, rowsBefore[before.top + i]);
    const to = textOf(after, rowsAfter[after.top + i]);
    let same = 0;
    while (same < from.length && same < to.length && from[same] === to[same]) same++;
    if (same === from.length && same === to.length) continue;
    const x = widthOf(to.slice(0, same), view);
    const width = Math.max(widthOf(from, view), widthOf(to, view)) - x;
    damage.push({ x, y: i * NOTEPAD_LINE_HEIGHT, width, height: NOTEPAD_LINE_HEIGHT });
  }
  damage.push(caretRectangle(before, view), caretRectangle(after, view));
  return { notepad: after, damage };
}

const textOf = (notepad: Notepad, row: Row | undefined): readonly string[] =>
  row ? notepad.characters.slice(row.start, row.end) : [];
