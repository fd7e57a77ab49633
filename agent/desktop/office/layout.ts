// Where everything stands, in pixels. The model asks here what was hit and what changed, the drawing where to draw.
import type { Rectangle } from '../desktop.ts';

export const TASKBAR_HEIGHT = 40;
export const CLOCK_WIDTH = 96;
export const NETWORK_WIDTH = 132;
export const START_WIDTH = 96;
export const TASK_WIDTH = 188;
export const TASK_GAP = 4;

export const TITLE_HEIGHT = 32;
/** The line around a window. */
export const BORDER = 1;
/** The shadow right of and below a window; part of what a window covers. */
export const SHADOW = 4;
export const MINIMISE_WIDTH = 44;

export const MENU_HEIGHT = 26;
export const STATUS_HEIGHT = 24;
export const NOTEPAD_LINE_HEIGHT = 26;
export const NOTEPAD_PADDING = 8;
export const CARET_WIDTH = 2;
/** The ink of a letter may reach this far out of its advance. */
export const GLYPH_OVERHANG = 2;

export const HEADER_HEIGHT = 28;
export const ENTRY_HEIGHT = 26;
export const SCROLLBAR_WIDTH = 16;
export const THUMB_MIN_HEIGHT = 24;
/** Rows of one notch of the wheel. */
export const SCROLL_ROWS = 3;

export const NOTICE_WIDTH = 340;
export const NOTICE_HEIGHT = 84;

/** The window without line and title bar. */
export function contentOf(window: Rectangle): Rectangle {
  return {
    x: window.x + BORDER,
    y: window.y + TITLE_HEIGHT,
    width: window.width - 2 * BORDER,
    height: window.height - TITLE_HEIGHT - BORDER,
  };
}

export const titleOf = (window: Rectangle): Rectangle => ({ ...window, height: TITLE_HEIGHT });

export function minimiseOf(window: Rectangle): Rectangle {
  const x = window.x + window.width - BORDER - MINIMISE_WIDTH;
  return { x, y: window.y + BORDER, width: MINIMISE_WIDTH, height: TITLE_HEIGHT - BORDER };
}

/** All pixels that a window draws on. */
export const footprintOf = (window: Rectangle): Rectangle => ({
  ...window,
  width: window.width + SHADOW,
  height: window.height + SHADOW,
});

/** The notepad's text area, between menu and status bar. */
export function textAreaOf(content: Rectangle): Rectangle {
  return {
    x: content.x + NOTEPAD_PADDING,
    y: content.y + MENU_HEIGHT + NOTEPAD_PADDING,
    width: content.width - 2 * NOTEPAD_PADDING,
    height: content.height - MENU_HEIGHT - STATUS_HEIGHT - 2 * NOTEPAD_PADDING,
  };
}

/** The bar at the lower edge of a notepad or list. */
export const statusOf = (content: Rectangle): Rectangle => ({
  ...content,
  y: content.y + content.height - STATUS_HEIGHT,
  height: STATUS_HEIGHT,
});

export const taskbarOf = (width: number, height: number): Rectangle => ({
  x: 0,
  y: height - TASKBAR_HEIGHT,
  width,
  height: TASKBAR_HEIGHT,
});

export const clockOf = (width: number, height: number): Rectangle => ({
  x: width - CLOCK_WIDTH,
  y: height - TASKBAR_HEIGHT,
  width: CLOCK_WIDTH,
  height: TASKBAR_HEIGHT,
});

/** The task bar's button of window number `place`; buttons shrink where the screen is narrow. */
export function taskOf(width: number, height: number, place: number, count: number): Rectangle {
  const room = width - START_WIDTH - CLOCK_WIDTH - NETWORK_WIDTH;
  const step = Math.min(TASK_WIDTH, Math.floor(room / count));
  return {
    x: START_WIDTH + place * step,
    y: height - TASKBAR_HEIGHT,
    width: step - TASK_GAP,
    height: TASKBAR_HEIGHT,
  };
}

export const noticeOf = (width: number, height: number): Rectangle => ({
  x: width - NOTICE_WIDTH - 16,
  y: height - TASKBAR_HEIGHT - NOTICE_HEIGHT - 16,
  width: NOTICE_WIDTH,
  height: NOTICE_HEIGHT,
});
