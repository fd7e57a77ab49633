import { expect, it } from 'vitest';
import { conditionsOf, network } from '#bench/report/network.ts';
import { QUOTES } from '#bench/report/quotes.ts';
import { sampleReport } from './sample.ts';

const section = network(sampleReport())
  .body.map(({ text }) => text)
  .join('');
const quote = QUOTES.network?.(sampleReport(), []) ?? '';

it('a line is named by whose rate it is and by what it loses', () => {
  expect(conditionsOf({ rate: 'tbf', lostPerMille: 0 })).toBe('tbf');
  expect(conditionsOf({ rate: 'shaper', lostPerMille: 1 })).toBe('shaper, 0.1 % lost');
});

it('every line has its row: the measured ones with both counts, the others in the words of the kernel', () => {
  expect(section).toContain('0.9921');
  expect(section).toContain('3,760,000');
  expect(section).toContain('未実施 / not run: Error: Could not process rule: &lt;No such file&gt;');
});

it('a document quotes them in rows that are as long as their head', () => {
  const cells = quote.split('\n').map((row) => row.split('|').length);
  expect(cells).toEqual(Array(2 + 3).fill(cells[0]));
  expect(quote).toContain('| tbf | 99.4 % |');
  expect(quote).toContain('not run: Error: Could not process rule: &lt;No such file>');
});
