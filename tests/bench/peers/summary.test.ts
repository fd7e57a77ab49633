import { describe, expect, it } from 'vitest';
import { QUICK, type RunLoad } from '#bench/peers/plan.ts';
import { type PeerFacts, type Run, summarise } from '#bench/peers/summary.ts';
import { relaySchema } from '#bench/relay-result.ts';

const facts = (id: string, missing: string | null = null): PeerFacts => ({
  id,
  title: id,
  version: missing ? null : '1',
  openssl: missing ? null : '3.0.1',
  note: 'TLS–TLS',
  missing,
});

/** One second in which 10^8 bytes came through. */
function run(peer: string, load: RunLoad, round: number, cpuSeconds: number, more: Partial<Run> = {}): Run {
  const measured = { seconds: 1, bytes: 1e8, cpuSeconds, residentBytes: 2 ** 20, oneWayMs: [] };
  return { peer, load, round, measured, probeMs: [], ...more };
}

describe('the summary of the relay scenario', () => {
  it('divides CPU by bytes, and takes the median over the rounds', () => {
    const runs = [0.3, 0.1, 0.2].map((cpu, round) => run('us', 'saturated', round, cpu));
    expect(summarise([facts('us')], runs, [], QUICK).cpuSecondsPerGB.us).toBeCloseTo(2, 9);
  });

  it('compares only runs of the same round, so that a slow minute hits both', () => {
    const runs = [
      run('us', 'saturated', 0, 0.2),
      run('nginx', 'saturated', 0, 0.2),
      run('nginx', 'saturated', 1, 0.8),
      run('us', 'saturated', 1, 0.8),
      run('us', 'saturated', 2, 0.3), // nginx failed in this one
    ];
    const { ratios } = summarise([facts('us'), facts('nginx')], runs, [], QUICK);
    expect(ratios.saturated).toEqual({ us: null, nginx: 1 });
  });

  it('names a peer that is not there and gives it null everywhere', () => {
    const runs = [run('us', 'saturated', 0, 0.2)];
    const result = summarise([facts('us'), facts('haproxy', 'haproxy is not installed')], runs, [], QUICK);
    expect(result.cpuSecondsPerGB).toEqual({ us: 2, haproxy: null });
    expect(result.ratios.saturated?.haproxy).toBeNull();
    expect(result.probeMs.saturated.haproxy).toBeNull();
    expect(result.peers[1]?.missing).toBe('haproxy is not installed');
  });

  it('says when the relay was not the bottleneck, and how much of a rate it carried', () => {
    const runs = [run('us', 'saturated', 0, 0.99), run('ws', 'saturated', 0, 0.9), run('us', '1Gbps', 0, 0.3)];
    const result = summarise([facts('us'), facts('ws')], runs, [], QUICK);
    expect(result.runs.map(({ generatorBound }) => generatorBound)).toEqual([false, true, false]);
    expect(result.runs.map(({ carriedShare }) => carriedShare)).toEqual([null, null, 0.8]);
  });

  it('keeps the direct way out of the comparison, and its times in it', () => {
    const measured = { seconds: 1, bytes: 1e8, cpuSeconds: 0, residentBytes: 0, oneWayMs: [0.1, 0.2] };
    const result = summarise([facts('us')], [run('direct', '100Mbps', 0, 0, { measured })], [0.01], QUICK);
    expect(result.runs).toEqual([]);
    expect(result.oneWayMs).toMatchObject({ direct: { count: 2 }, us: null });
    expect(result.residenceMs?.p50).toBe(0.01);
  });

  it('fits the form of the report, whole or without a single run', () => {
    const runs = [run('us', 'idle', 0, 0, { measured: null, probeMs: [1, 2] }), run('us', 'saturated', 0, 0.2)];
    for (const some of [runs, []]) relaySchema.parse(summarise([facts('us')], some, [], QUICK));
  });
});
