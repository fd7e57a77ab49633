// The task bar: start button, one button a window, network and name of the desktop, the clock.
import type { SKRSContext2D } from '@napi-rs/canvas';
import { colours } from './colours.ts';
import { bold, drawText, regular } from './fonts.ts';
import { clockOf, NETWORK_WIDTH, START_WIDTH, taskbarOf, taskOf } from './layout.ts';
import type { Office } from './office.ts';
import { WINDOW_IDS, type WindowId, windowOf } from './windows.ts';

export const WINDOW_TITLES: Readonly<Record<WindowId, string>> = {
  notepad: '無題 - メモ帳',
  list: '住民異動届 受付一覧(架空市 市民課)',
  picture: '防災カメラ(見本画像)',
};

const TASK_TITLES: Readonly<Record<WindowId, string>> = {
  notepad: 'メモ帳',
  list: '住民異動届 受付一覧',
  picture: '防災カメラ',
};

const TIME_ZONE = 'Asia/Tokyo';
const time = new Intl.DateTimeFormat('ja-JP', { timeZone: TIME_ZONE, hour: '2-digit', minute: '2-digit' });
const date = new Intl.DateTimeFormat('ja-JP', {
  timeZone: TIME_ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

export function drawTaskbar(context: SKRSContext2D, office: Office): void {
  const bar = taskbarOf(office.width, office.height);
  const middle = bar.y + bar.height / 2;
  context.fillStyle = colours.taskbar;
  context.fillRect(bar.x, bar.y, bar.width, bar.height);
  context.fillStyle = colours.start;
  context.fillRect(bar.x, bar.y, START_WIDTH - 8, bar.height);
  context.fillStyle = colours.taskText;
  context.font = bold(14);
  drawText(context, 'スタート', bar.x + 16, middle, START_WIDTH - 24);

  for (const [place, id] of WINDOW_IDS.entries()) {
    const task = taskOf(office.width, office.height, place, WINDOW_IDS.length);
    const focus = office.windows.focus === id;
    context.fillStyle = focus ? colours.taskOfFocus : colours.task;
    context.fillRect(task.x, task.y + 4, task.width, task.height - 8);
    if (!windowOf(office.windows, id).minimised) {
      context.fillStyle = colours.open;
      context.fillRect(task.x, task.y + task.height - 6, task.width, 2);
    }
    context.fillStyle = colours.taskText;
    context.font = regular(13);
    drawText(context, TASK_TITLES[id], task.x + 12, middle, task.width - 20);
  }

  const clock = clockOf(office.width, office.height);
  context.font = regular(13);
  drawText(context, `LGWAN ${office.name}`, clock.x - NETWORK_WIDTH + 28, middle, NETWORK_WIDTH - 36);
  context.fillStyle = colours.online;
  context.beginPath();
  context.arc(clock.x - NETWORK_WIDTH + 16, middle, 4, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = colours.taskText;
  drawText(context, time.format(office.minute), clock.x + 28, middle - 8, clock.width);
  context.font = regular(12);
  drawText(context, date.format(office.minute), clock.x + 12, middle + 9, clock.width);
}
