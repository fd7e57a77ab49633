import { describe, expect, it } from 'vitest';
import { type Judged, judgeTargets } from '#bench/report/targets.ts';
import type { Report, ScenarioResult } from '#bench/result.ts';
import { SCENARIOS, sampleReport } from './sample.ts';

type Of<N> = Extract<ScenarioResult, { scenario: N }>;

/** The sample with every result of one scenario changed. */
function changed<N extends ScenarioResult['scenario']>(name: N, change: (one: Of<N>) => Partial<Of<N>>): Report {
  const scenarios = SCENARIOS.map((one) => (one.scenario === name ? { ...one, ...change(one as Of<N>) } : one));
  return sampleReport({ scenarios });
}

function verdict(report: Report, target: RegExp): Judged {
  const found = judgeTargets(report).find(({ target: { en } }) => target.test(en));
  if (!found) throw new Error(`no target ${target}`);
  return found;
}

describe('the targets of the report', () => {
  it('hold the line to 98 % and never above it and its stated burst, and say which tier fell short and why', () => {
    expect(verdict(sampleReport(), /line filled/)).toMatchObject({
      verdict: 'short',
      measured: '1Gbps 71.0 %',
      reason: "the agents' core: 0.99 of it in use: 1Gbps × 1",
    });
    expect(
      verdict(
        changed('fill', () => ({ utilisation: 0.985 })),
        /line filled/,
      ).verdict,
    ).toBe('reached');
    expect(
      verdict(
        changed('fill', () => ({ utilisation: 1.01, seconds: 5 })),
        /line filled/,
      ).verdict,
    ).toBe('short');
    // 20 ms and one record, of five seconds
    expect(
      verdict(
        changed('fill', () => ({ utilisation: 1.004, seconds: 5 })),
        /line filled/,
      ).verdict,
    ).toBe('reached');
  });

  it('add the allowed milliseconds to what the same session needs on an idle line', () => {
    const key = (idleP99: number, fullP99: number) =>
      changed('fill', ({ keyRoundTripMs }) => ({ keyRoundTripMs: { ...keyRoundTripMs, idleP99, fullP99 } }));
    expect(verdict(key(25, 36.9), /own session/).verdict).toBe('reached');
    expect(verdict(key(25, 37.1), /own session/).verdict).toBe('short');
  });

  it('compare with nginx and HAProxy at every load, and the worst one decides', () => {
    const ratio = (load: string, nginx: number) =>
      changed('relay', ({ ratios }) => ({ ratios: { ...ratios, [load]: { ...ratios[load], nginx } } }));
    expect(verdict(ratio('500Mbps', 1.11), /nginx stream, saturated/).verdict).toBe('short');
    expect(verdict(ratio('100Mbps', 1.11), /nginx stream, saturated/).verdict).toBe('reached');
    expect(verdict(ratio('100Mbps', 1.51), /nginx stream, 10 to/).verdict).toBe('short');
  });

  it('say both OpenSSL versions beside each ratio', () => {
    expect(verdict(sampleReport(), /HAProxy, 10 to/).reason).toBe('OpenSSL 3.5.8 / 3.0.19');
    const busy = changed('relay', ({ runs }) => ({ runs: runs.map((run) => ({ ...run, generatorBound: false })) }));
    expect(verdict(busy, /HAProxy, saturated/).reason).toBe('OpenSSL 3.5.8 / 3.0.19');
  });

  it('say so when a relay that should have been saturated waited for the source', () => {
    const waited = changed('relay', ({ runs }) => ({
      runs: runs.map((run) => ({ ...run, generatorBound: run.peer === 'us', cpuShare: 0.4 })),
    }));
    expect(verdict(waited, /HAProxy, saturated/).reason).toContain('the source was the slower part: 40.0 % / ≥ 95 %');
    expect(verdict(waited, /HAProxy, 10 to/).reason).not.toContain('slower part');
  });

  it('never count what was not measured as reached', () => {
    const none = judgeTargets(sampleReport({ scenarios: [] }));
    expect(none.every(({ verdict: one }) => one === 'not run')).toBe(true);
    const alone = changed('relay', ({ probeMs }) => ({
      probeMs: { ...probeMs, saturated: { ...probeMs.saturated, haproxy: null } },
    }));
    expect(verdict(alone, /probe p99/).verdict).toBe('told');
  });

  it('do not take a short soak for ten minutes, nor a lost session for none', () => {
    expect(verdict(sampleReport(), /1,000 concurrent/).verdict).toBe('reached');
    expect(
      verdict(
        changed('soak', () => ({ seconds: 20 })),
        /1,000 concurrent/,
      ).verdict,
    ).toBe('told');
    expect(
      verdict(
        changed('soak', () => ({ seconds: 20, lost: 1 })),
        /1,000 concurrent/,
      ).verdict,
    ).toBe('short');
  });
});
