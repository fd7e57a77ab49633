// The list: scrolling by wheel, by thumb and by a click beside it, and one chosen entry. Pure: rectangles are relative
// to the window's content.
import type { Rectangle } from '../desktop.ts';
import { holds } from '../rectangle.ts';
import {
  ENTRY_HEIGHT,
  HEADER_HEIGHT,
  SCROLL_ROWS,
  SCROLLBAR_WIDTH,
  STATUS_HEIGHT,
  THUMB_MIN_HEIGHT,
} from './layout.ts';

export interface List {
  readonly length: number;
  /** The first visible entry. */
  readonly top: number;
  readonly chosen: number | null;
  /** Where the thumb was taken hold of. */
  readonly grab: { readonly y: number; readonly top: number } | null;
}

/** The window's content, in pixels. */
export interface ListView {
  readonly width: number;
  readonly height: number;
}

export interface ListChange {
  readonly list: List;
  readonly damage: readonly Rectangle[];
}

export const startList = (length: number): List => ({ length, top: 0, chosen: null, grab: null });

/** Where the entries stand. */
export const entriesArea = (view: ListView): Rectangle => ({
  x: 0,
  y: HEADER_HEIGHT,
  width: view.width - SCROLLBAR_WIDTH,
  height: view.height - HEADER_HEIGHT - STATUS_HEIGHT,
});

export const scrollbar = (view: ListView): Rectangle => ({
  x: view.width - SCROLLBAR_WIDTH,
  y: HEADER_HEIGHT,
  width: SCROLLBAR_WIDTH,
  height: view.height - HEADER_HEIGHT - STATUS_HEIGHT,
});

/** Entries that can be seen whole. */
export const pageOf = (view: ListView): number => Math.max(1, Math.floor(entriesArea(view).height / ENTRY_HEIGHT));

const lastTop = (list: List, view: ListView): number => Math.max(0, list.length - pageOf(view));

export function thumb(list: List, view: ListView): Rectangle {
  const track = scrollbar(view);
  const height = Math.max(THUMB_MIN_HEIGHT, Math.round((track.height * pageOf(view)) / Math.max(1, list.length)));
  const way = lastTop(list, view) === 0 ? 0 : list.top / lastTop(list, view);
  return { ...track, y: track.y + Math.round((track.height - height) * way), height };
}

/** One notch of the wheel. */
export const turn = (list: List, direction: 1 | -1, view: ListView): ListChange =>
  scrollTo(list, list.top + direction * SCROLL_ROWS, view);

export function scrollTo(list: List, wanted: number, view: ListView): ListChange {
  const top = Math.min(Math.max(Math.round(wanted), 0), lastTop(list, view));
  if (top === list.top) return { list, damage: [] };
  // Entries, scroll bar and status bar all change
  const damage = [{ x: 0, y: HEADER_HEIGHT, width: view.width, height: view.height - HEADER_HEIGHT }];
  return { list: { ...list, top }, damage };
}

/** The left button went down at this place of the content. */
export function press(list: List, x: number, y: number, view: ListView): ListChange {
  if (holds(thumb(list, view), x, y)) return { list: { ...list, grab: { y, top: list.top } }, damage: [] };
  if (holds(scrollbar(view), x, y)) {
    return scrollTo(list, list.top + (y < thumb(list, view).y ? -pageOf(view) : pageOf(view)), view);
  }
  if (!holds(entriesArea(view), x, y)) return { list, damage: [] };
  const entry = list.top + Math.floor((y - HEADER_HEIGHT) / ENTRY_HEIGHT);
  if (entry >= list.length || entry === list.chosen) return { list, damage: [] };
  const damage = [list.chosen, entry].flatMap((index) => entryRectangle(list, index, view) ?? []);
  return { list: { ...list, chosen: entry }, damage };
}

/** The pointer moved while it holds the thumb. */
export function pull(list: List, y: number, view: ListView): ListChange {
  if (!list.grab) return { list, damage: [] };
  const way = scrollbar(view).height - thumb(list, view).height;
  if (way <= 0) return { list, damage: [] };
  return scrollTo(list, list.grab.top + ((y - list.grab.y) * lastTop(list, view)) / way, view);
}

export const letGo = (list: List): List => ({ ...list, grab: null });

/** Where an entry can be seen; null when it is scrolled away. */
function entryRectangle(list: List, index: number | null, view: ListView): Rectangle | null {
  if (index === null) return null;
  const area = entriesArea(view);
  const y = area.y + (index - list.top) * ENTRY_HEIGHT;
  if (y < area.y || y >= area.y + area.height) return null;
  return { ...area, y, height: Math.min(ENTRY_HEIGHT, area.y + area.height - y) };
}
