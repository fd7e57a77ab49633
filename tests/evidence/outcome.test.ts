import { describe, expect, it } from 'vitest';
import { NOT_CLAIMED } from '#evidence/not-claimed.ts';
import { type Outcome, type Result, rowsOf } from '#evidence/outcome.ts';
import { REQUIREMENTS, type RequirementId } from '#evidence/requirements.ts';
import { TOPICS } from '#evidence/topics.ts';

const said = { ja: '', en: '' };
const outcome = (result: Result, ...requirements: [RequirementId, ...RequirementId[]]): Outcome => ({
  proof: { name: requirements.join('-').toLowerCase(), requirements, claim: said, tried: said },
  result,
  seen: said,
  seconds: 1,
  artefacts: [],
});
const results = (outcomes: Outcome[]) =>
  Object.fromEntries(rowsOf(outcomes, () => true).map(({ id, result }) => [id, result]));

describe('the rows', () => {
  it('pass only if every proof of the requirement passed', () => {
    expect(results([outcome('pass', 'C1', 'C2'), outcome('fail', 'C2'), outcome('not-run', 'C1', 'C3')])).toEqual({
      C1: 'not-run',
      C2: 'fail',
      C3: 'not-run',
    });
    expect(results([outcome('not-run', 'C2'), outcome('fail', 'C2'), outcome('pass', 'C2')])).toEqual({ C2: 'fail' });
  });

  it('stand in the order of the requirements, one for each that was looked at', () => {
    expect(Object.keys(results([outcome('pass', 'J1'), outcome('pass', 'A1', 'D10')]))).toEqual(['A1', 'D10', 'J1']);
  });
});

describe('the proofs', () => {
  const proofs = TOPICS.flatMap((topic) => topic.proofs);

  it('speak for every requirement, or the report says that nothing is claimed', () => {
    const spoken = new Set(proofs.flatMap(({ requirements }) => requirements));
    const claimed = Object.keys(REQUIREMENTS).filter((id) => !NOT_CLAIMED.some((not) => not.id === id));
    expect(claimed.filter((id) => !spoken.has(id as RequirementId))).toEqual([]);
    expect(NOT_CLAIMED.filter(({ id }) => spoken.has(id))).toEqual([]);
  });

  it('have names of their own, apart from requirements and topics', () => {
    const names = [...proofs, ...TOPICS].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
  });

  it.each(proofs.map((proof) => [proof.name, proof] as const))('%s says in both languages what it claims', (_, one) => {
    for (const { ja, en } of [one.claim, one.tried]) {
      expect(ja).toMatch(/[\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Han}]/u);
      expect(en).toMatch(/[a-z]/);
    }
  });
});
