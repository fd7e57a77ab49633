import { describe, expect, it } from 'vitest';
import { judgeKeys, type KeyUse } from '#evidence/secrecy/keys.ts';

const none = { keys: 40, keysTwice: 0, nonces: 900, noncesTwice: 0, openedTwice: 0, secretsTwice: 0 };
const GOOD: KeyUse = {
  live: { ...none, sessions: 3, keyUpdates: 9, typed: 60, arrived: 60 },
  channels: { ...none, sessions: 4, generations: 27 },
  control: { ...none, keysTwice: 1, noncesTwice: 1 },
};
const reused = { keysTwice: 1, noncesTwice: 1, openedTwice: 1, secretsTwice: 1 };

describe('the use of keys is judged', () => {
  it('passed when nothing comes twice', () => {
    expect(judgeKeys(GOOD).result).toBe('pass');
  });

  it.each(Object.entries(reused))('failed for %s', (what, count) => {
    for (const part of ['live', 'channels'] as const) {
      expect(judgeKeys({ ...GOOD, [part]: { ...GOOD[part], [what]: count } }).result).toBe('fail');
    }
  });

  it.each<[string, KeyUse]>([
    ['the count sees no key that comes twice', { ...GOOD, control: { ...GOOD.control, keysTwice: 0 } }],
    ['the count sees no nonce that comes twice', { ...GOOD, control: { ...GOOD.control, noncesTwice: 0 } }],
    ['the keys did not arrive', { ...GOOD, live: { ...GOOD.live, arrived: 59 } }],
    ['no key was changed during a session', { ...GOOD, live: { ...GOOD.live, keyUpdates: 0 } }],
    ['there was only one session', { ...GOOD, live: { ...GOOD.live, sessions: 1 } }],
    ['generations did not change both ways', { ...GOOD, channels: { ...GOOD.channels, generations: 4 } }],
  ])('failed when %s', (_, seen) => {
    expect(judgeKeys(seen).result).toBe('fail');
  });
});
