// The windows: order, focus, dragging, minimising. Pure: every step gives the next state and what has to be redrawn,
// in pixels of the screen.
import type { Rectangle } from '../desktop.ts';
import { holds } from '../rectangle.ts';
import { contentOf, footprintOf, minimiseOf, TASKBAR_HEIGHT, TITLE_HEIGHT, titleOf } from './layout.ts';

/** In the order of the task bar. */
export const WINDOW_IDS = ['notepad', 'list', 'picture'] as const;
export type WindowId = (typeof WINDOW_IDS)[number];

export interface Window extends Rectangle {
  readonly id: WindowId;
  readonly minimised: boolean;
}

export interface Windows {
  /** In pixels, with the task bar. */
  readonly screen: { readonly width: number; readonly height: number };
  /** From back to front; each id once. */
  readonly stack: readonly Window[];
  /** The window that gets the keys. */
  readonly focus: WindowId | null;
  /** The window that is being dragged, and where in it the pointer took hold. */
  readonly drag: { readonly id: WindowId; readonly dx: number; readonly dy: number } | null;
}

export interface WindowsChange {
  readonly windows: Windows;
  readonly damage: readonly Rectangle[];
}

export interface Hit {
  readonly id: WindowId;
  readonly part: 'title' | 'minimise' | 'content';
}

const between = (low: number, value: number, high: number) => Math.max(low, Math.min(value, high));

/** The windows as they stand after starting; sizes follow the screen. */
export function startWindows(width: number, height: number): Windows {
  const open = (id: WindowId, x: number, y: number, w: number, h: number): Window => ({
    id,
    ...keptInside({ x: Math.round(x), y: Math.round(y), width: Math.round(w), height: Math.round(h) }, width, height),
    minimised: false,
  });
  const left = width >= 800 ? 112 : 16;
  const notepadWidth = between(300, width * 0.42, 720);
  const notepadHeight = between(220, height * 0.48, 620);
  const listWidth = between(400, width * 0.5, 860);
  const listHeight = between(240, height * 0.52, 700);
  return {
    screen: { width, height },
    stack: [
      open('picture', width - 322 - 28, 28, 322, 233),
      open('list', width - listWidth - 48, height - TASKBAR_HEIGHT - listHeight - 28, listWidth, listHeight),
      open('notepad', left, 40, notepadWidth, notepadHeight),
    ],
    focus: 'notepad',
    drag: null,
  };
}

/** Never larger than the screen, and never where its title bar could not be reached. */
function keptInside(window: Rectangle, width: number, height: number): Rectangle {
  const w = Math.min(window.width, width);
  const h = Math.min(window.height, height - TASKBAR_HEIGHT);
  return {
    x: between(64 - w, window.x, width - 64),
    y: between(0, window.y, height - TASKBAR_HEIGHT - TITLE_HEIGHT),
    width: w,
    height: h,
  };
}

export function windowOf(windows: Windows, id: WindowId): Window {
  const window = windows.stack.find((candidate) => candidate.id === id);
  if (!window) throw new Error(`no window ${id}`);
  return window;
}

/** What stands at this place; null is wallpaper. */
export function hitTest(windows: Windows, x: number, y: number): Hit | null {
  const window = windows.stack.findLast((candidate) => !candidate.minimised && holds(candidate, x, y));
  if (!window) return null;
  if (holds(minimiseOf(window), x, y)) return { id: window.id, part: 'minimise' };
  if (holds(titleOf(window), x, y)) return { id: window.id, part: 'title' };
  return holds(contentOf(window), x, y) ? { id: window.id, part: 'content' } : null;
}

/** Brings a window to the front, back from the task bar if need be, and gives it the focus; null takes the focus away. */
export function focusOn(windows: Windows, id: WindowId | null): WindowsChange {
  const damage: Rectangle[] = [];
  const front = windows.stack.findLast((window) => !window.minimised);
  if (id === windows.focus && (id === null || front?.id === id)) return { windows, damage };
  // Title and border lines show the focus.
  if (windows.focus !== null) damage.push(footprintOf(windowOf(windows, windows.focus)));
  if (id === null) return { windows: { ...windows, focus: null }, damage };
  const window = { ...windowOf(windows, id), minimised: false };
  damage.push(footprintOf(window));
  const stack = [...windows.stack.filter((other) => other.id !== id), window];
  return { windows: { ...windows, stack, focus: id }, damage };
}

/** Puts a window away; the one below it gets the focus. */
export function minimise(windows: Windows, id: WindowId): WindowsChange {
  const damage: Rectangle[] = [footprintOf(windowOf(windows, id))];
  const stack = windows.stack.map((window) => (window.id === id ? { ...window, minimised: true } : window));
  const next = stack.findLast((window) => !window.minimised) ?? null;
  if (next) damage.push(footprintOf(next));
  return { windows: { ...windows, stack, focus: next?.id ?? null }, damage };
}

export function takeHold(windows: Windows, id: WindowId, x: number, y: number): Windows {
  const window = windowOf(windows, id);
  return { ...windows, drag: { id, dx: x - window.x, dy: y - window.y } };
}

/** The pointer moved while it holds a window. */
export function drag(windows: Windows, x: number, y: number): WindowsChange {
  if (!windows.drag) return { windows, damage: [] };
  const { id, dx, dy } = windows.drag;
  const before = windowOf(windows, id);
  const place = keptInside({ ...before, x: x - dx, y: y - dy }, windows.screen.width, windows.screen.height);
  if (place.x === before.x && place.y === before.y) return { windows, damage: [] };
  const after = { ...before, ...place };
  const stack = windows.stack.map((window) => (window.id === id ? after : window));
  return { windows: { ...windows, stack }, damage: [footprintOf(before), footprintOf(after)] };
}

export const letGo = (windows: Windows): Windows => ({ ...windows, drag: null });

/** The screen has another size: every window stays where it can be reached. The whole screen is to be redrawn. */
export function fitInto(windows: Windows, width: number, height: number): Windows {
  const stack = windows.stack.map((window) => ({ ...window, ...keptInside(window, width, height) }));
  return { ...windows, screen: { width, height }, stack, drag: null };
}
