// The broker's own limits: at their moment, by input alone, and whatever gateway and agent do.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ENDING_GRACE_MS } from '#broker/limits.ts';
import { SessionLimit } from '#broker/session-limit.ts';
import type { Refusal } from '#protocol/codes.ts';
import { Lane } from '#protocol/lanes.ts';
import { ACK_PLAINTEXT_BYTES, INPUT_PLAINTEXT_BYTES } from '#protocol/limits.ts';
import { openBroker, openSession, type TestBroker } from '#tests/support/broker.ts';
import { record } from '#tests/support/record.ts';

const LIMITS = { idleSeconds: 900, overallSeconds: 43_200 };
const MINUTE = 60_000;

describe('the limit of a session', () => {
  let began: number;
  let struck: { reason: string; at: number }[];
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  });
  afterEach(() => vi.useRealTimers());

  function begin(): SessionLimit {
    began = Date.now();
    struck = [];
    return new SessionLimit({
      limits: LIMITS,
      now: Date.now,
      struck: ({ reason }: Refusal) => void struck.push({ reason, at: Date.now() - began }),
    });
  }
  const pass = (ms: number) => vi.advanceTimersByTime(ms);

  it('is fifteen minutes without input, to the millisecond', () => {
    const limit = begin();
    pass(10 * MINUTE);
    limit.active();
    pass(15 * MINUTE - 1);
    expect(struck).toEqual([]);
    pass(1);
    expect(struck).toEqual([{ reason: 'IDLE_LIMIT', at: 25 * MINUTE }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is twelve hours whatever is typed', () => {
    const limit = begin();
    for (let minute = 0; minute < 12 * 60; minute += 10) {
      expect(struck).toEqual([]);
      limit.active();
      pass(10 * MINUTE);
    }
    expect(struck).toEqual([{ reason: 'OVERALL_LIMIT', at: 12 * 60 * MINUTE }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('strikes once, at the first of the two limits, however input comes', () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 20 * MINUTE }), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(gaps, (pauses) => {
        const limit = begin();
        let idleEnd = 15 * MINUTE;
        for (const pause of pauses) {
          pass(pause);
          if (struck.length > 0) break;
          limit.active();
          idleEnd = Date.now() - began + 15 * MINUTE;
        }
        pass(13 * 60 * MINUTE);
        const overall = 12 * 60 * MINUTE;
        const first = { reason: idleEnd < overall ? 'IDLE_LIMIT' : 'OVERALL_LIMIT', at: Math.min(idleEnd, overall) };
        expect(struck).toEqual([first]);
        expect(vi.getTimerCount()).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('needs one timer however much is typed, and none after the end', () => {
    const limit = begin();
    for (let i = 0; i < 1_000; i++) limit.active();
    expect(vi.getTimerCount()).toBe(1);
    limit.stop();
    pass(13 * 60 * MINUTE);
    expect(struck).toEqual([]);
  });
});

describe('a broker', () => {
  let test: TestBroker;
  afterEach(() => test.close());

  async function live(limits: { idleSeconds: number; overallSeconds: number }) {
    test = await openBroker(undefined, { limits });
    const gateway = await test.gatewayLink();
    const agent = await test.agentLink();
    await gateway.next('presence');
    return { gateway, agent, ...(await openSession(test, gateway, agent)) };
  }

  it('ends an idle session by itself, the agent told first; pixels and acknowledgements are no activity', async () => {
    const { agent, agentData, gatewayData, session } = await live({ idleSeconds: 1, overallSeconds: 60 });
    const began = performance.now();
    let sent = 0;
    const busy = setInterval(() => {
      agentData.socket.sendRecord(record(Lane.frame, sent, 300));
      gatewayData.socket.sendRecord(record(Lane.ack, sent, ACK_PLAINTEXT_BYTES));
      sent++;
    }, 50);
    const revoke = await agent.until(() => agent.of('revoke').find((one) => one.session === session));
    expect(revoke.code).toBe('IDLE');
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
    expect(gatewayData.end, 'the time for a sealed close').toBeNull();
    // Neither gateway nor agent does anything.
    expect(await gatewayData.ended()).toBe('IDLE');
    expect(await agentData.ended()).toBe('IDLE');
    clearInterval(busy);
    expect(performance.now() - began).toBeGreaterThanOrEqual(990 + ENDING_GRACE_MS);
    expect(test.audit.of('session-ended')).toMatchObject([{ session, code: 'IDLE', reason: 'IDLE_LIMIT' }]);
  });

  it('ends one in which something is typed all the time by the overall limit', async () => {
    const { gatewayData, agentData } = await live({ idleSeconds: 1, overallSeconds: 3 });
    let sent = 0;
    const typing = setInterval(
      () => gatewayData.socket.sendRecord(record(Lane.input, sent++, INPUT_PLAINTEXT_BYTES)),
      50,
    );
    expect(await agentData.ended()).toBe('TIME_LIMIT');
    clearInterval(typing);
    expect(test.audit.of('session-ended')).toMatchObject([{ code: 'TIME_LIMIT', reason: 'OVERALL_LIMIT' }]);
  });
});
