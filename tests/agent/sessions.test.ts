// Who has a place at a desktop, and what takes it away again. The client's core is real, the desktop is not.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Code, Refusal } from '#protocol/codes.ts';
import { WINDOW_FIRST_BYTES } from '#protocol/limits.ts';
import { signLease } from '#protocol/outer/grant.ts';
import { type BothEnds, bothEnds, DESKTOP, OTHER_DESKTOP, USER } from '#tests/support/both-ends.ts';
import { deviceKey, pairedOf } from '#tests/support/end-to-end.ts';
import { until } from '#tests/support/memory-link.ts';
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
  it('has one session; the second user is told under the seal, and the first works on', async () => {
    const first = await ends.show();
    expect(await attempt(ends.open())).toEqual(said('DESKTOP_BUSY', true));
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
    expect(vi.getTimerCount()).toBe(0);
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

describe('while a desktop is being attached', () => {
  const CAUSES: [string, (session: string) => unknown, string, Code][] = [
    [
      'the gateway revokes',
      (session) => ends.sessions.revoke(session, 'RIGHTS_ENDED'),
      'RIGHTS_REVOKED',
      'RIGHTS_ENDED',
    ],
    ['the user signs out', (session) => ends.sessions.revoke(session, 'ENDED'), 'SIGNED_OUT', 'ENDED'],
    ['the pairing is revoked', () => ends.sessions.endOf(USER, DESKTOP), 'RIGHTS_REVOKED', 'RIGHTS_ENDED'],
    ['the agent stops', () => ends.sessions.stop(), 'SHUTTING_DOWN', 'UNAVAILABLE'],
  ];
  it.each(CAUSES)('%s: the user is told under the seal and never sees the desktop', async (_, cause, reason, code) => {
    const slow = slowDesktop();
    const opening = attempt(ends.open());
    await until('the desktop is asked', slow.waits);
    const [place] = ends.sessions.list();
    cause(place?.session ?? '');
    slow.goOn();
    expect(await opening).toEqual(said(code, true));
    await over();
    expect(ends.desktop.closes).toBe(1);
    expect(ends.audit.of('session-started')).toEqual([]);
    expect(ends.audit.of('handshake-refused').at(-1)?.reason).toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
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
    expect(vi.getTimerCount()).toBe(0);
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
    expect(await attempt(ends.open())).toEqual(said('NOT_PAIRED', true));
    await over();
    expect(ends.audit.of('user-verified')).toHaveLength(1);
    expect(ends.desktop.events).toBeNull();
  });

  it('ends the session of that user at that desktop, and no other', async () => {
    await ends.paired(USER, OTHER_DESKTOP);
    const [here, there] = [await ends.show(), await ends.show({ desktop: OTHER_DESKTOP })];
    ends.sessions.endOf('suzuki', DESKTOP);
    ends.sessions.endOf(USER, DESKTOP);
    await until('the client hears', () => here.ends.length === 1);
    expect(here.ends).toEqual([said('RIGHTS_ENDED', true)]);
    expect(there.ends).toEqual([]);
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
    expect(vi.getTimerCount()).toBe(0);
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
