// The list's window content.
import type { SKRSContext2D } from '@napi-rs/canvas';
import type { Rectangle } from '../desktop.ts';
import { colours } from './colours.ts';
import { COLUMNS, ENTRIES } from './entries.ts';
import { bold, drawText, regular } from './fonts.ts';
import { ENTRY_HEIGHT, HEADER_HEIGHT, statusOf } from './layout.ts';
import { entriesArea, type List, pageOf, scrollbar, thumb } from './list.ts';

export function drawList(context: SKRSContext2D, content: Rectangle, list: List): void {
  const area = entriesArea(content);
  const columns = columnPlaces(content.x, area.width);
  context.fillStyle = colours.header;
  context.fillRect(content.x, content.y, content.width, HEADER_HEIGHT);
  context.fillStyle = colours.text;
  context.font = bold(13);
  for (const { title, x, width } of columns) {
    drawText(context, title, x + 8, content.y + HEADER_HEIGHT / 2, width - 12);
  }

  context.save();
  context.beginPath();
  context.rect(content.x, content.y + area.y, area.width, area.height);
  context.clip();
  const rows = Math.ceil(area.height / ENTRY_HEIGHT);
  for (const [i, entry] of ENTRIES.slice(list.top, list.top + rows).entries()) {
    const index = list.top + i;
    const y = content.y + area.y + i * ENTRY_HEIGHT;
    context.fillStyle = index === list.chosen ? colours.chosen : index % 2 ? colours.stripe : colours.window;
    context.fillRect(content.x, y, area.width, ENTRY_HEIGHT);
    context.font = regular(14);
    for (const { key, x, width } of columns) {
      context.fillStyle = key === 'state' ? colours.state[entry.state] : colours.text;
      drawText(context, entry[key], x + 8, y + ENTRY_HEIGHT / 2, width - 12);
    }
  }
  context.restore();

  drawScrollbar(context, content, list);
  drawStatus(context, statusOf(content), list, pageOf(content));
}

function columnPlaces(left: number, width: number) {
  let x = left;
  return COLUMNS.map((column) => {
    const place = { ...column, x, width: Math.floor((width * column.share) / 100) };
    x += place.width;
    return place;
  });
}

function drawScrollbar(context: SKRSContext2D, content: Rectangle, list: List): void {
  const track = scrollbar(content);
  context.fillStyle = colours.track;
  context.fillRect(content.x + track.x, content.y + track.y, track.width, track.height);
  const knob = thumb(list, content);
  context.fillStyle = colours.thumb;
  context.fillRect(content.x + knob.x + 3, content.y + knob.y + 1, knob.width - 6, knob.height - 2);
}

function drawStatus(context: SKRSContext2D, bar: Rectangle, list: List, page: number): void {
  context.fillStyle = colours.bar;
  context.fillRect(bar.x, bar.y, bar.width, bar.height);
  context.fillStyle = colours.barLine;
  context.fillRect(bar.x, bar.y, bar.width, 1);
  context.fillStyle = colours.faint;
  context.font = regular(12);
  const middle = bar.y + bar.height / 2;
  const last = Math.min(list.length, list.top + page);
  drawText(context, `${list.length} 件中 ${list.top + 1}〜${last} 件を表示`, bar.x + 10, middle, bar.width / 2);
  drawText(context, '架空のデータ(実在の人物ではありません)', bar.x + bar.width / 2, middle, bar.width / 2 - 10);
}
