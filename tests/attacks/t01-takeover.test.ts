// T01: somebody has the user's certificate and second factor, as after phishing, but not the paired device. The rightful
// user is at work meanwhile. Whatever is tried at the gateway, that session goes on; only a proof that the agent has
// verified ends it, and then exactly one session lives. Gateway, broker and both ends are real.
import { beforeEach, describe, expect, it } from 'vitest';
import { importSigningKey, newSigningKeyPem } from '#protocol/inner/cipher-node.ts';
import { HALF_OPEN_PER_DESKTOP_MAX } from '#protocol/limits.ts';
import { type BothEnds, DESKTOP, OTHER_DESKTOP, type Shown } from '#tests/support/both-ends.ts';
import { proverOf } from '#tests/support/end-to-end.ts';
import { HELLO } from '#tests/support/gateway.ts';
import { until } from '#tests/support/memory-link.ts';
import { type WholePath, wholePath } from '#tests/support/whole-path.ts';
import { DesktopSession } from '#web/core/desktop-session.ts';
import { type End, endOf } from '#web/core/ends.ts';
import { type Opening, openDesktop, type Surroundings } from '#web/core/open.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const SUZUKI = { municipality: '131016', user: 'suzuki' };
/** Well above what a change needs from gateway to agent on loopback. */
const QUIET_MS = 500;
const STEP_MS = 30_000;
const LITTLE_MS = 5_000;

let path: WholePath;
let ends: BothEnds;
let working: Shown;

beforeEach(async () => {
  path = await wholePath();
  ({ ends } = path);
  // Shortly before the next code, so that the next sign-in moves the clock by little, and no lease runs out by that.
  const left = STEP_MS - (path.gateway.now() % STEP_MS);
  path.gateway.pass(Math.max(0, left - LITTLE_MS));
  working = await ends.show();
  await untilListed([working.id]);
}, 60_000);

const tls = () => path.gateway.pki.users.tanaka;
const listed = async () => {
  const { sessions } = await path.gateway.admin('session.list');
  return (sessions as { session: string }[]).map(({ session }) => session);
};
const untilListed = (sessions: string[]) => expect.poll(listed, { timeout: 15_000 }).toEqual(sessions);

/** Signs in with certificate and second factor. */
async function signInAsTanaka(): Promise<Surroundings & { cookie: string }> {
  const cookie = await path.gateway.signIn(tls(), path.code);
  return { ...ends.client, ...path.clientOf(tls(), cookie), cookie };
}

const openBy = (client: Surroundings, changes: Partial<Opening> = {}) =>
  openDesktop(client, { ...ends.opening, ...changes }, ends.pinned);
const attempt = (work: Promise<unknown>): Promise<End | 'opened'> => work.then(() => 'opened' as const, endOf);
const withoutDevice = () => ({ prover: proverOf(importSigningKey(newSigningKeyPem())) });

/** The rightful user still types, and each side still knows the session. */
async function expectAtWork(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  const before = ends.desktop.inputs.length;
  working.session.input({ type: 'key', down: true, keysym: 0x61 });
  await until('the key arrives', () => ends.desktop.inputs.length === before + 1);
  expect(working.ends).toEqual([]);
  await untilListed([working.id]);
  expect(path.gateway.audit.of('session-revoked')).toEqual([]);
  expect(ends.audit.of('session-ended')).toEqual([]);
}

describe('T01: certificate and second factor without the paired device', () => {
  it('sign in and out, again and again, and end nothing', async () => {
    for (let i = 0; i < 4; i++) {
      const { cookie } = await signInAsTanaka();
      if (i % 2) await path.gateway.ask(tls(), '/api/session', { method: 'DELETE', cookie });
    }
    await expectAtWork();
  });

  it('ask for the end of “their” session, and are refused; the user’s own page is not', async () => {
    const own = await ends.client.request('GET', '/api/live', undefined);
    expect(own.body).toMatchObject({ session: { session: working.id } });
    const thief = await signInAsTanaka();
    expect((await thief.request('POST', '/api/live/end', {})).status).toBe(409);
    await expectAtWork();
    const next = await openBy(thief);
    await untilListed([next.established.session.id]);
    expect((await thief.request('POST', '/api/live/end', {})).status).toBe(204);
    await untilListed([]);
  });

  it('open the desktop with a device of their own: refused by the agent, and nothing ends', async () => {
    const thief = await signInAsTanaka();
    expect(await attempt(openBy(thief, withoutDevice()))).toEqual({ code: 'NOT_PAIRED', authentic: true });
    expect(ends.audit.of('handshake-refused').at(-1)?.reason).toBe('PROOF_WRONG');
    await expectAtWork();
  });

  it('hammer the door with openings that never prove anything, and end nothing', async () => {
    const thief = await signInAsTanaka();
    const device = withoutDevice();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => attempt(openBy(thief, device))));
    expect(outcomes).not.toContain('opened');
    for (let i = 0; i < 10; i++) await openAndSayNothing(thief);
    await expectAtWork();
  });

  it('wait with a half-open handshake, and the rightful user still works', async () => {
    const thief = await signInAsTanaka();
    for (let i = 0; i <= HALF_OPEN_PER_DESKTOP_MAX; i++) await openAndSayNothing(thief);
    await expectAtWork();
  });

  /** A ticket presented, no hello after it. */
  async function openAndSayNothing(thief: Surroundings): Promise<void> {
    const { body } = await thief.request('POST', '/api/desktops/open', {
      desktop: DESKTOP,
      mode: 'open',
      hello: HELLO,
    });
    const { ticket } = body as { ticket?: string };
    if (!ticket) return;
    const socket = await thief.dial();
    socket.listen({ text() {}, record() {}, closed() {} });
    socket.sendText(JSON.stringify({ type: 'ticket', ticket }));
  }
});

describe('T01: a verified proof', () => {
  it('takes the desktop over, and the old page is told under the seal', async () => {
    const opened = await openBy(await signInAsTanaka());
    await until('the first hears', () => working.ends.length === 1);
    expect(working.ends).toEqual([{ code: 'TAKEN_OVER', authentic: true }]);
    await untilListed([opened.established.session.id]);
    expect(ends.sessions.list()).toHaveLength(1);
  });

  it('at another desktop ends the user’s session at the first one, too', async () => {
    await ends.paired(ends.opening.user, OTHER_DESKTOP);
    await path.gateway.admin('entitlement.add', { ...TANAKA, desktop: OTHER_DESKTOP });
    const opened = await openBy(ends.client, { desktop: OTHER_DESKTOP });
    await until('the first hears', () => working.ends.length === 1);
    expect(working.ends[0]?.code).toBe('TAKEN_OVER');
    await untilListed([opened.established.session.id]);
    await expect.poll(() => ends.sessions.list().map(({ desktop }) => desktop)).toEqual([OTHER_DESKTOP]);
  });

  it.for([DESKTOP, OTHER_DESKTOP])(
    'of two at once, one here and one at %s: exactly one session lives',
    async (second) => {
      await ends.paired(ends.opening.user, OTHER_DESKTOP);
      await path.gateway.admin('entitlement.add', { ...TANAKA, desktop: OTHER_DESKTOP });
      const outcomes = await Promise.allSettled(
        [DESKTOP, second].map(async (desktop) => {
          const opened = await openBy(ends.client, { desktop });
          // Kept alive as a page would keep it.
          new DesktopSession(ends.client, opened, { frame() {}, ended() {} });
          return opened.established.session.id;
        }),
      );
      const ids = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      await expect.poll(() => ends.sessions.list().length, { timeout: 10_000 }).toBe(1);
      const [left] = ends.sessions.list();
      expect(ids).toContain(left?.session);
      await untilListed([left?.session ?? '']);
      expect(working.ends.map(({ code }) => code)).toEqual(['TAKEN_OVER']);
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      expect(ends.sessions.list()).toEqual([left]);
    },
  );

  it('of another user takes nothing over, although that user is entitled and paired', async () => {
    const { gateway } = path;
    const { suzuki } = gateway.pki.users;
    const code = await gateway.enrol(SUZUKI);
    await gateway.admin('entitlement.add', { ...SUZUKI, desktop: DESKTOP });
    await ends.paired('suzuki');
    const client = { ...ends.client, ...path.clientOf(suzuki, await gateway.signIn(suzuki, code)) };
    expect(await attempt(openBy(client, { user: 'suzuki' }))).toMatchObject({ code: 'DESKTOP_BUSY' });
    expect(gateway.audit.of('open-refused').at(-1)).toMatchObject({ reason: 'DESKTOP_IN_USE', user: 'suzuki' });
    await expectAtWork();
  });
});
