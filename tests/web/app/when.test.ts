import { expect, it } from 'vitest';
import { timeOfDay } from '#web/app/when.ts';

const evening = new Date(2026, 10, 26, 22, 31).getTime();
const HOURS = 3_600_000;

it('a time of day is as the reader writes it, and says when it is of tomorrow', () => {
  expect(timeOfDay(evening + HOURS, 'ja', evening)).toBe('23:31');
  expect(timeOfDay(evening + 12 * HOURS, 'ja', evening)).toBe('明日 10:31');
  expect(timeOfDay(evening + 12 * HOURS, 'en', evening)).toBe('10:31 tomorrow');
});
