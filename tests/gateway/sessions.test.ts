import { describe, expect, it } from 'vitest';
import { readCookie, setCookie, USER_COOKIE } from '#gateway/sign-in/cookie.ts';
import { Sessions, type SignIn } from '#gateway/sign-in/sessions.ts';
import { clockAt, openTestStore } from '#tests/support/clock-and-store.ts';
import { reasonOf } from '#tests/support/reason-of.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const BY = {
  ...{ thumbprint: 'thumbprint-1', factors: ['mtls' as const, 'otp' as const], lastSignIn: null },
  basis: { factor: 'totp' as const, which: '1', passwordSetAt: null },
};
const LIMITS = { idleSeconds: 900, overallSeconds: 43_200 };
const limitsOf = async () => LIMITS;
const MINUTE = 60_000;

function open() {
  const clock = clockAt();
  const { store, again } = openTestStore(clock);
  return { clock, store, again, sessions: new Sessions(store, limitsOf, clock.now) };
}

describe('a sign-in session', () => {
  it('has a secret of 256 bits, of which the state holds only a hash', async () => {
    const { store, sessions } = open();
    const { secret } = await sessions.begin(TANAKA, BY);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(JSON.stringify(await store.list(''))).not.toContain(secret);
  });

  it('ends fifteen minutes after the last thing the user did, not later', async () => {
    const { clock, sessions } = open();
    const { secret, signIn } = await sessions.begin(TANAKA, BY);
    clock.pass(10 * MINUTE);
    await sessions.noteActivity(signIn, clock.now());
    clock.pass(15 * MINUTE - 1);
    expect((await sessions.find(TANAKA, 'thumbprint-1', secret)).endsAt).toBe(clock.now() + 1);
    clock.pass(1);
    expect(await reasonOf(sessions.find(TANAKA, 'thumbprint-1', secret))).toBe('SESSION_IDLE');
  });

  it('is not kept alive by being looked at', async () => {
    const { clock, sessions } = open();
    const { secret } = await sessions.begin(TANAKA, BY);
    for (let i = 0; i < 15; i++) {
      await sessions.find(TANAKA, 'thumbprint-1', secret);
      clock.pass(MINUTE);
    }
    expect(await reasonOf(sessions.find(TANAKA, 'thumbprint-1', secret))).toBe('SESSION_IDLE');
  });

  it('ends twelve hours after the sign-in whatever the user does', async () => {
    const { clock, sessions } = open();
    const { secret, signIn } = await sessions.begin(TANAKA, BY);
    for (let i = 0; i < 12 * 6; i++) {
      expect(await reasonOf(sessions.find(TANAKA, 'thumbprint-1', secret))).toBeNull();
      clock.pass(10 * MINUTE);
      await sessions.noteActivity(signIn, clock.now());
    }
    expect(await reasonOf(sessions.find(TANAKA, 'thumbprint-1', secret))).toBe('SESSION_TOO_OLD');
  });

  it('is bound to the certificate it began with', async () => {
    const { sessions } = open();
    const { secret } = await sessions.begin(TANAKA, BY);
    expect(await reasonOf(sessions.find(TANAKA, 'thumbprint-2', secret))).toBe('SESSION_OTHER_CERTIFICATE');
    const suzuki = { ...TANAKA, user: 'suzuki' };
    expect(await reasonOf(sessions.find(suzuki, 'thumbprint-1', secret))).toBe('SESSION_OTHER_USER');
    expect(await reasonOf(sessions.find(TANAKA, 'thumbprint-1', null))).toBe('SESSION_MISSING');
    expect(await reasonOf(sessions.find(TANAKA, 'thumbprint-1', `${secret.slice(0, -1)}_`))).toBe('SESSION_MISSING');
  });

  it('lives on over a restart and in another process, and ends in all of them', async () => {
    const { clock, sessions, again } = open();
    const { secret } = await sessions.begin(TANAKA, BY);
    const other = new Sessions(again(), limitsOf, clock.now);
    expect(await reasonOf(other.find(TANAKA, 'thumbprint-1', secret))).toBeNull();
    await sessions.end(TANAKA);
    expect(await reasonOf(other.find(TANAKA, 'thumbprint-1', secret))).toBe('SESSION_MISSING');
  });

  it('holds the limits of this moment: a policy that is tightened strikes who is in already', async () => {
    const { clock, store } = open();
    let limits = LIMITS;
    const sessions = new Sessions(store, async () => limits, clock.now);
    const { secret, signIn } = await sessions.begin(TANAKA, BY);
    clock.pass(5 * MINUTE);
    await sessions.noteActivity(signIn, clock.now());
    clock.pass(MINUTE);
    limits = { idleSeconds: 60, overallSeconds: 43_200 };
    expect(await reasonOf(sessions.find(TANAKA, 'thumbprint-1', secret))).toBe('SESSION_IDLE');
    limits = { idleSeconds: 900, overallSeconds: 360 };
    expect(await reasonOf(sessions.check(TANAKA, 'thumbprint-1', signIn.id))).toBe('SESSION_TOO_OLD');
  });

  it('notes no activity for a session that was replaced, or earlier than the last', async () => {
    const { clock, sessions } = open();
    const { signIn: old } = await sessions.begin(TANAKA, BY);
    clock.pass(MINUTE);
    const { secret, signIn } = await sessions.begin(TANAKA, BY);
    const { endsAt } = signIn;
    await sessions.noteActivity(old, clock.now() + MINUTE);
    await sessions.noteActivity(signIn, clock.now() - MINUTE);
    expect((await sessions.find(TANAKA, 'thumbprint-1', secret)).endsAt).toBe(endsAt);
  });
});

describe('a sign-in that was replaced', () => {
  async function replaced(carries: boolean) {
    const { sessions, ...rest } = open();
    const old = await sessions.begin(TANAKA, BY);
    if (carries) await sessions.carry(old.signIn);
    return { ...rest, sessions, old, fresh: await sessions.begin(TANAKA, BY) };
  }
  const holds = (sessions: Sessions, { id }: SignIn) => reasonOf(sessions.check(TANAKA, 'thumbprint-1', id));

  it('opens nothing any more, and holds nothing unless it carries a desktop session', async () => {
    for (const carries of [false, true]) {
      const { sessions, old, fresh } = await replaced(carries);
      expect(await reasonOf(sessions.find(TANAKA, 'thumbprint-1', old.secret))).toBe('SESSION_MISSING');
      expect(await reasonOf(sessions.find(TANAKA, 'thumbprint-1', fresh.secret))).toBeNull();
      expect(await holds(sessions, old.signIn)).toBe(carries ? null : 'SESSION_MISSING');
    }
  });

  it('still holds for its desktop session however often somebody signs in and out after it (T01)', async () => {
    const { sessions, old, fresh } = await replaced(true);
    await sessions.signOut(fresh.signIn);
    for (let i = 0; i < 20; i++) {
      const { signIn } = await sessions.begin(TANAKA, BY);
      if (i % 2) await sessions.signOut(signIn);
    }
    expect(await holds(sessions, old.signIn)).toBeNull();
  });

  it('is idle by its own desktop’s input, and too old by its own sign-in', async () => {
    const { clock, sessions, old } = await replaced(true);
    clock.pass(10 * MINUTE);
    await sessions.noteActivity(old.signIn, clock.now());
    clock.pass(15 * MINUTE - 1);
    expect(await holds(sessions, old.signIn)).toBeNull();
    clock.pass(1);
    expect(await holds(sessions, old.signIn)).toBe('SESSION_IDLE');
  });

  it('is over when the next one has taken its desktop session over, and not before', async () => {
    const { sessions, old, fresh } = await replaced(true);
    await sessions.carry(fresh.signIn);
    expect(await holds(sessions, old.signIn)).toBeNull();
    await sessions.dropReplaced(fresh.signIn);
    expect(await holds(sessions, old.signIn)).toBe('SESSION_MISSING');
    expect(await holds(sessions, fresh.signIn)).toBeNull();
  });

  it('keeps the one that carries when a third sign-in comes between carrying and dropping', async () => {
    const { sessions, fresh } = await replaced(true);
    await sessions.carry(fresh.signIn);
    await sessions.begin(TANAKA, BY);
    await sessions.dropReplaced(fresh.signIn);
    expect(await holds(sessions, fresh.signIn)).toBeNull();
  });

  it('ends with all others when an administrator ends the user’s sign-ins', async () => {
    const { sessions, old, fresh } = await replaced(true);
    expect(await sessions.end(TANAKA)).toBe(true);
    for (const { signIn } of [old, fresh]) expect(await holds(sessions, signIn)).toBe('SESSION_MISSING');
  });
});

describe('the cookie', () => {
  const secret = 'A'.repeat(43);

  it('is found among others', () => {
    expect(readCookie(USER_COOKIE, `a=1; ${setCookie(USER_COOKIE, secret).split(';')[0]}; b=2`)).toBe(secret);
  });

  it.for([
    undefined,
    '',
    'telework=x',
    '__Host-telework=',
    `__Host-telework=${secret}A`,
    `__Host-telework=${secret}; __Host-telework=${secret}`,
    `x__Host-telework=${secret}`,
    `__Host-telework="${secret}"`,
  ])('is not found in %s', (header) => {
    expect(readCookie(USER_COOKIE, header)).toBeNull();
  });
});
