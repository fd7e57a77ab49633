import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { keepAlive } from '#platform/hop/keep-alive.ts';
import type { Observer, Socket } from '#platform/hop/websocket.ts';
import type { Refusal } from '#protocol/codes.ts';
import { LINK_KEEP_ALIVE_MS, LINK_SILENCE_MAX_MS } from '#protocol/limits.ts';
import { type Hop, openHop } from '#tests/support/hop.ts';

/** The part of a socket that the keep-alive uses. */
function fakeSocket() {
  const observers: Observer[] = [];
  const fake = {
    paused: false,
    pings: 0,
    refusals: [] as Refusal[],
    observe: (observer: Observer) => observers.push(observer),
    ping: () => fake.pings++,
    refuse: (refusal: Refusal) => fake.refusals.push(refusal),
    heard: () => observers.forEach((observer) => void observer.heard?.()),
    end: () => observers.forEach((observer) => void observer.ended?.()),
  };
  return fake;
}

describe('the keep-alive', () => {
  let fake: ReturnType<typeof fakeSocket>;
  beforeEach(() => {
    vi.useFakeTimers();
    fake = fakeSocket();
    keepAlive(fake as unknown as Socket);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('pings at the interval and cuts a peer that stays silent', () => {
    vi.advanceTimersByTime(LINK_KEEP_ALIVE_MS * 2);
    expect(fake.pings).toBe(2);
    vi.advanceTimersByTime(LINK_SILENCE_MAX_MS - LINK_KEEP_ALIVE_MS * 2 - 1);
    expect(fake.refusals).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(fake.refusals.map((refusal) => refusal.reason)).toEqual(['PEER_GONE']);
  });

  it('takes any sign of life for an answer', () => {
    for (let i = 0; i < 10; i++) {
      vi.advanceTimersByTime(LINK_SILENCE_MAX_MS - 1);
      fake.heard();
    }
    expect(fake.refusals).toEqual([]);
  });

  it('does not blame the peer for a silence of our own making', () => {
    fake.paused = true;
    vi.advanceTimersByTime(LINK_SILENCE_MAX_MS * 10);
    expect(fake.refusals).toEqual([]);
    fake.paused = false;
    vi.advanceTimersByTime(LINK_SILENCE_MAX_MS);
    expect(fake.refusals.length).toBe(1);
  });

  it('leaves no timer after the end', () => {
    fake.end();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('over a real socket', () => {
  let hop: Hop;
  beforeAll(async () => {
    hop = await openHop();
  });
  afterAll(() => hop.close());

  it('is answered by the other end without its owner doing anything', async () => {
    const { dialled, accepted } = await hop.pair();
    let heard = 0;
    dialled.observe({ heard: () => heard++ });
    dialled.listen({ closed() {} });
    accepted.listen({ closed() {} });
    keepAlive(dialled, { intervalMs: 10, silenceMs: 5_000 });
    await expect.poll(() => heard).toBeGreaterThan(2);
    dialled.close('ENDED');
  });
});
