// The whole simulated desktop as one state and one step: event in, next state and damage out. No clock, no timer, no
// pixels: the worker brings the first two, draw.ts the third.
import type { InputEvent } from '#protocol/inner/profile.ts';
import type { Rectangle } from '../desktop.ts';
import { holds, intersect, moved } from '../rectangle.ts';
import { ENTRIES } from './entries.ts';
import { IDLE_KEYBOARD, type Keyboard, pressKey } from './keys.ts';
import {
  clockOf,
  contentOf,
  footprintOf,
  GLYPH_OVERHANG,
  noticeOf,
  statusOf,
  taskbarOf,
  taskOf,
  textAreaOf,
} from './layout.ts';
import * as lists from './list.ts';
import * as notepads from './notepad.ts';
import * as windows from './windows.ts';

export interface Office {
  /** The desktop's name, as the task bar shows it. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly windows: windows.Windows;
  readonly notepad: notepads.Notepad;
  readonly list: lists.List;
  readonly picture: { readonly frame: number; readonly paused: boolean };
  readonly keyboard: Keyboard;
  /** The pointer's buttons that are down, as RFB numbers them. */
  readonly buttons: number;
  /** The caret blinks: whether it can be seen now. */
  readonly caretShown: boolean;
  /** Milliseconds since 1970, cut to the minute. */
  readonly minute: number;
  readonly notice: string | null;
  /** Nothing but the lock screen shows, and no key or button does anything. */
  readonly locked: boolean;
}

export type OfficeEvent =
  | InputEvent
  | { readonly type: 'blink' }
  | { readonly type: 'next-picture' }
  | { readonly type: 'clock'; readonly now: number }
  | { readonly type: 'notice'; readonly text: string | null }
  | { readonly type: 'release-all' }
  | { readonly type: 'lock' }
  | { readonly type: 'resize'; readonly width: number; readonly height: number };

export interface OfficeChange {
  readonly office: Office;
  /** In pixels of the screen, clipped to it; may overlap. */
  readonly damage: readonly Rectangle[];
}

/** The advance of one character in the notepad's font, in whole pixels. */
export type Measure = (character: string) => number;

const LEFT_BUTTON = 1;
const WHEEL_UP = 8;
const WHEEL_DOWN = 16;
const MINUTE_MS = 60_000;

export function startOffice(name: string, width: number, height: number, now: number): Office {
  return {
    name,
    width,
    height,
    windows: windows.startWindows(width, height),
    notepad: notepads.EMPTY_NOTEPAD,
    list: lists.startList(ENTRIES.length),
    picture: { frame: 0, paused: false },
    keyboard: IDLE_KEYBOARD,
    buttons: 0,
    caretShown: true,
    minute: minuteOf(now),
    notice: null,
    locked: false,
  };
}

const minuteOf = (now: number) => now - (now % MINUTE_MS);

export const screenOf = (office: Office): Rectangle => ({ x: 0, y: 0, width: office.width, height: office.height });

export function step(office: Office, event: OfficeEvent, measure: Measure): OfficeChange {
  const { office: next, damage } = act(office, event, measure);
  return { office: next, damage: damage.flatMap((rectangle) => intersect(rectangle, screenOf(next)) ?? []) };
}

function act(office: Office, event: OfficeEvent, measure: Measure): OfficeChange {
  if (office.locked && event.type !== 'resize') return unchanged(office);
  switch (event.type) {
    case 'key':
    case 'physical-key':
      return key(office, event, measure);
    case 'pointer':
      return pointer(office, event, measure);
    case 'blink':
      return blink(office, measure);
    case 'next-picture':
      return nextPicture(office);
    case 'clock':
      if (minuteOf(event.now) === office.minute) return unchanged(office);
      return { office: { ...office, minute: minuteOf(event.now) }, damage: [clockOf(office.width, office.height)] };
    case 'notice':
      return { office: { ...office, notice: event.text }, damage: [noticeOf(office.width, office.height)] };
    case 'release-all':
      return unchanged(released(office));
    case 'lock':
      return { office: { ...released(office), locked: true }, damage: [screenOf(office)] };
    case 'resize':
      return resize(office, event.width, event.height, measure);
  }
}

const unchanged = (office: Office): OfficeChange => ({ office, damage: [] });

function released(office: Office): Office {
  return {
    ...office,
    keyboard: { ...office.keyboard, held: new Set() },
    buttons: 0,
    windows: windows.letGo(office.windows),
    list: lists.letGo(office.list),
  };
}

// Keys ---------------------------------------------------------------------------------------------------------------

export function notepadView(office: Office, measure: Measure): notepads.NotepadView {
  const area = textAreaOf(contentOf(windows.windowOf(office.windows, 'notepad')));
  return { width: area.width, height: area.height, measure };
}

function key(
  office: Office,
  event: Extract<OfficeEvent, { type: 'key' | 'physical-key' }>,
  measure: Measure,
): OfficeChange {
  const { keyboard, stroke } = pressKey(office.keyboard, event);
  const next = { ...office, keyboard };
  if (!stroke) return unchanged(next);
  if (office.windows.focus === 'list' && stroke.type === 'key') {
    const view = listView(office);
    const by = { Up: -1, Down: 1, PageUp: -lists.pageOf(view), PageDown: lists.pageOf(view) };
    if (!(stroke.key in by)) return unchanged(next);
    return listChanged(next, lists.scrollTo(office.list, office.list.top + by[stroke.key as keyof typeof by], view));
  }
  if (office.windows.focus !== 'notepad') return unchanged(next);
  return notepadChanged(next, notepads.strike(office.notepad, stroke, notepadView(office, measure)));
}

/** The caret shows at once where it goes; the status bar says its place. */
function notepadChanged(office: Office, change: notepads.NotepadChange): OfficeChange {
  if (change.notepad === office.notepad) return unchanged(office);
  const content = contentOf(windows.windowOf(office.windows, 'notepad'));
  const area = textAreaOf(content);
  const damage = change.damage.flatMap((rectangle) => {
    const inked = { ...rectangle, x: rectangle.x - GLYPH_OVERHANG, width: rectangle.width + 2 * GLYPH_OVERHANG };
    return intersect(moved(inked, area.x, area.y), content) ?? [];
  });
  return { office: { ...office, notepad: change.notepad, caretShown: true }, damage: [...damage, statusOf(content)] };
}

function blink(office: Office, measure: Measure): OfficeChange {
  const notepad = windows.windowOf(office.windows, 'notepad');
  const next = { ...office, caretShown: !office.caretShown };
  if (office.windows.focus !== 'notepad' || notepad.minimised) return unchanged(next);
  const area = textAreaOf(contentOf(notepad));
  const caret = notepads.caretRectangle(office.notepad, notepadView(office, measure));
  const seen = intersect(moved(caret, area.x, area.y), area);
  return { office: next, damage: seen ? [seen] : [] };
}

// Pointer ------------------------------------------------------------------------------------------------------------

const listView = (office: Office): lists.ListView => contentOf(windows.windowOf(office.windows, 'list'));

function pointer(office: Office, event: Extract<OfficeEvent, { type: 'pointer' }>, measure: Measure): OfficeChange {
  const pressed = event.buttons & ~office.buttons;
  const next = { ...office, buttons: event.buttons };
  if (pressed & LEFT_BUTTON) return press(next, event.x, event.y, measure);
  if (pressed & WHEEL_UP) return wheel(next, event.x, event.y, -1, measure);
  if (pressed & WHEEL_DOWN) return wheel(next, event.x, event.y, 1, measure);
  if (event.buttons & LEFT_BUTTON) return drag(next, event.x, event.y);
  return unchanged({ ...next, windows: windows.letGo(next.windows), list: lists.letGo(next.list) });
}

function press(office: Office, x: number, y: number, measure: Measure): OfficeChange {
  const taskbar = taskbarOf(office.width, office.height);
  if (holds(taskbar, x, y)) return pressTaskbar(office, x, y);
  const hit = windows.hitTest(office.windows, x, y);
  const focused = focus(office, hit?.id ?? null);
  if (!hit) return focused;
  switch (hit.part) {
    case 'minimise':
      return also(focused, windowsChanged(focused.office, windows.minimise(focused.office.windows, hit.id)));
    case 'title':
      return also(
        focused,
        unchanged({ ...focused.office, windows: windows.takeHold(focused.office.windows, hit.id, x, y) }),
      );
    case 'content':
      return also(focused, pressContent(focused.office, hit.id, x, y, measure));
  }
}

const also = (first: OfficeChange, second: OfficeChange): OfficeChange => ({
  office: second.office,
  damage: [...first.damage, ...second.damage],
});

const focus = (office: Office, id: windows.WindowId | null): OfficeChange =>
  windowsChanged(office, windows.focusOn(office.windows, id));

/** A change of focus shows in the task bar and at the notepad's caret, too. */
function windowsChanged(office: Office, change: windows.WindowsChange): OfficeChange {
  const next = { ...office, windows: change.windows };
  if (change.windows.focus === office.windows.focus) return { office: next, damage: change.damage };
  const notepad = windows.windowOf(change.windows, 'notepad');
  const lost = office.windows.focus === 'notepad' && !notepad.minimised ? [footprintOf(notepad)] : [];
  return { office: next, damage: [...change.damage, ...lost, taskbarOf(office.width, office.height)] };
}

function pressTaskbar(office: Office, x: number, y: number): OfficeChange {
  const ids = windows.WINDOW_IDS;
  const id = ids.find((_, place) => holds(taskOf(office.width, office.height, place, ids.length), x, y));
  if (!id) return unchanged(office);
  if (office.windows.focus === id) return windowsChanged(office, windows.minimise(office.windows, id));
  return focus(office, id);
}

function pressContent(office: Office, id: windows.WindowId, x: number, y: number, measure: Measure): OfficeChange {
  const content = contentOf(windows.windowOf(office.windows, id));
  switch (id) {
    case 'notepad': {
      const area = textAreaOf(content);
      const change = notepads.point(office.notepad, x - area.x, y - area.y, notepadView(office, measure));
      return notepadChanged(office, change);
    }
    case 'list':
      return listChanged(office, lists.press(office.list, x - content.x, y - content.y, content));
    case 'picture': {
      const picture = { ...office.picture, paused: !office.picture.paused };
      return { office: { ...office, picture }, damage: [content] };
    }
  }
}

function listChanged(office: Office, change: lists.ListChange): OfficeChange {
  const content = contentOf(windows.windowOf(office.windows, 'list'));
  return {
    office: { ...office, list: change.list },
    damage: change.damage.map((rectangle) => moved(rectangle, content.x, content.y)),
  };
}

function wheel(office: Office, x: number, y: number, direction: 1 | -1, measure: Measure): OfficeChange {
  const hit = windows.hitTest(office.windows, x, y);
  if (hit?.part !== 'content') return unchanged(office);
  switch (hit.id) {
    case 'list':
      return listChanged(office, lists.turn(office.list, direction, listView(office)));
    case 'notepad':
      return notepadChanged(office, notepads.turn(office.notepad, direction, notepadView(office, measure)));
    case 'picture':
      return unchanged(office);
  }
}

function drag(office: Office, x: number, y: number): OfficeChange {
  if (office.windows.drag) return windowsChanged(office, windows.drag(office.windows, x, y));
  if (!office.list.grab) return unchanged(office);
  const content = contentOf(windows.windowOf(office.windows, 'list'));
  return listChanged(office, lists.pull(office.list, y - content.y, content));
}

// What moves by itself -----------------------------------------------------------------------------------------------

function nextPicture(office: Office): OfficeChange {
  const window = windows.windowOf(office.windows, 'picture');
  if (office.picture.paused || window.minimised) return unchanged(office);
  const picture = { ...office.picture, frame: office.picture.frame + 1 };
  return { office: { ...office, picture }, damage: [contentOf(window)] };
}

function resize(office: Office, width: number, height: number, measure: Measure): OfficeChange {
  const sized = { ...office, width, height, windows: windows.fitInto(office.windows, width, height) };
  const notepad = notepads.follow(sized.notepad, notepadView(sized, measure));
  const list = lists.scrollTo(sized.list, sized.list.top, listView(sized)).list;
  const next = { ...sized, notepad, list: lists.letGo(list) };
  return { office: next, damage: [screenOf(next)] };
}
