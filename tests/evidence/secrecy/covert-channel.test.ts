import { describe, expect, it } from 'vitest';
import { judgePushed, PUBLISHED_KBPS, type Pushed } from '#evidence/secrecy/covert-channel.ts';

const GOOD: Pushed = {
  seconds: 7,
  bytes: 120_000,
  handshakeBytes: 16_384,
  steadyKbps: 97,
  byLane: { input: 99, ack: 198, control: 5 },
  computedKbps: PUBLISHED_KBPS,
  reopening: { sessions: 10, seconds: 4, bytes: 230_000 },
};

describe('the covert channel is judged', () => {
  it('passed just below the bound', () => {
    expect(judgePushed(GOOD).result).toBe('pass');
  });

  it.each<[string, Partial<Pushed>]>([
    ['more passes than the lanes add up to', { steadyKbps: 105 }],
    ['a lane is missing in what is published', { computedKbps: 120 }],
    ['the ends did not really push', { steadyKbps: 40 }],
    ['nothing arrived', { steadyKbps: 0, bytes: 0 }],
    ['each new session gets a burst of its own', { reopening: { sessions: 29, seconds: 4, bytes: 1_200_000 } }],
    ['nobody tried to open anew', { reopening: { sessions: 0, seconds: 4, bytes: 0 } }],
    ['the burst is larger than it may be', { bytes: 200_000 }],
  ])('failed when %s', (_, change) => {
    expect(judgePushed({ ...GOOD, ...change }).result).toBe('fail');
  });
});
