import { createCanvas } from '@napi-rs/canvas';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Rectangle } from '#agent/desktop/desktop.ts';
import { draw } from '#agent/desktop/office/draw.ts';
import { notepadMeasure } from '#agent/desktop/office/fonts.ts';
import { clockOf, contentOf, noticeOf, taskOf } from '#agent/desktop/office/layout.ts';
import { type Office, type OfficeEvent, screenOf, startOffice, step } from '#agent/desktop/office/office.ts';
import { WINDOW_IDS, windowOf } from '#agent/desktop/office/windows.ts';

const measure = notepadMeasure();
const NOON = Date.UTC(2026, 3, 1, 3, 0);
const start = startOffice('desk-01', 640, 480, NOON);
const play = (office: Office, ...events: OfficeEvent[]) =>
  events.reduce((state, event) => step(state, event, measure).office, office);
const pointer = (x: number, y: number, buttons = 0): OfficeEvent => ({ type: 'pointer', x, y, buttons });
const letter = (character: string): OfficeEvent => ({ type: 'key', down: true, keysym: character.charCodeAt(0) });

describe('the simulated desktop', () => {
  it('gives the keys to the window in focus only', () => {
    const list = contentOf(windowOf(start.windows, 'list'));
    const outside = play(start, pointer(list.x + list.width - 40, list.y + 60, 1), letter('x'));
    expect(outside.windows.focus).toBe('list');
    expect(outside.notepad.characters).toEqual([]);
    const task = taskOf(640, 480, WINDOW_IDS.indexOf('notepad'), WINDOW_IDS.length);
    const back = play(outside, pointer(task.x + 5, task.y + 5, 0), pointer(task.x + 5, task.y + 5, 1), letter('x'));
    expect(back.notepad.characters).toEqual(['x']);
  });

  it('draws the clock anew when the minute changes, and not before', () => {
    expect(step(start, { type: 'clock', now: NOON + 59_999 }, measure).damage).toEqual([]);
    expect(step(start, { type: 'clock', now: NOON + 60_000 }, measure).damage).toEqual([clockOf(640, 480)]);
  });

  it('moves the picture until it is clicked, and again after the next click', () => {
    const { x, y, width } = contentOf(windowOf(start.windows, 'picture'));
    const next: OfficeEvent = { type: 'next-picture' };
    const click = [pointer(x + width - 20, y + 10, 1), pointer(x + width - 20, y + 10, 0)];
    expect(play(start, next, next).picture.frame).toBe(2);
    const paused = play(start, ...click, next);
    expect(paused.picture).toEqual({ frame: 0, paused: true });
    expect(step(paused, next, measure).damage).toEqual([]);
    expect(play(paused, ...click, next).picture).toEqual({ frame: 1, paused: false });
  });

  it('shows a notice and takes it away, damaging its place only', () => {
    const shown = step(start, { type: 'notice', text: '登録されました' }, measure);
    expect([shown.office.notice, shown.damage]).toEqual(['登録されました', [noticeOf(640, 480)]]);
    expect(play(shown.office, { type: 'notice', text: null }).notice).toBeNull();
  });

  it('lets go of modifiers, buttons and a dragged window at once', () => {
    const title = windowOf(start.windows, 'notepad');
    const held = play(start, { type: 'key', down: true, keysym: 0xffe1 }, pointer(title.x + 20, title.y + 10, 1));
    expect([held.keyboard.held.size, held.windows.drag?.id]).toEqual([1, 'notepad']);
    const free = play(held, { type: 'release-all' });
    expect([free.keyboard.held.size, free.buttons, free.windows.drag]).toEqual([0, 0, null]);
  });

  it('damages the border of a window that loses the focus to the wallpaper', () => {
    const list = contentOf(windowOf(start.windows, 'list'));
    const at = (buttons: number) => pointer(list.x + list.width - 40, list.y + 60, buttons);
    const listFocused = play(start, at(1), at(0));
    const change = step(listFocused, pointer(1, 1, 1), measure);
    expect([listFocused.windows.focus, change.office.windows.focus]).toEqual(['list', null]);
    expect(changedOutside(pixelsOf(listFocused), pixelsOf(change.office), change.damage)).toBe(0);
  });

  it('never damages anything outside the screen, and every pixel that changes lies in the damage', () => {
    const events = fc.oneof(
      fc
        .record({
          x: fc.integer({ min: 0, max: 700 }),
          y: fc.integer({ min: 0, max: 500 }),
          buttons: fc.constantFrom(0, 1, 1, 1, 8, 16),
        })
        .map(({ x, y, buttons }) => pointer(x, y, buttons)),
      fc.constantFrom('a', 'j', 'W', ' ').map(letter),
      fc
        .constantFrom(0xff0d, 0xff08, 0xff52, 0xff54, 0xff56)
        .map((keysym): OfficeEvent => ({ type: 'key', down: true, keysym })),
      fc.constantFrom<OfficeEvent>(
        { type: 'blink' },
        { type: 'next-picture' },
        { type: 'clock', now: NOON + 120_000 },
        { type: 'notice', text: 'お知らせの本文' },
        { type: 'notice', text: null },
      ),
    );
    fc.assert(
      fc.property(fc.array(events, { minLength: 4, maxLength: 14 }), (all) => {
        let office = start;
        let before = pixelsOf(office);
        for (const event of all) {
          const change = step(office, event, measure);
          const after = pixelsOf(change.office);
          for (const { x, y, width, height } of change.damage) {
            expect(x >= 0 && y >= 0 && x + width <= 640 && y + height <= 480 && width > 0 && height > 0).toBe(true);
          }
          expect(changedOutside(before, after, change.damage), JSON.stringify(event)).toBe(0);
          office = change.office;
          before = after;
        }
      }),
      { numRuns: 12 },
    );
  });
});

function pixelsOf(office: Office): Uint32Array {
  const canvas = createCanvas(office.width, office.height);
  draw(canvas.getContext('2d'), office, screenOf(office), measure);
  const { data } = canvas.getContext('2d').getImageData(0, 0, office.width, office.height);
  return new Uint32Array(data.buffer, data.byteOffset, data.length / 4);
}

function changedOutside(before: Uint32Array, after: Uint32Array, damage: readonly Rectangle[]): number {
  let count = 0;
  for (let i = 0; i < after.length; i++) {
    if (before[i] === after[i]) continue;
    const x = i % 640;
    const y = Math.floor(i / 640);
    if (!damage.some((r) => x >= r.x && x < r.x + r.width && y >= r.y && y < r.y + r.height)) count++;
  }
  return count;
}
