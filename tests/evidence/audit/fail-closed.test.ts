import { describe, expect, it } from 'vitest';
import { type FailClosed, failClosedProof, type Outage } from '#evidence/audit/fail-closed.ts';
import { PROCESSES } from '#evidence/audit/logs.ts';

describe('the proof that nothing starts unrecorded (G4)', () => {
  const outage = (processes: readonly string[]): Outage => ({
    ...{ unhealthy: [...processes], healthyAgain: [...processes] },
    opening: { before: 'opened', during: 'UNAVAILABLE', after: 'opened' },
    running: { during: true, after: true },
    alarms: processes.length,
    seconds: { untilRefused: 11, untilBack: 3 },
  });
  const good: FailClosed = {
    behindSeconds: 10,
    collector: {
      ...outage(PROCESSES),
      collected: PROCESSES.map((process) => ({ process, lines: 40, written: 40, same: true })),
      ...{ faults: [], events: { overdue: 3, resumed: 3 } },
    },
    disk: { ...outage(['gateway']), lost: 2 },
  };

  it('passes when both failures are refused, alarmed, survived and over', () => {
    expect(failClosedProof.judge(good).result).toBe('pass');
  });

  it.each<[string, (seen: FailClosed) => FailClosed]>([
    ['a session that starts without the collector', (seen) => opening(seen, 'collector', 'during', 'opened')],
    ['a session that starts on a full disk', (seen) => opening(seen, 'disk', 'during', 'opened')],
    ['a refusal for another reason', (seen) => opening(seen, 'collector', 'during', 'DESKTOP_BUSY')],
    [
      'nothing that could be opened before: then a refusal says nothing',
      (seen) => opening(seen, 'disk', 'before', 'NOT_PAIRED'),
    ],
    ['no recovery', (seen) => opening(seen, 'collector', 'after', 'UNAVAILABLE')],
    [
      'a running session that ended',
      (seen) => ({ ...seen, disk: { ...seen.disk, running: { during: false, after: false } } }),
    ],
    [
      'a process that counts as healthy all the while',
      (seen) => ({ ...seen, collector: { ...seen.collector, unhealthy: ['gateway', 'agent'] } }),
    ],
    ['no alarm', (seen) => ({ ...seen, collector: { ...seen.collector, alarms: 0 } })],
    [
      'a line that never arrived',
      (seen) => ({
        ...seen,
        collector: { ...seen.collector, collected: [{ process: 'agent', lines: 39, written: 40, same: false }] },
      }),
    ],
    ['a broken frame', (seen) => ({ ...seen, collector: { ...seen.collector, faults: ['not a frame'] } })],
    [
      'logs that do not say that they were not shipped',
      (seen) => ({ ...seen, collector: { ...seen.collector, events: { overdue: 0, resumed: 0 } } }),
    ],
    ['events that were lost without a word', (seen) => ({ ...seen, disk: { ...seen.disk, lost: 0 } })],
  ])('fails on %s', (_, change) => {
    expect(failClosedProof.judge(change(good)).result).toBe('fail');
  });

  function opening(
    seen: FailClosed,
    what: 'collector' | 'disk',
    when: keyof Outage['opening'],
    said: string,
  ): FailClosed {
    return { ...seen, [what]: { ...seen[what], opening: { ...seen[what].opening, [when]: said } } };
  }
});
