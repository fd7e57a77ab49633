// T09: how often one user may open. What an opening decides otherwise stands in rights.test.ts and slots.test.ts.
import { beforeEach, describe, expect, it } from 'vitest';
import { InwardLanes } from '#gateway/inward-lanes.ts';
import { type Opener, type OpeningParts, openDesktop } from '#gateway/opening.ts';
import { KeyedRate } from '#platform/hop/keyed-rate.ts';
import type { Refusal } from '#protocol/codes.ts';

const WANTED = { desktop: '131016/soumu/pc-01', mode: 'open', hello: 'A'.repeat(43) } as const;
const clock = { now: 0 };
let refused: string[];
let parts: OpeningParts;

beforeEach(() => {
  refused = [];
  const nothing = async () => {};
  const stub = {
    ...{ rights: { check: nothing }, slots: { requireAvailable: nothing }, sessions: { noteActivity: nothing } },
    tickets: { issue: async () => 'ticket' },
    grants: { grant: async () => 'grant', policy: () => ({ idleSeconds: 900, overallSeconds: 900 }) },
    broker: { isUp: true, isOnline: () => true },
    journal: {
      ...{ requireHealthy() {}, opened() {} },
      openRefused: (_visitor: unknown, _desktop: string, _mode: string, { reason }: Refusal) =>
        void refused.push(reason),
    },
    openings: new KeyedRate({ perSecond: 0.5, burst: 60, now: () => clock.now }),
    now: () => clock.now,
  };
  parts = stub as unknown as OpeningParts;
});

const open = (user: string) =>
  openDesktop(
    parts,
    { peer: { notAfter: 86_400_000 }, signIn: { municipality: '131016', user } } as unknown as Opener,
    WANTED,
  ).then(
    () => 'opened',
    (refusal: Refusal) => refusal.code,
  );

describe('opening again and again (T09)', () => {
  it('is refused beyond the user’s rate, audited, and no matter for anybody else', async () => {
    for (let i = 0; i < 60; i++) expect(await open('tanaka')).toBe('opened');
    expect(await open('tanaka')).toBe('TOO_MANY');
    expect(refused).toEqual(['RATE_EXCEEDED']);
    expect(await open('suzuki')).toBe('opened');
    clock.now += 2_000;
    expect(await open('tanaka')).toBe('opened');
    expect(await open('tanaka')).toBe('TOO_MANY');
  });

  it('finds what the last session has left of the lanes, and nobody else’s', () => {
    const lanes = new InwardLanes();
    const tanaka = { municipality: '131016', user: 'tanaka' };
    expect(lanes.of(tanaka)).toBe(lanes.of({ ...tanaka }));
    expect(lanes.of(tanaka)).not.toBe(lanes.of({ ...tanaka, user: 'suzuki' }));
    expect(lanes.of(tanaka)).not.toBe(lanes.of({ ...tanaka, municipality: '999999' }));
  });
});
