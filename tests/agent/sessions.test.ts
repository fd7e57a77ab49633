// Who has a place at a desktop, and what takes it away again. The client's core is real, the desktop is not.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LOCK_MAX_MS } from '#agent/desktop/lock.ts';
import { Sessions } from '#agent/sessions.ts';
import { type Code, Refusal } from '#protocol/codes.ts';
import { LEASE_LIFE_MS, WINDOW_FIRST_BYTES } from '#protocol/limits.ts';
import { type GrantKey, signLease } from '#protocol/outer/grant.ts';
import { grantKey } from '#tests/agent/parts.ts';
import { type BothEnds, bothEnds, DESKTOP, OTHER_DESKTOP, timersLeft, USER } from '#tests/support/both-ends.ts';
import { deviceKey, pairedOf } from '#tests/support/end-to-end.ts';
import { settle, until } from '#tests/support/memory-link.ts';
import { type End, endOf } from '#web/core/ends.ts';

let ends: BothEnds;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  ends = await bothEnds();
  await ends.paired();
});
afterEach(() => vi.useRealTimers());

const attempt = (work: Promise<unknown>): Promise<End | 'opened'> => work.then(() => 'opened' as const, endOf);
const said = (code: Code, authentic: boolean): End => ({ code, authentic });
/** Another user, who is entitled and paired, too. */
async function openAsSuzuki() {
  await ends.paired('suzuki');
  ends.claims = { sub: 'suzuki' };
  return ends.open({ user: 'suzuki' }).finally(() => {
    ends.claims = {};
  });
}

/** agent.json has changed: this desktop stands in it no more. */
function withdraw(desktop: string): void {
  const desktops = new Map([...ends.home.desktops].filter(([id]) => id !== desktop));
  ends.home.change({ desktops, pins: ends.home.pins });
}
/** agent.json has changed: these are its pins. */
function pinOnly(...pins: GrantKey[]): void {
  ends.home.change({ desktops: ends.home.desktops, pins });
}

const over = () => until('the place is free', () => !ends.sessions.live(DESKTOP));

/** Whoever attaches DESKTOP waits until it is let go on. */
function slowDesktop(): { waits(): boolean; goOn(error?: Refusal): void } {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const attach = ends.attach;
  let waits = false;
  ends.attach = async (events) => {
    waits = true;
    await promise;
    return attach(events);
  };
  return { waits: () => waits, goOn: (error) => (error ? reject(error) : resolve()) };
}

describe('a desktop', () => {
  it('has one session; another user is told under the seal, and the first works on', async () => {
    const first = await ends.show();
    expect(await attempt(openAsSuzuki())).toEqual(said('DESKTOP_BUSY', true));
    expect(ends.audit.of('handshake-refused').at(-1)?.reason).toBe('DESKTOP_IN_USE');
    first.session.input({ type: 'key', down: true, keysym: 0x61 });
    await until('the key arrives', () => ends.desktop.inputs.length === 1);
    expect(first.ends).toEqual([]);
  });

  it('is free again when the session has ended, and another is nobody’s business', async () => {
    await ends.paired(USER, OTHER_DESKTOP);
    const first = await ends.show();
    const other = await ends.show({ desktop: OTHER_DESKTOP });
    expect(ends.sessions.list().map(({ desktop }) => desktop)).toEqual([DESKTOP, OTHER_DESKTOP]);
    first.session.end();
    await over();
    const again = await ends.show();
    expect(ends.sessions.list().map(({ session }) => session)).toEqual([other.id, again.id]);
  });

  it('that cannot be attached is told under the seal, audited, and free', async () => {
    ends.attach = () => Promise.reject(new Refusal('DESKTOP_UNREACHABLE', 'VNC server: ECONNREFUSED'));
    expect(await attempt(ends.open())).toEqual(said('DESKTOP_OFFLINE', true));
    await over();
    expect(ends.audit.of('desktop-lost')).toEqual([
      expect.objectContaining({ reason: 'DESKTOP_UNREACHABLE', desktop: DESKTOP }),
    ]);
    expect(timersLeft()).toBe(0);
  });

  it('that goes while the session begins ends it', async () => {
    const attach = ends.attach;
    ends.attach = async (events) => {
      const desktop = await attach(events);
      events.gone(new Refusal('VNC_GONE'));
      return desktop;
    };
    const shown = await ends.show();
    await until('the client hears', () => shown.ends.length === 1);
    expect(shown.ends).toEqual([said('DESKTOP_LOST', true)]);
    expect(ends.sessions.list()).toEqual([]);
    expect(ends.audit.of('session-ended').at(-1)?.reason).toBe('VNC_GONE');
  });
});

describe('a desktop in use', () => {
  it('is taken over by its own user’s verified proof, and the first is told under the seal', async () => {
    const first = await ends.show();
    first.session.input({ type: 'key', down: true, keysym: 0x61 });
    await until('the key is held', () => ends.desktop.held.size === 1);
    const second = await ends.show();
    await until('the first hears', () => first.ends.length === 1);
    expect(first.ends).toEqual([said('TAKEN_OVER', true)]);
    expect(second.ends).toEqual([]);
    expect([...ends.desktop.held]).toEqual([]);
    expect(ends.sessions.list().map(({ session }) => session)).toEqual([second.id]);
    expect(ends.audit.of('session-ended')).toEqual([
      expect.objectContaining({ reason: 'TAKEN_OVER', session: first.id }),
    ]);
  });

  it('is locked and let go before the next session sees it', async () => {
    await ends.show();
    const unlocked = Promise.withResolvers<void>();
    ends.desktop.onLock = () => unlocked.promise;
    const opening = attempt(ends.open());
    await until('it is being locked', () => ends.desktop.locks === 1);
    expect([ends.desktop.closes, ends.audit.of('session-started').length]).toEqual([0, 1]);
    unlocked.resolve();
    expect(await opening).toBe('opened');
    expect([ends.desktop.closes, ends.audit.of('session-started').length]).toEqual([1, 2]);
  });

  it('keeps its session when the proof that comes is revoked meanwhile (T01)', async () => {
    const first = await ends.show();
    vi.spyOn(ends.pairings, 'keysOf').mockImplementation(async () => [pairedOf(deviceKey)]);
    const check = vi.mocked(ends.pairings.keysOf);
    check.mockResolvedValueOnce([pairedOf(deviceKey)]).mockResolvedValueOnce([]);
    expect(await attempt(ends.open())).toEqual(said('PAIRING_ENDED', true));
    expect(first.ends).toEqual([]);
    expect(ends.sessions.list().map(({ session }) => session)).toEqual([first.id]);
  });

  it('has one session when proofs of its user come while it is being attached: that of the last', async () => {
    const first = await ends.show();
    const slow = slowDesktop();
    const second = attempt(ends.open());
    await until('the desktop is asked', slow.waits);
    const third = attempt(ends.open());
    await until('three have a place or had one', () => ends.audit.of('user-verified').length === 3);
    slow.goOn();
    expect(await second).toEqual(said('TAKEN_OVER', true));
    expect(await third).toBe('opened');
    expect(first.ends).toEqual([said('TAKEN_OVER', true)]);
    expect(ends.sessions.list()).toHaveLength(1);
    expect(ends.audit.of('session-started')).toHaveLength(2);
  });

  it('is not free for another user while it is taken over', async () => {
    const first = await ends.show();
    const unlocked = Promise.withResolvers<void>();
    ends.desktop.onLock = () => unlocked.promise;
    const second = attempt(ends.open());
    await until('the first hears', () => first.ends.length === 1);
    expect(await attempt(openAsSuzuki())).toEqual(said('DESKTOP_BUSY', true));
    unlocked.resolve();
    expect(await second).toBe('opened');
  });
});

describe('the lock at the end of a session', () => {
  const failures = () => ends.audit.of('desktop-lock-failed');

  it('that fails is audited, and whoever comes next is told once', async () => {
    const first = await ends.show();
    ends.desktop.onLock = async () => {
      throw new Refusal('LOCK_FAILED', 'the command ended with 1');
    };
    first.session.end();
    await over();
    expect(failures()).toEqual([
      expect.objectContaining({ desktop: DESKTOP, user: USER, session: first.id, reason: 'LOCK_FAILED' }),
    ]);
    ends.desktop.onLock = async () => {};
    const second = await ends.show();
    expect(ends.desktop.notices).toEqual([expect.stringContaining('ロックできませんでした')]);
    second.session.end();
    await over();
    await ends.show();
    expect(ends.desktop.notices).toHaveLength(1);
  });

  it('that never comes is given up, and the desktop is let go', async () => {
    const first = await ends.show();
    ends.desktop.onLock = () => new Promise(() => {});
    first.session.end();
    await until('it is being locked', () => ends.desktop.locks === 1);
    vi.advanceTimersByTime(LOCK_MAX_MS);
    await over();
    expect(ends.desktop.closes).toBe(1);
    expect(failures()).toHaveLength(1);
    expect(timersLeft()).toBe(0);
  });

  it('is not asked for when nobody has seen the desktop', async () => {
    const slow = slowDesktop();
    const opening = attempt(ends.open());
    await until('the desktop is asked', slow.waits);
    await ends.pairings.revoke(USER, DESKTOP);
    slow.goOn();
    await opening;
    await over();
    expect(ends.desktop.locks).toBe(0);
  });

  it('is made up for at the next start of an agent that was killed', async () => {
    await ends.show();
    // As the next process finds the state.
    const next = new Sessions(ends.parts);
    await next.lockLeftOpen();
    expect([ends.desktop.locks, ends.desktop.closes]).toEqual([1, 1]);
    await next.lockLeftOpen();
    expect(ends.desktop.locks).toBe(1);
    await next.stop();
  });

  it('that cannot be made up for is audited, and the start goes on', async () => {
    await ends.show();
    const { attach } = ends;
    ends.attach = () => Promise.reject(new Refusal('DESKTOP_UNREACHABLE', 'VNC server: ECONNREFUSED'));
    const next = new Sessions(ends.parts);
    await next.lockLeftOpen();
    expect(failures()).toEqual([expect.objectContaining({ desktop: DESKTOP, reason: 'DESKTOP_UNREACHABLE' })]);
    ends.attach = attach;
    await next.lockLeftOpen();
    expect(ends.desktop.locks).toBe(1);
    await next.stop();
  });
});

describe('what the gateway ends', () => {
  const WORDS: [Code, string, Code][] = [
    ['IDLE', 'IDLE_LIMIT', 'IDLE'],
    ['TIME_LIMIT', 'OVERALL_LIMIT', 'TIME_LIMIT'],
    ['TAKEN_OVER', 'TAKEN_OVER', 'TAKEN_OVER'],
    ['ENDED', 'SIGNED_OUT', 'ENDED'],
    ['CERTIFICATE_ENDED', 'CERTIFICATE_ENDED', 'CERTIFICATE_ENDED'],
    ['RIGHTS_UNCONFIRMED', 'RIGHTS_UNCONFIRMED', 'RIGHTS_UNCONFIRMED'],
    ['CERTIFICATE_REFUSED', 'RIGHTS_REVOKED', 'RIGHTS_ENDED'],
  ];
  it.each(WORDS)('with %s is audited as %s, and the user reads %s', async (word, reason, code) => {
    const shown = await ends.show();
    ends.sessions.revoke(shown.id, word);
    await until('the client hears', () => shown.ends.length === 1);
    expect(shown.ends).toEqual([said(code, true)]);
    expect(ends.audit.of('session-ended').at(-1)?.reason).toBe(reason);
  });
});

describe('while a desktop is being attached', () => {
  const CAUSES: [string, (session: string) => unknown, string, Code][] = [
    [
      'the gateway revokes',
      (session) => ends.sessions.revoke(session, 'RIGHTS_ENDED'),
      'RIGHTS_REVOKED',
      'RIGHTS_ENDED',
    ],
    ['the user signs out', (session) => ends.sessions.revoke(session, 'ENDED'), 'SIGNED_OUT', 'ENDED'],
    ['the pairing is revoked', () => ends.pairings.revoke(USER, DESKTOP), 'PAIRING_REVOKED', 'PAIRING_ENDED'],
    ['the desktop is withdrawn', () => withdraw(DESKTOP), 'DESKTOP_WITHDRAWN', 'DESKTOP_WITHDRAWN'],
    ['the grant key is withdrawn', () => pinOnly(), 'GRANT_KEY_WITHDRAWN', 'GATEWAY_DISTRUSTED'],
    ['the agent stops', () => ends.sessions.stop(), 'SHUTTING_DOWN', 'UNAVAILABLE'],
  ];
  it.each(CAUSES)('%s: the user is told under the seal and never sees the desktop', async (_, cause, reason, code) => {
    const slow = slowDesktop();
    const opening = attempt(ends.open());
    await until('the desktop is asked', slow.waits);
    const [place] = ends.sessions.list();
    await cause(place?.session ?? '');
    await settle();
    slow.goOn();
    expect(await opening).toEqual(said(code, true));
    await over();
    expect(ends.desktop.closes).toBe(1);
    expect(ends.audit.of('session-started')).toEqual([]);
    expect(ends.audit.of('handshake-refused').at(-1)?.reason).toBe(reason);
    expect(timersLeft()).toBe(0);
  });

  it('a relay closes: the session that begins is over at once and stays in no list', async () => {
    const slow = slowDesktop();
    const opening = attempt(ends.open());
    await until('the desktop is asked', slow.waits);
    ends.link().cut('CONNECTION_LOST');
    expect(await opening).toEqual(said('CONNECTION_LOST', false));
    slow.goOn();
    await over();
    expect(ends.sessions.list()).toEqual([]);
    expect(ends.desktop.closes).toBe(1);
    expect(ends.audit.events.map(({ event }) => event).slice(-2)).toEqual(['session-started', 'session-ended']);
    expect(timersLeft()).toBe(0);
  });

  it('and cannot be: the place is free', async () => {
    const slow = slowDesktop();
    const opening = attempt(ends.open());
    await until('the desktop is asked', slow.waits);
    expect(ends.sessions.live(DESKTOP)).toBe(true);
    slow.goOn(new Refusal('DESKTOP_UNREACHABLE'));
    expect(await opening).toEqual(said('DESKTOP_OFFLINE', true));
    expect(ends.sessions.live(DESKTOP)).toBe(false);
  });
});

describe('a pairing that is revoked', () => {
  it('between the proof and the place opens nothing', async () => {
    const keysOf = ends.pairings.keysOf.bind(ends.pairings);
    vi.spyOn(ends.pairings, 'keysOf').mockImplementationOnce(async (user, desktop) => {
      const keys = await keysOf(user, desktop);
      await ends.pairings.revoke(user, desktop);
      return keys;
    });
    expect(await attempt(ends.open())).toEqual(said('PAIRING_ENDED', true));
    await over();
    expect(ends.audit.of('user-verified')).toHaveLength(1);
    expect(ends.desktop.events).toBeNull();
  });

  it('ends the session of that user at that desktop, and no other', async () => {
    await ends.paired(USER, OTHER_DESKTOP);
    const [here, there] = [await ends.show(), await ends.show({ desktop: OTHER_DESKTOP })];
    await ends.paired('suzuki');
    await ends.pairings.revoke('suzuki', DESKTOP);
    await settle();
    expect(here.ends).toEqual([]);
    await ends.pairings.revoke(USER, DESKTOP);
    await until('the client hears', () => here.ends.length === 1);
    expect(here.ends).toEqual([said('PAIRING_ENDED', true)]);
    expect(there.ends).toEqual([]);
  });
});

describe('a desktop that is withdrawn', () => {
  it('ends its session with that reason, is locked, and leaves the others alone', async () => {
    await ends.paired(USER, OTHER_DESKTOP);
    const [here, there] = [await ends.show(), await ends.show({ desktop: OTHER_DESKTOP })];
    withdraw(DESKTOP);
    await until('the client hears', () => here.ends.length === 1);
    expect(here.ends).toEqual([said('DESKTOP_WITHDRAWN', true)]);
    expect(ends.audit.of('session-ended').at(-1)?.reason).toBe('DESKTOP_WITHDRAWN');
    await over();
    expect(ends.desktop.locks).toBe(1);
    expect(there.ends).toEqual([]);
    expect(await attempt(ends.open())).toEqual(said('AGENT_REFUSED', false));
  });
});

describe('a grant key that is withdrawn', () => {
  it('ends the sessions that go on by its word', async () => {
    const shown = await ends.show();
    pinOnly((await grantKey('k2')).pin);
    await until('the client hears', () => shown.ends.length === 1);
    expect(shown.ends).toEqual([said('GATEWAY_DISTRUSTED', true)]);
    expect(ends.audit.of('session-ended').at(-1)?.reason).toBe('GRANT_KEY_WITHDRAWN');
  });

  it('ends nothing after a roll-over: a lease by the new key carries the session over', async () => {
    const next = await grantKey('k2');
    const shown = await ends.show();
    pinOnly(ends.keys.pin, next.pin);
    await until('the agent asks', () => ends.told.some(({ type }) => type === 'nonce'));
    const nonce = ends.told.find((message) => message.type === 'nonce')?.nonce ?? '';
    await ends.sessions.lease(
      shown.id,
      await signLease(next.signer, { session: shown.id, epoch: 0, nonce }, ends.clock.wall),
    );
    pinOnly(next.pin);
    await settle();
    expect(shown.ends).toEqual([]);
    pinOnly(ends.keys.pin);
    await until('the client hears', () => shown.ends.length === 1);
    expect(shown.ends).toEqual([said('GATEWAY_DISTRUSTED', true)]);
  });

  it('pairs nobody any more, though the grant was taken while it was pinned', async () => {
    const { code } = await ends.pairings.issue(USER, DESKTOP, true);
    const record = ends.audit.record.bind(ends.audit);
    vi.spyOn(ends.audit, 'record').mockImplementation((event, fields) => {
      if (event === 'user-verified') pinOnly();
      record(event, fields);
    });
    expect(await attempt(ends.pair(code))).toEqual(said('GATEWAY_DISTRUSTED', true));
    expect(ends.audit.of('pairing-made')).toEqual([]);
  });
});

describe('while the agent cannot tell what holds', () => {
  const nonces = () => ends.told.filter(({ type }) => type === 'nonce').length;
  async function wait(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1_000) {
      ends.pass(1_000);
      vi.advanceTimersByTime(1_000);
      await settle();
    }
  }

  it.each<[string, () => void]>([
    ['its configuration cannot be used', () => ends.home.fail('agent.json: not valid JSON')],
    [
      'its state cannot be read',
      () => vi.spyOn(ends.pairings, 'keysOf').mockRejectedValue(new Refusal('STATE_UNWRITABLE', 'disk I/O error')),
    ],
  ])('since %s, it asks for no lease, and the session ends with the one that it has', async (_, fault) => {
    const shown = await ends.show();
    await until('the agent asks', () => nonces() === 1);
    fault();
    await wait(LEASE_LIFE_MS - 1_000);
    expect([nonces(), shown.ends]).toEqual([1, []]);
    await wait(1_000);
    await until('the client hears', () => shown.ends.length === 1);
    expect(shown.ends).toEqual([said('RIGHTS_UNCONFIRMED', true)]);
  });
});

describe('a session id', () => {
  it('that is in use at another desktop is refused: it would take the other’s leases and revocations (T06)', async () => {
    await ends.paired(USER, OTHER_DESKTOP);
    ends.claims = { session: 'ab'.repeat(16) };
    const first = await ends.show();
    expect(await attempt(ends.open({ desktop: OTHER_DESKTOP }))).toEqual(said('AGENT_REFUSED', true));
    ends.sessions.revoke(first.id, 'RIGHTS_ENDED');
    await until('the first hears', () => first.ends.length === 1);
    expect(ends.sessions.list()).toEqual([]);
  });

  it('that is not known is no fault of a lease or a revocation', async () => {
    ends.sessions.revoke('f'.repeat(32), 'ENDED');
    await ends.sessions.lease('f'.repeat(32), 'no lease');
  });
});

describe('a notice', () => {
  it('waits for the next who comes to the desktop, and is shown once', async () => {
    ends.sessions.notice(DESKTOP, '端末が登録されました');
    const first = await ends.show();
    expect(ends.desktop.notices).toEqual(['端末が登録されました']);
    first.session.end();
    await over();
    await ends.show();
    expect(ends.desktop.notices).toHaveLength(1);
  });

  it('is shown at once to whoever works there', async () => {
    await ends.show();
    ends.sessions.notice(DESKTOP, '登録が取り消されました');
    expect(ends.desktop.notices).toEqual(['登録が取り消されました']);
  });

  it('of a new device is shown to the next user (T12)', async () => {
    const { code } = await ends.pairings.issue(USER, DESKTOP, true);
    await ends.pair(code);
    await ends.show();
    expect(ends.desktop.notices).toEqual([expect.stringContaining(USER)]);
  });
});

describe('a lease', () => {
  it('that is forged is no lease, and ends nothing', async () => {
    const shown = await ends.show();
    await ends.sessions.lease(shown.id, 'a.b.c');
    const nonce = ends.told.find((message) => message.type === 'nonce')?.nonce ?? '';
    const other = await signLease(ends.keys.signer, { session: 'f'.repeat(32), epoch: 0, nonce }, ends.clock.wall);
    await ends.sessions.lease(shown.id, other);
    expect(shown.ends).toEqual([]);
    expect(ends.sessions.list()).toHaveLength(1);
  });
});

describe('an agent', () => {
  it('that stops tells every user under the seal, and takes no offer after that', async () => {
    const shown = await ends.show();
    await ends.sessions.stop();
    await until('the client hears', () => shown.ends.length === 1);
    expect(shown.ends).toEqual([said('UNAVAILABLE', true)]);
    expect(await attempt(ends.open())).toEqual(said('UNAVAILABLE', false));
    expect(timersLeft()).toBe(0);
  });

  it('that cannot write its audit log starts nothing, and what runs goes on (G4)', async () => {
    const shown = await ends.show();
    await ends.paired(USER, OTHER_DESKTOP);
    ends.audit.healthy = false;
    expect(await attempt(ends.open({ desktop: OTHER_DESKTOP }))).toEqual(said('UNAVAILABLE', false));
    expect(ends.audit.of('offer-refused').at(-1)?.reason).toBe('AUDIT_UNWRITABLE');
    expect(shown.ends).toEqual([]);
  });

  it('grants no more than its own limits, and no more than the grant’s', async () => {
    ends.claims = { policy: { idleSeconds: 120, overallSeconds: 1_000_000 } };
    const { ready } = (await ends.show()).opened;
    expect(ready).toMatchObject({ idleSeconds: 120, overallSeconds: 43_200, inputPerSecond: 100 });
  });

  it('names who was verified by what', async () => {
    await ends.show();
    expect(ends.audit.of('user-verified')).toEqual([
      expect.objectContaining({ user: USER, municipality: '131016', desktop: DESKTOP, proof: 'device-key' }),
    ]);
    expect(await ends.pairings.keysOf(USER, DESKTOP)).toEqual([pairedOf(deviceKey)]);
  });
});

describe('what is measured', () => {
  it('stands for each running session, with whose it is', async () => {
    await ends.paired(USER, OTHER_DESKTOP);
    const slow = slowDesktop();
    const opening = attempt(ends.open());
    await until('the desktop is asked', slow.waits);
    expect(ends.sessions.measure(), 'still being attached').toEqual([]);
    slow.goOn();
    await opening;
    const other = await ends.show({ desktop: OTHER_DESKTOP });
    await until('the first picture', () => other.frames.length > 0);
    const measured = ends.sessions.measure();
    expect(measured.map(({ desktop }) => desktop)).toEqual([DESKTOP, OTHER_DESKTOP]);
    expect(measured[1]).toMatchObject({
      session: other.id,
      municipality: '131016',
      windowBytes: WINDOW_FIRST_BYTES,
      rateBytesPerSecond: 0,
      updates: 1,
      staleTiles: 0,
    });
    expect(measured[0]?.inFlightBytes, 'nobody acknowledges').toBeGreaterThan(0);
    other.session.end();
    await until('the place is free', () => !ends.sessions.live(OTHER_DESKTOP));
    expect(ends.sessions.measure()).toHaveLength(1);
  });

  it('counts what another screen than the product’s sends', async () => {
    const said = { updates: 7, staleTiles: 3 };
    ends = await bothEnds({
      openScreen({ send, room, recordBytes, updateBytes }) {
        expect([room(), recordBytes(), updateBytes()]).toEqual([WINDOW_FIRST_BYTES, 4_294, WINDOW_FIRST_BYTES / 2]);
        send(new Uint8Array(recordBytes()));
        const nothing = () => {};
        return {
          ...{ damage: nothing, resized: nothing, answerResize: nothing, cursor: nothing, bell: nothing },
          ...{ refresh: nothing, acked: nothing, close: nothing, idle: true, counts: said },
        };
      },
    });
    await ends.paired();
    const shown = await ends.show();
    await until('its bytes arrive', () => shown.frames.length > 0);
    expect(shown.frames[0]).toHaveLength(4_294);
    expect(ends.sessions.measure()[0]).toMatchObject(said);
  });
});
