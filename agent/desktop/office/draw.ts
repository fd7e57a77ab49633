// Draws a rectangle of the desktop, from the back to the front.
import type { SKRSContext2D } from '@napi-rs/canvas';
import type { Rectangle } from '../desktop.ts';
import { intersect } from '../rectangle.ts';
import { colours } from './colours.ts';
import { drawList } from './draw-list.ts';
import { drawLock } from './draw-lock.ts';
import { drawNotepad } from './draw-notepad.ts';
import { drawPicture } from './draw-picture.ts';
import { drawTaskbar, WINDOW_TITLES } from './draw-taskbar.ts';
import { drawWallpaper } from './draw-wallpaper.ts';
import { bold, drawText, regular } from './fonts.ts';
import { BORDER, contentOf, footprintOf, minimiseOf, noticeOf, SHADOW, taskbarOf, titleOf } from './layout.ts';
import { type Measure, notepadView, type Office } from './office.ts';
import type { Window } from './windows.ts';

export function draw(context: SKRSContext2D, office: Office, clip: Rectangle, measure: Measure): void {
  within(context, clip, () => {
    if (office.locked) return drawLock(context, office.name, office.width, office.height);
    drawWallpaper(context, office.width, office.height);
    for (const window of office.windows.stack) {
      if (!window.minimised && intersect(footprintOf(window), clip)) drawWindow(context, office, window, measure);
    }
    if (intersect(taskbarOf(office.width, office.height), clip)) drawTaskbar(context, office);
    if (office.notice !== null) drawNotice(context, noticeOf(office.width, office.height), office.notice);
  });
}

function within(context: SKRSContext2D, clip: Rectangle, paint: () => void): void {
  context.save();
  context.beginPath();
  context.rect(clip.x, clip.y, clip.width, clip.height);
  context.clip();
  paint();
  context.restore();
}

function drawWindow(context: SKRSContext2D, office: Office, window: Window, measure: Measure): void {
  const focus = office.windows.focus === window.id;
  context.fillStyle = colours.shadow;
  context.fillRect(window.x + SHADOW, window.y + window.height, window.width, SHADOW);
  context.fillRect(window.x + window.width, window.y + SHADOW, SHADOW, window.height - SHADOW);
  context.fillStyle = focus ? colours.lineOfFocus : colours.line;
  context.fillRect(window.x, window.y, window.width, window.height);
  context.fillStyle = colours.window;
  const content = contentOf(window);
  context.fillRect(content.x, content.y, content.width, content.height);
  drawTitle(context, window, focus);
  within(context, content, () => {
    switch (window.id) {
      case 'notepad':
        return drawNotepad(context, content, office.notepad, notepadView(office, measure), focus && office.caretShown);
      case 'list':
        return drawList(context, content, office.list);
      case 'picture':
        return drawPicture(context, content, office.picture);
    }
  });
}

function drawTitle(context: SKRSContext2D, window: Window, focus: boolean): void {
  const title = titleOf(window);
  context.fillStyle = focus ? colours.titleOfFocus : colours.title;
  context.fillRect(title.x + BORDER, title.y + BORDER, title.width - 2 * BORDER, title.height - BORDER);
  const minimise = minimiseOf(window);
  context.fillStyle = focus ? colours.titleTextOfFocus : colours.titleText;
  context.font = bold(14);
  drawText(
    context,
    WINDOW_TITLES[window.id],
    title.x + 12,
    title.y + title.height / 2,
    title.width - minimise.width - 20,
  );
  context.fillRect(minimise.x + minimise.width / 2 - 6, minimise.y + minimise.height / 2 + 2, 12, 2);
}

function drawNotice(context: SKRSContext2D, place: Rectangle, text: string): void {
  context.fillStyle = colours.noticeLine;
  context.fillRect(place.x, place.y, place.width, place.height);
  context.fillStyle = colours.notice;
  context.fillRect(place.x + 4, place.y + 1, place.width - 5, place.height - 2);
  context.fillStyle = colours.text;
  context.font = bold(14);
  drawText(context, 'お知らせ', place.x + 18, place.y + 22, place.width - 36);
  context.font = regular(13);
  for (const [i, line] of linesOf(context, text, place.width - 36)
    .slice(0, 2)
    .entries()) {
    drawText(context, line, place.x + 18, place.y + 46 + i * 20, place.width - 36);
  }
}

function linesOf(context: SKRSContext2D, text: string, width: number): string[] {
  const lines = [''];
  for (const character of text) {
    const line = `${lines.at(-1)}${character}`;
    if (context.measureText(line).width > width) lines.push(character);
    else lines[lines.length - 1] = line;
  }
  return lines;
}
