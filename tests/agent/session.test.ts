// A live session at the agent: what ends it, who hears of it, and that nothing stays. Clocks and timers are the test's.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Code, Refusal } from '#protocol/codes.ts';
import { Lane } from '#protocol/lanes.ts';
import { AGENT_BURST_SECONDS, INPUT_PER_SECOND, LEASE_INTERVAL_MS, LEASE_LIFE_MS } from '#protocol/limits.ts';
import { signLease } from '#protocol/outer/grant.ts';
import { type BothEnds, bothEnds, DESKTOP, type Shown, timersLeft } from '#tests/support/both-ends.ts';
import { settle, until } from '#tests/support/memory-link.ts';
import { sharedScreen } from '#tests/support/shared-screen.ts';
import type { End } from '#web/core/ends.ts';

const SECOND = 1_000;
const key = (down: boolean, keysym = 0x61) => ({ type: 'key', down, keysym }) as const;

let ends: BothEnds;
let shown: Shown;
/** Nonces that have been answered. */
let answered: number;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  ends = await bothEnds();
  await ends.paired();
  answered = 0;
});
afterEach(() => vi.useRealTimers());

const said = (code: Code, authentic: boolean): End => ({ code, authentic });

async function answerNonces(): Promise<void> {
  const nonces = ends.told.flatMap((message) => (message.type === 'nonce' ? [message] : []));
  for (const { session, nonce } of nonces.slice(answered)) {
    const lease = await signLease(ends.keys.signer, { session, epoch: 0, nonce }, ends.clock.wall);
    await ends.sessions.lease(session, lease);
  }
  answered = nonces.length;
}

/** Time goes by, second by second. @param each is done in every second, at its beginning */
async function live(seconds: number, each: () => unknown = answerNonces): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    await each();
    ends.pass(SECOND);
    vi.advanceTimersByTime(SECOND);
    await settle();
  }
}

/** Not a millisecond before, and not one after. */
async function expectEndAfter(ms: number): Promise<void> {
  const step = async (by: number) => {
    ends.pass(by);
    vi.advanceTimersByTime(by);
    await settle();
  };
  await step(ms - 1);
  expect(shown.ends).toEqual([]);
  await step(1);
  expect(shown.ends).toHaveLength(1);
}

/** Both ends agree how it ended, the audit log knows why, and the agent has let go of everything. */
async function expectEnd(end: End, reason: string, detail?: string): Promise<void> {
  await until('the client hears', () => shown.ends.length > 0);
  await until('the place is free', () => !ends.sessions.live(DESKTOP));
  await settle();
  expect(shown.ends).toEqual([end]);
  expect(ends.audit.of('session-ended')).toEqual([
    expect.objectContaining({ reason, ...(detail === undefined ? {} : { detail }) }),
  ]);
  expect([ends.desktop.locks, ends.desktop.closes]).toEqual([1, 1]);
  expect([...ends.desktop.held]).toEqual([]);
  expect(ends.sessions.list()).toEqual([]);
  expect(ends.link().agent.ended).not.toBeNull();
  expect(ends.link().client.ended).not.toBeNull();
  expect(timersLeft()).toBe(0);
}

describe('a lease', () => {
  it('is asked for at once and every ten seconds', async () => {
    shown = await ends.show();
    const nonces = () => ends.told.filter(({ type }) => type === 'nonce').length;
    expect(nonces()).toBe(1);
    await live(LEASE_INTERVAL_MS / SECOND - 1);
    expect(nonces()).toBe(1);
    await live(1);
    expect(nonces()).toBe(2);
  });

  it('that keeps coming keeps the session', async () => {
    shown = await ends.show();
    await live(120);
    expect(shown.ends).toEqual([]);
  });

  it('that does not come ends it, and the client hears that from the agent itself', async () => {
    shown = await ends.show();
    shown.session.input(key(true));
    await until('the key is held', () => ends.desktop.held.size === 1);
    await live(LEASE_LIFE_MS / SECOND - 1, () => {});
    await expectEndAfter(SECOND);
    await expectEnd(said('RIGHTS_UNCONFIRMED', true), 'LEASE_EXPIRED');
  });

  it('that stops coming ends it thirty seconds after the last answered nonce was sent', async () => {
    shown = await ends.show();
    await live(60);
    let seconds = 0;
    while (shown.ends.length === 0 && seconds < 60) {
      await live(1, () => {});
      seconds++;
    }
    expect(seconds).toBeGreaterThanOrEqual((LEASE_LIFE_MS - LEASE_INTERVAL_MS) / SECOND);
    expect(seconds).toBeLessThanOrEqual(LEASE_LIFE_MS / SECOND);
    await expectEnd(said('RIGHTS_UNCONFIRMED', true), 'LEASE_EXPIRED');
  });
});

describe('a limit', () => {
  it('of idle time counts input and nothing else', async () => {
    ends.claims = { policy: { idleSeconds: 60, overallSeconds: 43_200 } };
    shown = await ends.show();
    await live(50);
    shown.session.input(key(true));
    await until('the key is held', () => ends.desktop.held.size === 1);
    const busy = async () => {
      await answerNonces();
      shown.session.refresh();
      shown.session.resize(640, 480);
    };
    await live(59, busy);
    await expectEndAfter(SECOND);
    await expectEnd(said('IDLE', true), 'IDLE_LIMIT');
  });

  it('of the whole session ends it whatever is typed', async () => {
    ends.claims = { policy: { idleSeconds: 900, overallSeconds: 60 } };
    shown = await ends.show();
    const typing = async () => {
      await answerNonces();
      shown.session.input(key(true));
      shown.session.input(key(false));
    };
    await live(59, typing);
    await expectEndAfter(SECOND);
    await expectEnd(said('TIME_LIMIT', true), 'OVERALL_LIMIT');
  });
});

describe('an end', () => {
  it('by the user is orderly at both ends', async () => {
    shown = await ends.show();
    shown.session.input(key(true));
    shown.session.end();
    await expectEnd(said('ENDED', true), 'ENDED_BY_USER', '');
    expect(ends.desktop.inputs).toHaveLength(1);
  });

  it('by the client’s sealed close counts although the socket’s end comes in the same turn', async () => {
    shown = await ends.show();
    const { agent } = ends.link();
    ends.link().meddle = (way, record) => {
      if (way === 'outward') return [record];
      agent.arrive({ record });
      if (record[1] === Lane.close) agent.arrive({ closed: 'CONNECTION_LOST' });
      return [];
    };
    shown.session.end();
    await expectEnd(said('ENDED', true), 'ENDED_BY_USER');
  });

  it('by a fault that the client found is told apart from the user’s own', async () => {
    shown = await ends.show({}, { frame: () => Promise.reject(new Refusal('MALFORMED', 'a rectangle')) });
    await expectEnd(said('PROTOCOL_ERROR', true), 'ENDED_BY_CLIENT', 'PROTOCOL_ERROR');
  });

  it('by a relay is not authenticated, and its code is not believed', async () => {
    shown = await ends.show();
    shown.session.input(key(true));
    await until('the key is held', () => ends.desktop.held.size === 1);
    ends.link().cut('RIGHTS_ENDED');
    await expectEnd(said('RIGHTS_ENDED', false), 'PEER_GONE', 'RIGHTS_ENDED');
  });

  it('by the gateway’s word on the control link is told under the seal', async () => {
    shown = await ends.show();
    ends.sessions.revoke(shown.id, 'RIGHTS_ENDED');
    await expectEnd(said('RIGHTS_ENDED', true), 'RIGHTS_REVOKED');
  });

  it('of the desktop itself is told under the seal and audited as a loss', async () => {
    shown = await ends.show();
    ends.desktop.events?.gone(new Refusal('VNC_GONE', 'VNC server: closed the connection'));
    await expectEnd(said('DESKTOP_LOST', true), 'VNC_GONE');
    expect(ends.audit.of('desktop-lost')).toHaveLength(1);
  });

  it('by text among the records is the relay’s doing, and nobody’s input', async () => {
    shown = await ends.show();
    ends.link().agent.arrive({ text: '{"type":"paired"}' });
    await expectEnd(said('PROTOCOL_ERROR', true), 'MESSAGE_UNEXPECTED');
    expect(ends.audit.of('input-refused')).toEqual([]);
  });

  it('comes once, whatever else goes wrong after it', async () => {
    shown = await ends.show();
    shown.session.input(key(true));
    ends.desktop.events?.gone(new Refusal('VNC_GONE'));
    ends.sessions.revoke(shown.id, 'RIGHTS_ENDED');
    ends.link().cut('CONNECTION_LOST');
    ends.desktop.events?.damage({ x: 0, y: 0, width: 8, height: 8 });
    ends.desktop.events?.bell();
    await expectEnd(said('DESKTOP_LOST', true), 'VNC_GONE');
    expect(ends.desktop.inputs).toEqual([]);
  });
});

describe('a resize', () => {
  it('that the desktop takes its time for holds up no key and no close', async () => {
    shown = await ends.show();
    ends.desktop.resize = () => new Promise(() => {});
    shown.session.resize(640, 480);
    shown.session.input(key(true));
    await until('the key arrives', () => ends.desktop.inputs.length === 1);
    shown.session.end();
    await expectEnd(said('ENDED', true), 'ENDED_BY_USER');
  });

  it('is asked of the desktop one after the other, and not at all for the size it has', async () => {
    shown = await ends.show();
    const asked: [number, number][] = [];
    const decide: ((granted: boolean) => void)[] = [];
    ends.desktop.resize = (width, height) => {
      asked.push([width, height]);
      return new Promise((resolve) => decide.push(resolve));
    };
    for (const width of [640, 800, 128]) shown.session.resize(width, 64);
    await until('the first is asked', () => asked.length === 1);
    await settle();
    expect(asked).toEqual([[640, 64]]);
    decide[0]?.(false);
    await until('the second is asked', () => asked.length === 2);
    decide[1]?.(false);
    await settle();
    expect(asked).toEqual([
      [640, 64],
      [800, 64],
    ]);
  });

  it('that was granted reaches the client as bytes of the stream', async () => {
    shown = await ends.show();
    await until('the first picture', () => shown.frames.length > 0);
    await settle();
    const before = shown.frames.length;
    ends.desktop.resize = async (width, height) => {
      ends.desktop.screen = sharedScreen(width, height, () => 0xff);
      ends.desktop.events?.resized(ends.desktop.screen);
      return true;
    };
    shown.session.resize(96, 48);
    await until('more frames', () => shown.frames.length > before);
  });

  it('that fails in the desktop ends the session', async () => {
    shown = await ends.show();
    ends.desktop.resize = () => Promise.reject(new Error('no memory'));
    shown.session.resize(640, 480);
    await expectEnd(said('UNAVAILABLE', true), 'INTERNAL');
  });
});

describe('input', () => {
  it('arrives in order, the pointer inside the screen', async () => {
    shown = await ends.show();
    for (let i = 0; i < 20; i++) shown.session.input(key(i % 2 === 0, 0x61 + i));
    shown.session.input({ type: 'pointer', buttons: 1, x: 65_535, y: 65_535 });
    await until('all arrive', () => ends.desktop.inputs.length === 21);
    expect(ends.desktop.inputs.slice(0, 20).map((event) => 'keysym' in event && event.keysym)).toEqual(
      Array.from({ length: 20 }, (_, i) => 0x61 + i),
    );
    expect(ends.desktop.inputs.at(-1)).toMatchObject({ x: 127, y: 63 });
  });

  it('is acknowledged four times a second at most, once for many', async () => {
    shown = await ends.show();
    const acks = () => ends.link().sent.outward.filter((record) => record[1] === 5).length;
    vi.advanceTimersByTime(250);
    const before = acks();
    for (let i = 0; i < 10; i++) shown.session.input(key(i % 2 === 0));
    await until('all arrive', () => ends.desktop.inputs.length === 10);
    vi.advanceTimersByTime(250);
    expect(acks()).toBe(before + 1);
  });

  it('above the burst ends the session (T18)', async () => {
    shown = await ends.show();
    for (let i = 0; i <= INPUT_PER_SECOND * AGENT_BURST_SECONDS; i++) shown.session.input(key(true));
    await expectEnd(said('PROTOCOL_ERROR', true), 'LANE_RATE');
    expect(ends.desktop.inputs).toHaveLength(INPUT_PER_SECOND * AGENT_BURST_SECONDS);
  });
});
