import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentOf, footprintOf, TASKBAR_HEIGHT, TITLE_HEIGHT, titleOf } from '#agent/desktop/office/layout.ts';
import {
  drag,
  fitInto,
  focusOn,
  hitTest,
  letGo,
  minimise,
  startWindows,
  takeHold,
  WINDOW_IDS,
  windowOf,
} from '#agent/desktop/office/windows.ts';

const start = startWindows(1280, 800);

describe('the windows', () => {
  it('start with the notepad in front and in focus', () => {
    expect([start.focus, start.stack.at(-1)?.id]).toEqual(['notepad', 'notepad']);
  });

  it('are hit from front to back', () => {
    const notepad = windowOf(start, 'notepad');
    const list = windowOf(start, 'list');
    const x = list.x + 5;
    const y = list.y + TITLE_HEIGHT + 5;
    expect(x < notepad.x + notepad.width && y < notepad.y + notepad.height).toBe(true);
    expect(hitTest(start, x, y)).toEqual({ id: 'notepad', part: 'content' });
    expect(hitTest(focusOn(start, 'list').windows, x, y)).toEqual({ id: 'list', part: 'content' });
    expect(hitTest(start, 1279, 5)).toBeNull();
  });

  it('come to the front with the focus; the title that loses it is redrawn', () => {
    const { windows, damage } = focusOn(start, 'list');
    expect([windows.focus, windows.stack.at(-1)?.id]).toEqual(['list', 'list']);
    expect(damage).toEqual([footprintOf(windowOf(start, 'notepad')), footprintOf(windowOf(start, 'list'))]);
    expect(focusOn(windows, 'list').damage).toEqual([]);
  });

  it('move with the pointer that holds their title, and damage the old and the new place', () => {
    const before = windowOf(start, 'notepad');
    const held = takeHold(start, 'notepad', before.x + 10, before.y + 10);
    const { windows, damage } = drag(held, before.x + 60, before.y + 40);
    const after = windowOf(windows, 'notepad');
    expect([after.x - before.x, after.y - before.y]).toEqual([50, 30]);
    expect(damage).toEqual([footprintOf(before), footprintOf(after)]);
    expect(drag(letGo(windows), 0, 0).damage).toEqual([]);
  });

  it('leave the screen when put away and come back where they were', () => {
    const { windows } = minimise(start, 'notepad');
    expect(windows.focus).toBe('list');
    const { x, y } = contentOf(windowOf(start, 'notepad'));
    expect(hitTest(windows, x, y)).toBeNull();
    expect(windowOf(focusOn(windows, 'notepad').windows, 'notepad')).toEqual(windowOf(start, 'notepad'));
  });

  it('stay where their title can be reached, wherever they are dragged and however the screen is resized', () => {
    const place = fc.integer({ min: -3000, max: 3000 });
    const size = fc.record({ width: fc.integer({ min: 640, max: 1920 }), height: fc.integer({ min: 480, max: 1200 }) });
    fc.assert(
      fc.property(fc.constantFrom(...WINDOW_IDS), place, place, size, (id, x, y, { width, height }) => {
        const dragged = drag(takeHold(start, id, windowOf(start, id).x, windowOf(start, id).y), x, y).windows;
        for (const windows of [dragged, fitInto(dragged, width, height)]) {
          const title = titleOf(windowOf(windows, id));
          expect(title.x).toBeLessThanOrEqual(windows.screen.width - 64);
          expect(title.x + title.width).toBeGreaterThanOrEqual(64);
          expect(title.y).toBeGreaterThanOrEqual(0);
          expect(title.y + title.height).toBeLessThanOrEqual(windows.screen.height - TASKBAR_HEIGHT);
        }
      }),
      { numRuns: 50 },
    );
  });
});
