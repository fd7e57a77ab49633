import { describe, expect, it } from 'vitest';
import { regained, settled } from '#bench/scenarios/step.ts';

describe('a rate that is regained', () => {
  it.each([
    ['at once', [1, 1, 10, 10, 10], 200, 200],
    ['after a slow start', [1, 1, 3, 6, 8, 10, 10], 200, 500],
    ['only if it lasts for two steps', [1, 1, 10, 1, 1, 10, 10], 200, 500],
    ['never', [1, 1, 9, 9, 9], 200, null],
    ['not before the change', [10, 10, 1, 1], 200, null],
  ])('%s', (_, megabits, sinceMs, expected) => {
    expect(regained(megabits, sinceMs, 10)).toBe(expected);
  });
});

describe('frames that are fresh again', () => {
  it.each([
    ['after the last late one', [20, 20, 900, 400, 30, 30, 30], 200, 700, 200],
    ['at once if none is late', [20, 20, 30, 30, 30], 200, 500, 0],
    ['never while they are late to the end', [20, 20, 900, 900], 200, 400, null],
    ['and what comes after the step back up does not count', [20, 20, 900, 30, 900], 200, 400, 100],
  ])('%s', (_, staleness, sinceMs, untilMs, expected) => {
    expect(settled(staleness, sinceMs, untilMs)).toBe(expected);
  });
});
