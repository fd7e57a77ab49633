import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { itemsOf, levels, statementFaults } from '#evidence/delivery/asvs.ts';

const ROOT = join(import.meta.dirname, '../../..');
const statement = readFileSync(join(ROOT, 'docs/asvs.md'), 'utf8');

describe('the ASVS statement', () => {
  it('has every item of the five chapters once, and the other chapters', () => {
    expect(levels().size).toBe(119);
    expect(itemsOf(statement).map(({ id }) => id)).toEqual([...levels().keys()]);
    expect(statementFaults(statement)).toEqual([]);
  });

  it('names files that exist', () => {
    const files = [...statement.matchAll(/`([a-z][\w-]*\/[\w./-]+)`/g)].map(([, file]) => file as string);
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  it('has a test or a document behind everything that it calls met', () => {
    const bare = itemsOf(statement).filter(
      ({ verdict, how }) => verdict === 'met' && !/`[\w/.-]+\.(?:ts|md)`/.test(how),
    );
    expect(bare).toEqual([]);
  });

  it.each([
    ['an item is missing', statement.replace(/^\| 7\.2\.3 .*\n/m, ''), '7.2.3: not once'],
    ['an item stands there twice', statement.replace(/^(\| 7\.2\.3 .*\n)/m, '$1$1'), '7.2.3: not once'],
    ['an item is made up', statement.replace('| 7.2.3 |', '| 7.2.9 |'), '7.2.9: no such item'],
    ['a level is wrong', statement.replace('| 7.2.3 | 1 |', '| 7.2.3 | 3 |'), '7.2.3: of another level'],
    ['a verdict is made up', statement.replace('| 7.2.3 | 1 | met |', '| 7.2.3 | 1 | nearly |'), '7.2.3: no verdict'],
    [
      'nothing is named',
      statement.replace(/^(\| 7\.2\.3 \| 1 \| met \|).*$/m, '$1 it is so |'),
      '7.2.3: met, by what?',
    ],
    ['a chapter is missing', statement.replace(/^\| V17 .*\n/m, ''), /^the other chapters are/],
    ['the count is wrong', statement.replace(/^119 items: .*$/m, '119 items: all met.'), /^the count must read/],
  ])('is found out when %s', (_, broken, line) => {
    expect(statementFaults(broken)).toEqual(
      expect.arrayContaining([typeof line === 'string' ? line : expect.stringMatching(line)]),
    );
  });
});
