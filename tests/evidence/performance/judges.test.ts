import { describe, expect, it } from 'vitest';
import { judgeLine } from '#evidence/performance/line-kept.ts';
import { judgeLatency } from '#evidence/performance/little-latency.ts';

describe('the judge of the line', () => {
  const line = (...utilisation: number[]) =>
    judgeLine({
      tier: '10Mbps',
      runs: utilisation.map((one) => ({ sessions: 1, seconds: 3, utilisation: one, goodputShare: 0.9 })),
    }).result;

  it('passes a line that is full and kept, the saved burst of the beginning included', () => {
    expect(line(0.999, 1.005)).toBe('pass');
  });

  it.each([
    ['over the contract', [0.99, 1.05]],
    ['far from full', [0.99, 0.5]],
    ['not measured', []],
  ])('fails one that is %s', (_, utilisation) => {
    expect(line(...utilisation)).toBe('fail');
  });
});

describe('the judge of the added latency', () => {
  const of = (p99: number) => ({ p50: p99 / 2, p99 });
  const good = { residenceMs: of(0.2), probeMs: { saturated: { us: of(10), ws: of(30) } } };

  it('passes where another session waits less than with the plain relay', () => {
    expect(judgeLatency(good).result).toBe('pass');
  });

  it.each([
    ['it waits longer', { ...good, probeMs: { saturated: { us: of(40), ws: of(30) } } }],
    ['the plain relay is missing', { ...good, probeMs: { saturated: { us: of(10), ws: null } } }],
    ['the time inside is missing', { ...good, residenceMs: null }],
  ])('fails where %s', (_, seen) => {
    expect(judgeLatency(seen).result).toBe('fail');
  });
});
