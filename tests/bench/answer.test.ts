import { describe, expect, it } from 'vitest';
import { headline, single } from '#bench/answer.ts';
import type { FillResult, Report, ScenarioResult } from '#bench/result.ts';
import { sampleReport } from './report/sample.ts';

const report: Report = sampleReport();
const isFill = (result: ScenarioResult): result is FillResult => result.scenario === 'fill';
const [fill] = report.scenarios.filter(isFill) as [FillResult];

describe('what --json prints of one scenario', () => {
  it('is its result as it is, if it is the only one', () => {
    const office = report.scenarios.find(({ scenario }) => scenario === 'office') as ScenarioResult;
    expect(single([office])).toBe(office);
  });

  it('is one object for a tier: late as one session feels it, fair among many', () => {
    const one = { ...fill, sessions: 1, jain: null, utilisation: 0.99 };
    const many = { ...fill, sessions: 20, jain: 0.998, utilisation: 0.97 };
    expect(single([many, one])).toEqual({ ...one, jain: 0.998, runs: [many, one] });
  });

  it('has all results where there are several tiers', () => {
    const results = [fill, { ...fill, tier: 'another' }];
    expect(single(results)).toEqual({ scenario: 'fill', results });
  });

  it('is nothing where nothing was measured', () => {
    expect(single([])).toBeNull();
  });
});

describe('what a person reads', () => {
  it('has one line for each result, what was not run, and where the report is', () => {
    const notRun = [{ scenario: 'soak', because: 'stopped' }];
    const lines = headline({ ...report, notRun }, ['report.json', 'report.html'])
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(report.scenarios.length + 3);
    expect(lines.at(-3)).toMatch(/^soak: .*stopped$/);
    expect(lines.slice(-2)).toEqual(['report.json', 'report.html']);
    for (const line of lines) expect(line).not.toMatch(/undefined|NaN|null/);
  });
});
