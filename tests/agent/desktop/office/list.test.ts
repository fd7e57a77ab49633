import { describe, expect, it } from 'vitest';
import { COLUMNS, ENTRIES } from '#agent/desktop/office/entries.ts';
import { ENTRY_HEIGHT, HEADER_HEIGHT, SCROLL_ROWS, STATUS_HEIGHT } from '#agent/desktop/office/layout.ts';
import { letGo, pageOf, press, pull, scrollbar, scrollTo, startList, thumb, turn } from '#agent/desktop/office/list.ts';

const view = { width: 400, height: HEADER_HEIGHT + 10 * ENTRY_HEIGHT + STATUS_HEIGHT };
const list = startList(100);

describe('the list', () => {
  it('scrolls by the wheel and stops at both ends', () => {
    expect(turn(list, 1, view).list.top).toBe(SCROLL_ROWS);
    expect(turn(list, -1, view)).toEqual({ list, damage: [] });
    expect(scrollTo(list, 1000, view).list.top).toBe(100 - pageOf(view));
  });

  it('damages entries, scroll bar and status bar, but not the header, when it scrolls', () => {
    const height = view.height - HEADER_HEIGHT;
    expect(turn(list, 1, view).damage).toEqual([{ x: 0, y: HEADER_HEIGHT, width: view.width, height }]);
  });

  it('follows the thumb from end to end', () => {
    const track = scrollbar(view);
    const knob = thumb(list, view);
    const held = press(list, knob.x + 3, knob.y + 5, view).list;
    const low = pull(held, knob.y + 5 + track.height, view).list;
    expect(low.top).toBe(90);
    expect(thumb(low, view).y + thumb(low, view).height).toBe(track.y + track.height);
    expect(pull(low, knob.y + 5, view).list.top).toBe(0);
    expect(pull(letGo(low), 0, view).damage).toEqual([]);
  });

  it('turns a page when the track beside the thumb is clicked', () => {
    const track = scrollbar(view);
    const low = press(list, track.x + 2, track.y + track.height - 1, view).list;
    expect(low.top).toBe(10);
    expect(press(low, track.x + 2, track.y, view).list.top).toBe(0);
  });

  it('damages the entry that is chosen and the one that was', () => {
    const first = press(list, 20, HEADER_HEIGHT + 1, view);
    expect(first.damage).toHaveLength(1);
    const second = press(first.list, 20, HEADER_HEIGHT + 3 * ENTRY_HEIGHT, view);
    expect(second.list.chosen).toBe(3);
    expect(second.damage.map(({ y }) => y)).toEqual([HEADER_HEIGHT, HEADER_HEIGHT + 3 * ENTRY_HEIGHT]);
  });

  it('shows no entry that could be taken for a real person', () => {
    for (const { name, place } of ENTRIES) {
      expect(name).toMatch(/^(見本|架空|例示|仮名|試験|想像|空想|練習) /);
      expect(place).toMatch(/見本|架空|例示|空想/);
    }
    expect(COLUMNS.reduce((sum, { share }) => sum + share, 0)).toBe(100);
  });
});
