import { describe, expect, it } from 'vitest';
import { EXPECTED, type LiveEvents, liveEventsProof } from '#evidence/audit/events.ts';
import { PROCESSES } from '#evidence/audit/logs.ts';

describe("the proof that a day's work is recorded (G1)", () => {
  const good: LiveEvents = {
    seen: Object.fromEntries(
      PROCESSES.map((process) => [
        process,
        Object.fromEntries(
          Object.entries(EXPECTED[process]).map(([event, fields]) => [event, { count: 1, fields: [...fields] }]),
        ),
      ]),
    ) as LiveEvents['seen'],
    ...{ odd: [], listed: 80 },
  };

  it('passes when every event of the day is there with who, where and what', () => {
    expect(liveEventsProof.judge(good).result).toBe('pass');
  });

  it('fails without any one of them, without any one of their fields, and on a line without a time', () => {
    for (const process of PROCESSES) {
      for (const [event, fields] of Object.entries(EXPECTED[process])) {
        const { [event]: one, ...others } = good.seen[process];
        expect(liveEventsProof.judge({ ...good, seen: { ...good.seen, [process]: others } }).result, event).toBe(
          'fail',
        );
        for (const field of fields) {
          const without = { count: 1, fields: one?.fields.filter((name) => name !== field) ?? [] };
          const seen = { ...good.seen, [process]: { ...others, [event]: without } };
          expect(liveEventsProof.judge({ ...good, seen }).result, `${event} without ${field}`).toBe('fail');
        }
      }
    }
    expect(liveEventsProof.judge({ ...good, odd: ['{}'] }).result).toBe('fail');
  });
});
