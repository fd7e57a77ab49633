import { describe, expect, it } from 'vitest';
import { judgeWaiting, type Waiting } from '#evidence/edge/judge-waiting.ts';
import { but, KEYS, MEMORY } from './good.ts';

const held = (opened: number, longestMs: number) => ({ opened, secured: 0, cut: opened, longestMs, stillOpen: 0 });

const GOOD: Waiting = {
  ...{ idle: KEYS, keys: KEYS, gateway: MEMORY, broker: MEMORY },
  strangers: {
    'gateway: silent': held(60, 15_100),
    'gateway: dripping-header': held(60, 6_400),
    'administration: silent': held(1_300, 15_050),
    'broker, agents: spare': held(600, 6_000),
  },
  users: {
    mutes: { codes: { TOOK_TOO_LONG: 20 }, longestMs: 10_020, stillOpen: 0 },
    paired: { codes: { TOOK_TOO_LONG: 4 }, longestMs: 10_100, stillOpen: 0 },
    refused: { codes: { AGENT_REFUSED: 8 }, longestMs: 60, stillOpen: 0 },
    junk: { codes: { PROTOCOL_ERROR: 22 }, longestMs: 40, stillOpen: 0 },
    usableMs: 150,
  },
  muteAgents: { codes: { TOOK_TOO_LONG: 40 }, longestMs: 10_030, stillOpen: 0 },
  audited: { written: 30, counted: 400, reasons: { CONNECTIONS_EXCEEDED: 25, MALFORMED: 5 }, bytes: 12_000 },
  agent: {
    offers: { links: 1, offered: 3_000, refused: 280 },
    memory: MEMORY,
    audited: { written: 73, counted: 250, reasons: { GRANT_MALFORMED: 73 }, bytes: 30_000 },
  },
  sessionsLost: 0,
};

const BAD: Record<string, (seen: Waiting) => void> = {
  'a silent connection that stayed': ({ strangers }) => {
    strangers['gateway: silent'] = { ...held(60, 15_000), cut: 59, stillOpen: 1 };
  },
  'a header that could drip for half a minute': ({ strangers }) => {
    strangers['gateway: dripping-header'] = held(60, 31_000);
  },
  'a listener at which nothing was opened': ({ strangers }) => {
    strangers['broker, agents: spare'] = held(0, 0);
  },
  'too few connections to be an attack': ({ strangers }) => {
    strangers['administration: silent'] = held(13, 15_000);
  },
  'a limit by number that the audit log does not tell of': ({ audited }) => {
    audited.reasons = { MALFORMED: 30 };
  },
  'an audit log that is flooded': ({ audited }) => {
    audited.written = 1_300;
  },
  'a WebSocket without a ticket that stayed': ({ users }) => {
    users.mutes.stillOpen = 1;
  },
  'no WebSocket without a ticket': ({ users }) => {
    users.mutes.codes = {};
  },
  'an opening without a hello that stayed for a minute': ({ users }) => {
    users.paired.longestMs = 60_000;
  },
  'half-open handshakes without a limit': ({ users }) => {
    users.refused.codes = {};
  },
  'junk that was not closed as such': ({ users }) => {
    users.junk.codes = { CONNECTION_LOST: 22 };
  },
  'junk that was tolerated for a while': ({ users }) => {
    users.junk.longestMs = 10_000;
  },
  'a desktop that cannot be opened any more': ({ users }) => {
    users.usableMs = null;
  },
  'a mute agent that stayed': ({ muteAgents }) => {
    muteAgents.stillOpen = 1;
  },
  'an agent that reads offers as fast as they come': ({ agent }) => {
    agent.offers.refused = 3_000;
  },
  'an agent that no offer reached': ({ agent }) => {
    agent.offers = { links: 0, offered: 0, refused: 0 };
  },
  'an agent that writes each to its audit log': ({ agent }) => {
    agent.audited.written = 280;
  },
  'an agent whose memory grew': ({ agent }) => {
    agent.memory.mostMiB = 500;
  },
  'a gateway whose memory grew': ({ gateway }) => {
    gateway.mostMiB = 500;
  },
  'keys that came late meanwhile': ({ keys }) => {
    keys.p95Ms = 300;
  },
  'a session that was lost': (seen) => {
    seen.sessionsLost = 2;
  },
};

describe('the judge of those who do not go on', () => {
  it('passes what a healthy system shows', () => {
    expect(judgeWaiting(GOOD)).toMatchObject({ result: 'pass' });
  });

  it.each(Object.entries(BAD))('fails %s', (_, spoil) => {
    expect(judgeWaiting(but(GOOD, spoil))).toMatchObject({ result: 'fail' });
  });
});
