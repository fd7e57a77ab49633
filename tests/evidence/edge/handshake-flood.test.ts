import { describe, expect, it } from 'vitest';
import { type Flooded, type HandshakeFlood, judgeFlood } from '#evidence/edge/handshake-flood.ts';
import { but, KEYS, MEMORY } from './good.ts';

const flooded = (flood: Partial<Flooded['flood']>): Flooded => ({
  keys: { ...KEYS, p95Ms: 20 },
  memory: MEMORY,
  flood: { seconds: 3, tried: 4_000, answered: 300, resumed: 0, cut: 3_500, ...flood },
});

const GOOD: HandshakeFlood = {
  idle: KEYS,
  oneAddress: flooded({}),
  manyAddresses: flooded({ seconds: 4, answered: 600 }),
  withTickets: flooded({ answered: 450, resumed: 400 }),
  broker: flooded({ answered: 500 }),
  newcomerMs: 120,
  audited: { written: 23, counted: 3_500, reasons: { RATE_EXCEEDED: 23 }, bytes: 8_000 },
  sessionsLost: 0,
};

const BAD: Record<string, (seen: HandshakeFlood) => void> = {
  'keys that came late during one flood': ({ manyAddresses }) => {
    manyAddresses.keys.p95Ms = 400;
  },
  'keys that were not answered': ({ broker }) => {
    broker.keys.answered = 100;
  },
  'no key at all': ({ oneAddress }) => {
    oneAddress.keys = { pressed: 0, answered: 0, p50Ms: null, p95Ms: null };
  },
  'nothing to compare with': (seen) => {
    seen.idle = { pressed: 0, answered: 0, p50Ms: null, p95Ms: null };
  },
  'memory that grew': ({ withTickets }) => {
    withTickets.memory.mostMiB = 400;
  },
  'memory that was not seen': ({ broker }) => {
    broker.memory = { beforeMiB: 0, mostMiB: 0 };
  },
  'no flood: too few tries': ({ oneAddress }) => {
    oneAddress.flood.tried = 200;
  },
  'no flood: no handshakes from many addresses': ({ manyAddresses }) => {
    manyAddresses.flood.answered = 10;
  },
  'no ticket that was used': ({ withTickets }) => {
    withTickets.flood.resumed = 0;
  },
  'a limit of one address that did not strike': ({ oneAddress }) => {
    oneAddress.flood.answered = 2_000;
  },
  'handshakes that did not wait for their turn': ({ manyAddresses }) => {
    manyAddresses.flood.answered = 1_200;
  },
  'a newcomer who did not get in': (seen) => {
    seen.newcomerMs = null;
  },
  'a newcomer who waited too long': (seen) => {
    seen.newcomerMs = 9_000;
  },
  'an audit log that says nothing': ({ audited }) => {
    audited.reasons = {};
  },
  'an audit log that is flooded, too': ({ audited }) => {
    audited.written = 3_500;
  },
  'a session that was lost': (seen) => {
    seen.sessionsLost = 1;
  },
};

describe('the judge of a handshake flood', () => {
  it('passes what a healthy system shows', () => {
    expect(judgeFlood(GOOD)).toMatchObject({ result: 'pass' });
  });

  it.each(Object.entries(BAD))('fails %s', (_, spoil) => {
    expect(judgeFlood(but(GOOD, spoil))).toMatchObject({ result: 'fail' });
  });
});
