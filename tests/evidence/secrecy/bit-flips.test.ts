import { describe, expect, it } from 'vitest';
import type { Attempted } from '#evidence/secrecy/attempt.ts';
import { type Cut, type Flips, judgeFlips } from '#evidence/secrecy/bit-flips.ts';
import { HOPS } from '#evidence/secrecy/wire.ts';

const cut = (hop: Cut['hop'], way: Cut['way']): Cut => ({
  ...{ hop, way, flips: 1, client: { code: 'CONNECTION_LOST', authentic: false } },
  ...{ agent: 'PEER_GONE', gateway: 'CONNECTION_LOST', broker: 'CONNECTION_LOST', arrivedBefore: 1, arrivedAfter: 0 },
});
const inside = (nth: number): Attempted => ({
  ...{
    name: `lane ${nth}`,
    said: { ja: 'レーン', en: `lane ${nth}` },
    client: { code: 'PROTOCOL_ERROR', authentic: true },
    agent: ['session-ended RECORD_FORGED'],
    broker: [],
  },
  ...{ arrived: 0, roundTripMs: null },
  expected: {
    client: { code: 'PROTOCOL_ERROR', authentic: true },
    agent: 'RECORD_FORGED',
    broker: null,
    arrivedMin: 0,
    arrivedMax: 0,
  },
});
const GOOD: Flips = {
  onHops: HOPS.flatMap((hop) => [cut(hop, 'inward'), cut(hop, 'outward')]),
  insideRelay: Array.from({ length: 12 }, (_, i) => inside(i)),
};
const hop = (change: Partial<Cut>): Flips => ({
  ...GOOD,
  onHops: GOOD.onHops.map((one, i) => (i === 0 ? { ...one, ...change } : one)),
});
const relay = (change: Partial<Attempted>): Flips => ({
  ...GOOD,
  insideRelay: GOOD.insideRelay.with(0, { ...inside(0), ...change }),
});

describe('turned bits are judged', () => {
  it('passed when each was noticed, ended the session and was audited', () => {
    expect(judgeFlips(GOOD).result).toBe('pass');
  });

  it.each<[string, Flips]>([
    ['no bit was turned', hop({ flips: 0 })],
    ['the session did not work before', hop({ arrivedBefore: 0 })],
    ['the session goes on over the cable', hop({ client: null })],
    ['the client takes it for an orderly end', hop({ client: { code: 'ENDED', authentic: true } })],
    ['the agent noticed nothing', hop({ agent: null })],
    ['the gateway wrote nothing', hop({ gateway: null })],
    ['the broker wrote nothing', hop({ broker: null })],
    ['a key behind the bit arrived', hop({ arrivedAfter: 1 })],
    ['a hop was left out', { ...GOOD, onHops: GOOD.onHops.slice(1) }],
    ['a lane was left out', { ...GOOD, insideRelay: GOOD.insideRelay.slice(1) }],
    ['the session goes on inside a relay', relay({ client: null })],
    ['a changed record was opened', relay({ arrived: 1 })],
    ['the agent did not see a forgery', relay({ agent: ['session-ended ENDED_BY_USER'] })],
  ])('failed when %s', (_, seen) => {
    expect(judgeFlips(seen).result).toBe('fail');
  });
});
