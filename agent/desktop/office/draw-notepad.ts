// The notepad's window content, and the same text drawn apart for whoever wants to know how a typed text must look.
import { createCanvas, type SKRSContext2D } from '@napi-rs/canvas';
import type { Rectangle } from '../desktop.ts';
import { colours } from './colours.ts';
import { drawText, NOTEPAD_FONT, notepadMeasure, regular } from './fonts.ts';
import { contentOf, MENU_HEIGHT, NOTEPAD_LINE_HEIGHT, statusOf, textAreaOf } from './layout.ts';
import { caretRectangle, layOut, type Notepad, type NotepadView, type Row, visibleRows } from './notepad.ts';
import { startWindows, windowOf } from './windows.ts';

const MENU = ['ファイル(F)', '編集(E)', '書式(O)', '表示(V)', 'ヘルプ(H)'];

export function drawNotepad(
  context: SKRSContext2D,
  content: Rectangle,
  notepad: Notepad,
  view: NotepadView,
  caret: boolean,
): void {
  context.fillStyle = colours.bar;
  context.fillRect(content.x, content.y, content.width, MENU_HEIGHT);
  context.fillStyle = colours.text;
  context.font = regular(13);
  let x = content.x + 10;
  for (const entry of MENU) {
    drawText(context, entry, x, content.y + MENU_HEIGHT / 2, content.width);
    x += context.measureText(entry).width + 18;
  }
  const area = textAreaOf(content);
  drawNotepadText(context, area, notepad, view);
  const place = caretRectangle(notepad, view);
  if (caret && place.y >= 0 && place.y + place.height <= area.height) {
    context.fillStyle = colours.caret;
    context.fillRect(area.x + place.x, area.y + place.y + 3, place.width, place.height - 6);
  }
  drawStatus(context, statusOf(content), notepad);
}

/** The visible rows on white; nothing of caret or window. */
function drawNotepadText(context: SKRSContext2D, area: Rectangle, notepad: Notepad, view: NotepadView): void {
  const rows = layOut(notepad.characters, view).slice(notepad.top, notepad.top + visibleRows(view));
  for (const [i, row] of rows.entries()) {
    drawRow(context, notepad.characters, row, area.x, area.y + i * NOTEPAD_LINE_HEIGHT, view);
  }
}

function drawRow(
  context: SKRSContext2D,
  characters: readonly string[],
  row: Row,
  left: number,
  top: number,
  view: NotepadView,
): void {
  context.font = NOTEPAD_FONT;
  context.textBaseline = 'middle';
  context.fillStyle = colours.text;
  let x = left;
  for (const character of characters.slice(row.start, row.end)) {
    context.fillText(character, x, top + NOTEPAD_LINE_HEIGHT / 2);
    x += view.measure(character);
  }
}

function drawStatus(context: SKRSContext2D, bar: Rectangle, notepad: Notepad): void {
  context.fillStyle = colours.bar;
  context.fillRect(bar.x, bar.y, bar.width, bar.height);
  context.fillStyle = colours.barLine;
  context.fillRect(bar.x, bar.y, bar.width, 1);
  context.fillStyle = colours.faint;
  context.font = regular(12);
  const before = notepad.characters.slice(0, notepad.caret);
  const line = before.filter((character) => character === '\n').length + 1;
  const column = notepad.caret - before.lastIndexOf('\n');
  const middle = bar.y + bar.height / 2;
  drawText(context, `${line} 行、${column} 列`, bar.x + 10, middle, 160);
  drawText(context, 'UTF-8', bar.x + bar.width - 60, middle, 56);
}

export interface ExpectedText {
  /** Where the first row of the text stands on a screen as it is after starting. */
  readonly rectangle: Rectangle;
  /** R, G, B, 255 of that rectangle, row by row. The caret is behind it. */
  readonly pixels: Uint8Array;
}

/**
 * How a text typed into a fresh notepad must look, drawn without the worker: proof for a test that a screenshot shows it.
 * @param text at most one row
 */
export function expectedNotepadText(text: string, screenWidth: number, screenHeight: number): ExpectedText {
  const measure = notepadMeasure();
  const characters = Array.from(text);
  const area = textAreaOf(contentOf(windowOf(startWindows(screenWidth, screenHeight), 'notepad')));
  const view = { width: area.width, height: area.height, measure };
  const width = characters.reduce((sum, character) => sum + measure(character), 0);
  const canvas = createCanvas(Math.max(1, width), NOTEPAD_LINE_HEIGHT);
  const context = canvas.getContext('2d');
  context.fillStyle = colours.window;
  context.fillRect(0, 0, canvas.width, canvas.height);
  drawRow(context, characters, { start: 0, end: characters.length }, 0, 0, view);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const rectangle = { x: area.x, y: area.y, width: canvas.width, height: canvas.height };
  return { rectangle, pixels: new Uint8Array(data) };
}
