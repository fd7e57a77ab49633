import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judgeThreatModel, lookAtThreatModel } from '#evidence/delivery/threat-model.ts';
import { adversariesOf, type Grounds, modelFaults, threatsOf } from '#evidence/delivery/threats.ts';

const ROOT = join(import.meta.dirname, '../../..');

describe('the threat model of this version', () => {
  it('has a guard that names it, an attack test and an adversary for every threat, and every adversary that J4 names', () => {
    const seen = lookAtThreatModel(ROOT);
    expect(seen.faults).toEqual([]);
    expect(seen.control).not.toEqual([]);
    expect(judgeThreatModel(seen).result).toBe('pass');
  });

  it('is read from the tables that people read', () => {
    const threats = threatsOf(readFileSync(join(ROOT, 'SECURITY.md'), 'utf8'));
    const adversaries = adversariesOf(readFileSync(join(ROOT, 'docs/threat-model.md'), 'utf8'));
    expect(threats.length).toBeGreaterThan(20);
    expect(threats.every(({ guards, tests }) => guards.length > 0 && tests.length > 0)).toBe(true);
    expect(adversaries.length).toBeGreaterThan(6);
  });
});

describe('a model', () => {
  const good: Grounds = {
    security: '| T01 | a stolen device | gateway/door, agent (opening) | t01-stolen |',
    model: rowsOfModel(),
    files: new Map([
      ['gateway/door.ts', 'refuses (T01)'],
      ['tests/attacks/t01-stolen.test.ts', ''],
    ]),
    rows: new Set(['B1']),
  };

  it('that is whole has no fault', () => {
    expect(modelFaults(good)).toEqual([]);
  });

  it.each<[string, Partial<Grounds>, string]>([
    [
      'the guard does not name the threat',
      { files: new Map([...good.files, ['gateway/door.ts', 'refuses']]) },
      'T01: no file that the row names has the id in it',
    ],
    [
      'only another file names it',
      { files: new Map([...good.files, ['gateway/door.ts', ''], ['broker/x.ts', 'T01']]) },
      'T01: no file that the row names has the id in it',
    ],
    ['the attack test is gone', { files: new Map([['gateway/door.ts', 'T01']]) }, 'T01: no test t01-stolen'],
    ['nobody attacks by it', { model: good.model.replaceAll('T01', 'T02') }, 'T01: no adversary'],
    [
      'an adversary has a threat that is none',
      { model: good.model.replace('T01', 'T01, T09') },
      'stolen client: no threat T09',
    ],
    ['an adversary has a row that is none', { model: good.model.replace('B1', 'B77') }, 'stolen client: no row B77'],
    [
      'an adversary is missing',
      { model: good.model.replace('network attacker', 'someone') },
      'network attacker: no such adversary',
    ],
    [
      'the code names a threat without a row',
      { files: new Map([...good.files, ['agent/y.ts', 'T31']]) },
      'T31: in the code, and not in SECURITY.md',
    ],
  ])('is found out when %s', (_, bad, line) => {
    expect(modelFaults({ ...good, ...bad })).toContain(line);
  });

  it('fails its judge by any fault, and by a look that is blind', () => {
    const seen = { threats: 1, adversaries: 6, faults: [], control: ['T01: no adversary'] };
    expect(judgeThreatModel(seen).result).toBe('pass');
    expect(judgeThreatModel({ ...seen, faults: ['T01: no adversary'] }).result).toBe('fail');
    expect(judgeThreatModel({ ...seen, control: [] }).result).toBe('fail');
    expect(judgeThreatModel({ ...seen, threats: 0 }).result).toBe('fail');
  });
});

function rowsOfModel(): string {
  const names = [
    'stolen client',
    'malicious gateway',
    'malicious broker',
    'malicious insider',
    'compromised agent PC',
    'network attacker',
  ];
  return names.map((name) => `| ${name} | a | b | T01 | B1 | c |`).join('\n');
}
