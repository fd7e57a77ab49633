import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Distribution } from '#platform/metrics/distribution.ts';
import { EventTally } from '#platform/metrics/event-tally.ts';
import { Metrics } from '#platform/metrics/metrics.ts';
import { RelayTally } from '#platform/metrics/relay-tally.ts';
import { METRICS, NODE_METRICS } from '#platform/metrics/table.ts';
import { CODES } from '#protocol/codes.ts';
import { Direction, Lane } from '#protocol/outer/lanes.ts';
import { exposed, valueIn } from '#tests/support/exposition.ts';

describe('a process’s metrics', () => {
  it('are read when a monitor asks, and not before', async () => {
    const metrics = new Metrics('broker');
    let asked = 0;
    metrics.gauge('telework_sessions_opening', () => ++asked);
    expect(asked).toBe(0);
    expect(valueIn(await exposed(metrics), 'telework_sessions_opening')).toBe(1);
    expect(valueIn(await exposed(metrics), 'telework_sessions_opening')).toBe(2);
  });

  it('forget a label that has no value any more', async () => {
    const metrics = new Metrics('broker');
    let live = [
      { municipality: '131016', value: 2 },
      { municipality: '999999', value: 1 },
    ];
    metrics.gauge('telework_sessions_live', () => live);
    expect((await exposed(metrics)).filter(({ name }) => name === 'telework_sessions_live')).toHaveLength(2);
    live = [{ municipality: '131016', value: 3 }];
    expect((await exposed(metrics)).filter(({ name }) => name === 'telework_sessions_live')).toEqual([
      { name: 'telework_sessions_live', labels: { municipality: '131016' }, value: 3 },
    ]);
  });

  it('refuse a metric of another process, and a label outside the row', async () => {
    expect(() => new Metrics('agent').gauge('telework_desktops_online', () => [])).toThrow('no metric of the agent');
    const metrics = new Metrics('broker');
    const wrong = [{ municipality: '131016', user: 'tanaka', value: 1 }];
    metrics.gauge('telework_sessions_live', () => wrong);
    await expect(metrics.text()).rejects.toThrow('user');
  });

  it('have of Node itself exactly what the closed list says', async () => {
    const text = await new Metrics('agent').text();
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(new Set(names)).toEqual(new Set(NODE_METRICS));
  });
});

describe('the table', () => {
  it.each(Object.entries(METRICS))('%s follows Prometheus’ naming', (name, { type, labels, help }) => {
    expect(name).toMatch(/^telework_[a-z]+(_[a-z]+)*$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    expect(help).toMatch(/^[A-Z0-9][^\n"\\]+\.$/);
    expect(new Set(labels).size).toBe(labels.length);
  });

  it('has no label that names a person, a session or a place', () => {
    const allowed = new Set([
      ...[
        'listener',
        'state',
        'municipality',
        'direction',
        'lane',
        'code',
        'factor',
        'outcome',
        'peer',
        'files',
        'what',
        'bound',
        'of',
      ],
    ]);
    for (const { labels } of Object.values(METRICS)) for (const label of labels) expect(allowed).toContain(label);
  });
});

describe('a distribution', () => {
  it('has every value in exactly one bucket, at or below its bound', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 10_000, noNaN: true })), (values) => {
        const distribution = new Distribution();
        for (const ms of values) distribution.observeMs(ms);
        for (const { le, count } of distribution.cumulative()) {
          const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
          expect(count).toBe(values.filter((ms) => ms / 1000 <= bound).length);
        }
        expect(distribution.sum).toBeCloseTo(
          values.reduce((sum, ms) => sum + ms / 1000, 0),
          6,
        );
      }),
    );
  });

  it('is exposed as Prometheus reads a histogram: cumulative, with +Inf, sum and count', async () => {
    const metrics = new Metrics('gateway');
    const tally = new RelayTally();
    tally.expose(metrics);
    for (const ms of [0.04, 0.4, 4, 4_000]) tally.of('131016', Direction.outward).resided(ms);
    const samples = await exposed(metrics);
    const outward = (name: string, labels = {}) =>
      valueIn(samples, `telework_relay_residence_seconds_${name}`, { direction: 'outward', ...labels });
    expect(outward('bucket', { le: '0.00005' })).toBe(1);
    expect(outward('bucket', { le: '0.0005' })).toBe(2);
    expect(outward('bucket', { le: '2.5' })).toBe(3);
    expect(outward('bucket', { le: '+Inf' })).toBe(4);
    expect(outward('count')).toBe(4);
    expect(outward('sum')).toBeCloseTo(4.00444, 9);
    expect(valueIn(samples, 'telework_relay_residence_seconds_count', { direction: 'inward' })).toBe(0);
  });
});

describe('a relay’s tally', () => {
  const record = fc.record({
    municipality: fc.constantFrom('131016', '999999'),
    direction: fc.constantFrom(...Object.values(Direction)),
    lane: fc.constantFrom(...Object.values(Lane)),
    bytes: fc.integer({ min: 25, max: 16_376 }),
  });

  it('adds up to what was passed on, by municipality, direction and lane', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 60 }), async (records) => {
        const tally = new RelayTally();
        for (const { municipality, direction, lane, bytes } of records)
          tally.of(municipality, direction).admitted(lane, bytes);
        const metrics = new Metrics('broker');
        tally.expose(metrics);
        const samples = await exposed(metrics);
        const sum = (name: string) =>
          samples.filter((one) => one.name === name).reduce((total, { value }) => total + value, 0);
        expect(sum('telework_relayed_records_total')).toBe(records.length);
        expect(sum('telework_relayed_bytes_total')).toBe(records.reduce((total, { bytes }) => total + bytes, 0));
        for (const [direction, way] of Object.entries(Direction)) {
          for (const [lane, index] of Object.entries(Lane)) {
            const own = records.filter(
              (one) => one.direction === way && one.lane === index && one.municipality === '131016',
            );
            const found = samples.find(
              ({ name, labels }) =>
                name === 'telework_relayed_bytes_total' &&
                labels.direction === direction &&
                labels.lane === lane &&
                labels.municipality === '131016',
            );
            expect(found?.value ?? 0).toBe(own.reduce((total, { bytes }) => total + bytes, 0));
          }
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('the tally of audit events', () => {
  it('counts refusals, ends and sign-ins by what the other side was told', async () => {
    const tally = new EventTally();
    tally.recorded('sign-in-succeeded', { factors: ['mtls', 'hwk', 'user', 'pwd'] });
    tally.recorded('sign-in-succeeded', { factors: ['mtls', 'recovery'] });
    tally.recorded('sign-in-refused', { factor: 'totp', reason: 'TOTP_WRONG' });
    tally.recorded('sign-in-refused', { factor: 'password', reason: 'FACTOR_LOCKED' });
    tally.recorded('sign-in-refused', { factor: 'totp', reason: 'STATE_UNWRITABLE' });
    tally.recorded('factor-refused', { reason: 'FACTOR_LAST' });
    tally.recorded('enrolment-refused', { reason: 'ENROLMENT_CODE_SPENT' });
    tally.recorded('administration-refused', { reason: 'MUNICIPALITY_OF_OTHERS' });
    tally.recorded('certificate-refused', { reason: 'CERTIFICATE_REVOKED' });
    tally.recorded('lane-violation', { reason: 'LANE_DIRECTION' });
    tally.recorded('session-ended', { reason: 'LANE_DIRECTION' });
    tally.recorded('relay-ended', { code: 'ENDED' });
    tally.recorded('session-paired', {});
    const metrics = new Metrics('gateway');
    tally.expose(metrics);
    tally.exposeSignIns(metrics);
    const samples = await exposed(metrics);
    const nonZero = (name: string, ...by: string[]) =>
      Object.fromEntries(
        samples
          .filter((one) => one.name === name && one.value > 0)
          .map(({ labels, value }) => [by.map((label) => labels[label]).join(' '), value]),
      );
    expect(nonZero('telework_refusals_total', 'code')).toEqual({
      SIGN_IN_REFUSED: 1,
      SIGN_IN_LATER: 1,
      UNAVAILABLE: 1,
      CERTIFICATE_REFUSED: 1,
      PROTOCOL_ERROR: 1,
      LAST_FACTOR: 1,
      ENROLMENT_REFUSED: 1,
      NOT_IN_CHARGE: 1,
    });
    expect(nonZero('telework_session_ends_total', 'code')).toEqual({ PROTOCOL_ERROR: 1, ENDED: 1 });
    expect(nonZero('telework_sign_ins_total', 'factor', 'outcome')).toEqual({
      'webauthn succeeded': 1,
      'recovery succeeded': 1,
      'totp refused': 1,
      'password later': 1,
      'totp failed': 1,
    });
    const codes = samples.filter(({ name }) => name === 'telework_refusals_total').map(({ labels }) => labels.code);
    expect(codes).toEqual(Object.keys(CODES));
  });
});
