// The lock screen: the wallpaper, who it is, and nothing of what was open.
import type { SKRSContext2D } from '@napi-rs/canvas';
import { colours } from './colours.ts';
import { drawWallpaper } from './draw-wallpaper.ts';
import { bold, drawText, regular } from './fonts.ts';

const PANEL = { width: 420, height: 150 };

export function drawLock(context: SKRSContext2D, name: string, width: number, height: number): void {
  drawWallpaper(context, width, height);
  const x = Math.floor((width - PANEL.width) / 2);
  const y = Math.floor((height - PANEL.height) / 2);
  context.fillStyle = colours.taskbar;
  context.fillRect(x, y, PANEL.width, PANEL.height);
  context.fillStyle = colours.taskText;
  context.font = bold(24);
  drawText(context, 'ロックされています', x + 32, y + 56, PANEL.width - 64);
  context.font = regular(15);
  drawText(context, name, x + 32, y + 104, PANEL.width - 64);
}
