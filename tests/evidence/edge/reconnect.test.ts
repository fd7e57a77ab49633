import { describe, expect, it } from 'vitest';
import { type Back, judgeReconnect, type MassReconnect } from '#evidence/edge/reconnect.ts';
import { but, KEYS, MEMORY } from './good.ts';

const back = (people: number): Back => ({
  ...{ people, lost: people, returned: people, allAfterMs: 3_000 },
  ...{ failedTries: 40, why: { UNAVAILABLE: 40 } },
});

const GOOD: MassReconnect = {
  ...{ idle: KEYS, keys: KEYS, lineBroke: back(80), gatewayRestarted: back(100), brokerRestarted: back(100) },
  memory: { gateway: MEMORY, broker: MEMORY },
};

const BAD: Record<string, (seen: MassReconnect) => void> = {
  'one who did not come back': ({ lineBroke }) => {
    lineBroke.returned = 79;
    lineBroke.allAfterMs = null;
  },
  'all back, but too late': ({ gatewayRestarted }) => {
    gatewayRestarted.allAfterMs = 14_000;
  },
  'all back behind a new broker, but too late': ({ brokerRestarted }) => {
    brokerRestarted.allAfterMs = 19_000;
  },
  'nobody who had been lost': ({ lineBroke }) => {
    lineBroke.lost = 0;
  },
  'half who had been lost': ({ gatewayRestarted }) => {
    gatewayRestarted.lost = 50;
  },
  'nobody there': ({ lineBroke }) => {
    Object.assign(lineBroke, back(0));
  },
  'a storm of refusals': ({ gatewayRestarted }) => {
    gatewayRestarted.failedTries = 900;
  },
  'others whose keys came late': ({ keys }) => {
    keys.p95Ms = 700;
  },
  'others whose keys were not measured': ({ keys }) => {
    Object.assign(keys, { pressed: 0, answered: 0, p50Ms: null, p95Ms: null });
  },
  'a broker whose memory grew': ({ memory }) => {
    memory.broker = { beforeMiB: 100, mostMiB: 300 };
  },
};

describe('the judge of the mass reconnect', () => {
  it('passes what a healthy system shows', () => {
    expect(judgeReconnect(GOOD)).toMatchObject({ result: 'pass' });
  });

  it.each(Object.entries(BAD))('fails %s', (_, spoil) => {
    expect(judgeReconnect(but(GOOD, spoil))).toMatchObject({ result: 'fail' });
  });
});
