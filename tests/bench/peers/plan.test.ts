import { describe, expect, it } from 'vitest';
import { DIRECT, FULL, planOf, QUICK, THOROUGH, type Timing } from '#bench/peers/plan.ts';
import { TIER_LABELS } from '#broker/tiers.ts';

const ALL = ['us', 'nginx', 'haproxy', 'nginxWebSocket', 'ws', 'websockify', 'meshcentral'];

const measuredSeconds = (timing: Timing) => (planOf(ALL, timing).length * (timing.warmUpMs + timing.measureMs)) / 1000;

describe('the plan of the relay scenario', () => {
  it('alternates the relays, and turns the order round with every round', () => {
    const saturated = planOf(['us', 'nginx'], FULL).filter(({ load, warmUp }) => load === 'saturated' && !warmUp);
    expect(saturated.map(({ peer }) => peer)).toEqual(['us', 'nginx', 'nginx', 'us', 'us', 'nginx']);
    expect(saturated.map(({ round }) => round)).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it('lets every relay run once before anything is counted', () => {
    const first = planOf(ALL, QUICK).slice(0, ALL.length);
    expect(first.every(({ warmUp }) => warmUp)).toBe(true);
    expect(first.map(({ peer }) => peer)).toEqual(ALL);
  });

  it('runs ours, nginx and HAProxy at every tier, and everybody and the direct way at 100 Mbps', () => {
    const plan = planOf(ALL, FULL);
    for (const tier of TIER_LABELS) {
      const there = new Set(plan.filter(({ load }) => load === tier).map(({ peer }) => peer));
      expect([...there].sort()).toEqual((tier === '100Mbps' ? [DIRECT, ...ALL] : ['us', 'nginx', 'haproxy']).sort());
    }
  });

  it('plans nothing for a peer that is not there', () => {
    expect(new Set(planOf(['us', 'ws'], FULL).map(({ peer }) => peer))).toEqual(new Set(['us', 'ws', DIRECT]));
  });

  it('stays within the time that each kind of run is given, start and connections apart', () => {
    expect(measuredSeconds(QUICK)).toBeLessThan(18);
    expect(measuredSeconds(FULL)).toBeLessThan(75);
    expect(measuredSeconds(THOROUGH)).toBeLessThan(600);
  });
});
