import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Metrics } from '#platform/metrics/metrics.ts';
import { exposed, valueIn } from '#tests/support/exposition.ts';
import { exposeAgent, ScreenTotals } from '../../agent/metrics.ts';

const measures = (roundTripMs: number, more = {}) => ({
  ...{ windowBytes: 40_000, inFlightBytes: 10_000, rateBytesPerSecond: 1_000_000, roundTripMs, minRoundTripMs: 20 },
  ...{ updates: 0, staleTiles: 0, ...more },
});

function agentWith(live: ReturnType<typeof measures>[], opening = 0) {
  const metrics = new Metrics('agent');
  const totals = new ScreenTotals();
  exposeAgent(metrics, {
    municipality: '131016',
    sessions: {
      measure: () => live,
      list: () => [...live, ...Array(opening)],
      encoded: { tiles: 9, bytes: 4_000, busyMs: 250 },
    },
    totals,
    brokerUp: () => true,
  });
  return { metrics, totals };
}

describe('the agent’s metrics', () => {
  it('are sums over the sessions, and of the round trips the middle and the worst', async () => {
    const samples = await exposed(agentWith([measures(30), measures(400), measures(25)], 2).metrics);
    const of = (name: string, labels = {}) =>
      valueIn(samples, `telework_${name}`, { municipality: '131016', ...labels });
    expect(of('sessions_live')).toBe(3);
    expect(valueIn(samples, 'telework_sessions_opening')).toBe(2);
    expect(of('window_bytes')).toBe(120_000);
    expect(of('in_flight_bytes')).toBe(30_000);
    expect(of('send_rate_bytes_per_second')).toBe(3_000_000);
    expect(of('round_trip_seconds', { of: 'median' })).toBe(0.03);
    expect(of('round_trip_seconds', { of: 'worst' })).toBe(0.4);
    expect(of('round_trip_shortest_seconds', { of: 'worst' })).toBe(0.02);
    expect(of('encode_seconds_total')).toBe(0.25);
    expect(of('encoded_tiles_total')).toBe(9);
  });

  it('are zero, and not missing or NaN, when nobody works', async () => {
    const samples = await exposed(agentWith([]).metrics);
    for (const { name, value } of samples.filter((one) =>
      /telework_(window|in_flight|round|send|screen)/.test(one.name),
    )) {
      expect({ name, value }).toEqual({ name, value: 0 });
    }
  });

  it('never let a total fall, whenever sessions end and whenever somebody asks', async () => {
    const session = fc.record({ updates: fc.nat(1_000), staleTiles: fc.nat(1_000), ends: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(session, { maxLength: 12 }), async (sessions) => {
        const live: ReturnType<typeof measures>[] = [];
        const { metrics, totals } = agentWith(live);
        let last = 0;
        for (const { ends, ...counts } of sessions) {
          const one = measures(20, counts);
          live.push(one);
          if (ends) {
            totals.ended(one);
            live.pop();
          }
          const now = valueIn(await exposed(metrics), 'telework_stale_tiles_total');
          expect(now).toBe(last + counts.staleTiles);
          last = now;
        }
      }),
      { numRuns: 25 },
    );
  });
});
