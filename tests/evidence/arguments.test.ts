import { describe, expect, it } from 'vitest';
import { readArguments } from '#evidence/arguments.ts';
import { REQUIREMENTS, type RequirementId } from '#evidence/requirements.ts';

const rowsOf = (only: string) =>
  (Object.keys(REQUIREMENTS) as RequirementId[]).filter(readArguments(['--only', only]).wanted);
const proofsOf = (only: string) =>
  readArguments(['--only', only]).topics.flatMap(({ proofs }) => proofs.map(({ requirements }) => requirements));

describe('the arguments of npm run evidence', () => {
  it('select nothing away by default', () => {
    expect(readArguments([])).toMatchObject({ command: 'run', whole: true, key: null, json: false });
  });

  it('select by requirement: its own row, and every proof that speaks for it', () => {
    expect(rowsOf('A1,B5')).toEqual(['A1', 'B5']);
    expect(proofsOf('B5').length).toBeGreaterThan(0);
    for (const requirements of proofsOf('B5')) expect(requirements).toContain('B5');
  });

  it('select by topic: all rows that its proofs speak for', () => {
    const rows = rowsOf('tested');
    expect(rows).toContain('A4');
    expect(rows).toEqual(expect.arrayContaining(proofsOf('tested').flat()));
  });

  it.each([
    [['--only', 'Z9'], /unknown in --only: "Z9"/],
    [['--only', ''], /unknown in --only: ""/],
    [['prove'], /unknown command "prove"/],
    [['verify'], /needs the folder/],
    [['run', 'x'], /unexpected "x"/],
    [['--fast'], /--fast/],
  ])('refuse %j in one line', (args, line) => {
    expect(() => readArguments(args)).toThrow(line);
  });
});
