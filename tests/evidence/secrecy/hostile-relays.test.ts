import { describe, expect, it } from 'vitest';
import type { Attempted } from '#evidence/secrecy/attempt.ts';
import { type GatewaySiege, judgeHostileGateway } from '#evidence/secrecy/hostile-gateway-proof.ts';
import { judgeAttempts, type Siege } from '#evidence/secrecy/judge-attempts.ts';

const refused = (name: string): Attempted => ({
  name,
  said: { ja: name, en: name },
  client: { code: 'PROTOCOL_ERROR', authentic: true },
  agent: ['session-ended RECORD_FORGED'],
  broker: [],
  arrived: 0,
  roundTripMs: 3,
  expected: {
    ...{
      client: { code: 'PROTOCOL_ERROR', authentic: true },
      agent: 'RECORD_FORGED',
      broker: null,
      arrivedMin: 0,
      arrivedMax: 0,
    },
  },
});
const heldBack: Attempted = {
  ...{
    name: 'keys held back',
    said: { ja: '遅延', en: 'delay' },
    client: null,
    agent: ['session-ended ENDED_BY_USER'],
    broker: [],
    arrived: 3,
    roundTripMs: 1_600,
  },
  expected: { client: null, agent: 'ENDED_BY_USER', broker: null, arrivedMin: 3, arrivedMax: 3 },
};
const TRIED = { attempts: 3, offers: 1 };
const GOOD: Siege = {
  read: { records: 200, bytes: 90_000, secrets: 60, found: 0, controlFound: true },
  attempts: [refused('a key of its own'), refused('a key twice'), heldBack],
  offers: [{ name: 'a grant that was used', wanted: 'GRANT_REPLAYED', audited: 'GRANT_REPLAYED' }],
};
const first = (change: Partial<Attempted>): Siege => ({
  ...GOOD,
  attempts: GOOD.attempts.map((one, i) => (i === 0 ? { ...one, ...change } : one)),
});

describe('what a hostile relay achieved is judged', () => {
  it('passed when it read nothing and each attempt ended as it must', () => {
    expect(judgeAttempts(GOOD, TRIED).result).toBe('pass');
  });

  it.each<[string, Siege]>([
    ['it could read a secret', { ...GOOD, read: { ...GOOD.read, found: 1 } }],
    ['the search in what passed sees nothing', { ...GOOD, read: { ...GOOD.read, controlFound: false } }],
    ['no secrets were looked for', { ...GOOD, read: { ...GOOD.read, secrets: 0 } }],
    ['the session goes on after a forgery', first({ client: null })],
    ['the client shows another end', first({ client: { code: 'ENDED', authentic: true } })],
    [
      'an end that nobody authenticated counts as the agent’s',
      first({ client: { code: 'PROTOCOL_ERROR', authentic: false } }),
    ],
    ['the agent wrote down nothing', first({ agent: [] })],
    ['the agent took it for something else', first({ agent: ['session-ended ENDED_BY_USER'] })],
    ['a forged key reached the desktop', first({ arrived: 1 })],
    [
      'the broker wrote nothing of an order that it must notice',
      first({ expected: { ...refused('x').expected, broker: 'RECORD_OUT_OF_ORDER' } }),
    ],
    ['a delay lost a key', { ...GOOD, attempts: GOOD.attempts.with(2, { ...heldBack, arrived: 2 }) }],
    ['a delay does not show', { ...GOOD, attempts: GOOD.attempts.with(2, { ...heldBack, roundTripMs: 5 }) }],
    ['an attempt was left out', { ...GOOD, attempts: GOOD.attempts.slice(1) }],
    ['an offer was left out', { ...GOOD, offers: [] }],
    ['a used grant was taken', { ...GOOD, offers: [{ name: 'x', wanted: 'GRANT_REPLAYED', audited: null }] }],
    [
      'a grant was refused for another reason',
      { ...GOOD, offers: [{ name: 'x', wanted: 'GRANT_REPLAYED', audited: 'GRANT_RATE' }] },
    ],
  ])('failed when %s', (_, seen) => {
    expect(judgeAttempts(seen, TRIED).result).toBe('fail');
  });

  it('failed for a gateway that would have been refused with the user’s own key, too: nothing was shown', () => {
    const seen: GatewaySiege = { ...GOOD, opensWithDeviceKey: false };
    expect(judgeHostileGateway(seen).result).toBe('fail');
  });
});
