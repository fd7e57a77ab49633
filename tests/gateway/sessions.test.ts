import { describe, expect, it } from 'vitest';
import { readCookie, setCookie } from '#gateway/sign-in/cookie.ts';
import { Sessions } from '#gateway/sign-in/sessions.ts';
import { type Reason, refusalFrom } from '#protocol/codes.ts';
import { clockAt, openTestStore } from '#tests/support/clock-and-store.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const BY = {
  ...{ thumbprint: 'thumbprint-1', factors: ['mtls' as const, 'otp' as const], lastSignIn: null },
  basis: { factor: 'totp' as const, which: '1', passwordSetAt: null },
};
const LIMITS = { idleSeconds: 900, overallSeconds: 43_200 };
const MINUTE = 60_000;

function open() {
  const clock = clockAt();
  const { store, again } = openTestStore(clock);
  return { clock, store, again, sessions: new Sessions(store, LIMITS, clock.now) };
}

async function reasonOf(promise: Promise<unknown>): Promise<Reason | null> {
  return promise.then(
    () => null,
    (error) => refusalFrom(error).reason,
  );
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
    const other = new Sessions(again(), LIMITS, clock.now);
    expect(await reasonOf(other.find(TANAKA, 'thumbprint-1', secret))).toBeNull();
    await sessions.end(TANAKA);
    expect(await reasonOf(other.find(TANAKA, 'thumbprint-1', secret))).toBe('SESSION_MISSING');
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

describe('the cookie', () => {
  const secret = 'A'.repeat(43);

  it('is found among others', () => {
    expect(readCookie(`a=1; ${setCookie(secret).split(';')[0]}; b=2`)).toBe(secret);
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
    expect(readCookie(header)).toBeNull();
  });
});
