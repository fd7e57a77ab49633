import { describe, expect, it } from 'vitest';
import { compareLogs, type Finding, SessionLog, type Zone } from '#platform/audit/compare.ts';

const START = Date.UTC(2026, 3, 1, 9);
const S1 = '1'.repeat(32);
const S2 = '2'.repeat(32);
const DESKTOP = '131016/soumu/pc-01';
const SKEW = 10_000;

/** [seconds since the start, event, session, more fields] */
type Row = [seconds: number, event: string, session?: string, more?: Record<string, unknown>];

function log(zone: Zone, source: string, rows: Row[]): SessionLog {
  const made = new SessionLog(zone);
  rows.forEach(([seconds, event, session, more], i) => {
    const fields = session ? { session, municipality: '131016', desktop: DESKTOP, ...more } : {};
    const time = new Date(START + seconds * 1000).toISOString();
    made.add({ sequence: i + 1, time, source, event, fields, previous: '', digest: '' });
  });
  return made;
}

const user = { user: 'tanaka' };
const gateway = (session: string, at: number): Row[] => [
  [at, 'desktop-opened', session, user],
  [at + 3, 'relay-started', session, user],
  [at + 60, 'relay-ended', session, user],
];
const broker = (session: string, at: number): Row[] => [
  [at + 1, 'session-paired', session],
  [at + 60, 'session-ended', session],
];
const agent = (session: string, at: number): Row[] => [
  [at + 1, 'offer-accepted', session, user],
  [at + 2, 'session-started', session, user],
  [at + 60, 'session-ended', session, user],
];
const around = (rows: Row[], until = 3_600): Row[] => [[0, 'process-started'], ...rows, [until, 'checkpoint']];

function findings(logs: { gateway?: Row[]; broker?: Row[]; agent?: Row[] }): Finding[] {
  return compareLogs(
    [
      ...(logs.gateway ? [log('gateway', 'gateway/g', logs.gateway)] : []),
      ...(logs.broker ? [log('broker', 'broker', logs.broker)] : []),
      ...(logs.agent ? [log('agent', 'agent/131016/soumu', logs.agent)] : []),
    ],
    SKEW,
  );
}

describe('the logs of three zones, side by side', () => {
  it('fit together when each session is in all of them', () => {
    const rows = (one: (session: string, at: number) => Row[]) => around([...one(S1, 100), ...one(S2, 400)]);
    expect(findings({ gateway: rows(gateway), broker: rows(broker), agent: rows(agent) })).toEqual([]);
  });

  it.each<[Zone, Zone[]]>([
    ['gateway', ['broker', 'agent']],
    ['broker', ['gateway', 'agent']],
    ['agent', ['gateway', 'broker']],
  ])('show a session that the %s does not have, with its times and whose it was', (hiding, seen) => {
    const rows = { gateway, broker, agent };
    const all = Object.fromEntries(
      Object.entries(rows).map(([zone, one]) => [
        zone,
        around([...one(S1, 100), ...(zone === hiding ? [] : one(S2, 400))]),
      ]),
    );
    expect(findings(all)).toEqual([
      {
        ...{ kind: 'hidden', session: S2, in: seen, missing: [hiding] },
        from: expect.stringMatching(/^2026-04-01T09:06:4\d/),
        to: '2026-04-01T09:07:40.000Z',
        whose: { municipality: '131016', user: 'tanaka', desktop: DESKTOP },
      },
    ]);
  });

  it('let go what was opened and came to nothing', () => {
    expect(
      findings({
        gateway: around([[100, 'desktop-opened', S1, user]]),
        broker: around([]),
        agent: around([
          [100, 'offer-accepted', S1, user],
          [101, 'offer-refused', S2],
        ]),
      }),
    ).toEqual([]);
  });

  it('cannot tell at the edge of what a log covers: clocks differ, and copies are made one after the other', () => {
    const undecided = (until: number) =>
      findings({ gateway: around([], until), broker: around(broker(S1, 100)), agent: around(agent(S1, 100)) });
    // It worked at 101 s by the broker's clock.
    expect(undecided(105)).toMatchObject([{ kind: 'undecided', missing: ['gateway'] }]);
    expect(undecided(111)).toMatchObject([{ kind: 'hidden', missing: ['gateway'] }]);
  });

  it('say nothing about a zone whose log, or whose agent, is not given', () => {
    expect(findings({ gateway: around(gateway(S1, 100)), broker: around(broker(S1, 100)) })).toEqual([]);
    const other = compareLogs(
      [
        log('gateway', 'gateway/g', around(gateway(S1, 100))),
        log('broker', 'broker', around(broker(S1, 100))),
        log('agent', 'agent/131016/zeimu', around([])),
      ],
      SKEW,
    );
    expect(other).toEqual([]);
  });

  it('show another user or another desktop under the same number', () => {
    const rows = { gateway: around(gateway(S1, 100)), broker: around(broker(S1, 100)), agent: around(agent(S1, 100)) };
    const as = (change: Record<string, string>): Row[] =>
      around(agent(S1, 100)).map(([at, event, session, more]) => [at, event, session, { ...more, ...change }] as Row);
    expect(findings({ ...rows, agent: as({ user: 'suzuki' }) })).toMatchObject([{ kind: 'differs', session: S1 }]);
    expect(findings({ ...rows, agent: as({ desktop: '131016/soumu/pc-02' }) })).toMatchObject([{ kind: 'differs' }]);
  });

  it('show an end that one zone wrote long before the other', () => {
    const late = agent(S1, 100).with(-1, [600, 'session-ended', S1, user]);
    expect(
      findings({ gateway: around(gateway(S1, 100)), broker: around(broker(S1, 100)), agent: around(late) }),
    ).toMatchObject([{ kind: 'outlived', session: S1 }]);
  });
});
