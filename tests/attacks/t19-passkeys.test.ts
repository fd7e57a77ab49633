// T19: passkeys that are phished, replayed, copied or another's, over the gateway's own routes. Each step of the standard for
// itself is in tests/gateway/webauthn.test.ts.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { challengeOf, SoftAuthenticator, type Wrong } from '#tests/support/authenticator.ts';
import { openGateway, type TestGateway } from '#tests/support/gateway.ts';
import { addPasskey, askFromPage, cookieOf, passkeySignIn } from '#tests/support/passkey-visit.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const SUZUKI = { municipality: '131016', user: 'suzuki' };
const EVIL = 'https://telework.example.jp.evil.example';

let test: TestGateway;
let codes: Record<'tanaka' | 'suzuki', () => Promise<string>>;
let authenticator: SoftAuthenticator;

beforeAll(async () => {
  test = await openGateway();
  codes = { tanaka: await test.enrol(TANAKA), suzuki: await test.enrol(SUZUKI) };
}, 60_000);
afterAll(() => test.close());

beforeEach(async () => {
  test.pass(3_600_000);
  authenticator = new SoftAuthenticator(test.origin, 'localhost');
  await test.admin('factor.remove', { ...TANAKA, factor: 'webauthn' }).catch(() => {}); // none before the first
  const cookie = await test.signIn(test.pki.users.tanaka, codes.tanaka);
  expect((await addPasskey(test, test.pki.users.tanaka, authenticator, { cookie })).status).toBe(204);
});

const lastRefusal = () => test.audit.of('sign-in-refused').at(-1);

describe('T19: a passkey', () => {
  it('lets its user in when nothing is wrong', async () => {
    expect((await passkeySignIn(test, test.pki.users.tanaka, authenticator)).status).toBe(200);
  });

  it.for<[string, Wrong, string]>([
    ['on another site', { origin: EVIL }, 'PASSKEY_ORIGIN'],
    ['for another relying party', { rpId: 'evil.example' }, 'PASSKEY_RP_ID'],
    ['in a frame of another site', { crossOrigin: true }, 'PASSKEY_CROSS_ORIGIN'],
    ['for a registration', { type: 'webauthn.create' }, 'PASSKEY_TYPE'],
    ['by whoever held it, unverified', { flags: 0x01 }, 'PASSKEY_NOT_VERIFIED'],
  ])('that was used %s opens nothing, and the log says why', async ([, wrong, reason]) => {
    const answer = await passkeySignIn(test, test.pki.users.tanaka, authenticator, { wrong });
    expect([answer.status, answer.json?.code, answer.headers['set-cookie']]).toEqual([
      401,
      'SIGN_IN_REFUSED',
      undefined,
    ]);
    expect(lastRefusal()).toMatchObject({ reason, factor: 'webauthn', user: 'tanaka' });
  });

  it('must have been used on the very page that asks, not on another allowed one', async () => {
    const elsewhere = 'https://telework.example.jp';
    const options = { wrong: { origin: elsewhere } };
    expect((await passkeySignIn(test, test.pki.users.tanaka, authenticator, options)).status).toBe(401);
    expect(lastRefusal()).toMatchObject({ reason: 'PASSKEY_ORIGIN' });
  });

  it('answers each challenge once: a recorded assertion is of no use, with the old nonce or a new one', async () => {
    const { tanaka } = test.pki.users;
    const { json } = await askFromPage(test, tanaka, '/api/sign-in/webauthn/options', {});
    const credential = authenticator.get(challengeOf(json?.nonce));
    const replay = (nonce: unknown) => askFromPage(test, tanaka, '/api/sign-in/webauthn', { nonce, credential });
    expect((await replay(json?.nonce)).status).toBe(200);
    expect((await replay(json?.nonce)).status).toBe(401);
    const next = await askFromPage(test, tanaka, '/api/sign-in/webauthn/options', {});
    expect((await replay(next.json?.nonce)).status).toBe(401);
    expect(test.audit.of('sign-in-refused').slice(-2)).toMatchObject([
      { reason: 'PASSKEY_CHALLENGE', detail: 'none issued, or used' },
      { reason: 'PASSKEY_CHALLENGE', detail: 'another one was signed' },
    ]);
  });

  it('answers one of 50 parallel requests with one assertion', async () => {
    const { tanaka } = test.pki.users;
    const { json } = await askFromPage(test, tanaka, '/api/sign-in/webauthn/options', {});
    const body = { nonce: json?.nonce, credential: authenticator.get(challengeOf(json?.nonce)) };
    const tries = Array.from({ length: 50 }, () => askFromPage(test, tanaka, '/api/sign-in/webauthn', body));
    const statuses = (await Promise.all(tries)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(new Set(statuses)).toEqual(new Set([200, 401, 429]));
  });

  it('of one user is of no use over the certificate of another', async () => {
    const { suzuki } = test.pki.users;
    expect((await passkeySignIn(test, suzuki, authenticator)).json?.code).toBe('SIGN_IN_REFUSED');
    expect(lastRefusal()).toMatchObject({ reason: 'PASSKEY_OTHER_USER', user: 'suzuki' });
    // A nonce of another certificate does not help either.
    const { json } = await askFromPage(test, test.pki.users.tanaka, '/api/sign-in/webauthn/options', {});
    const body = { nonce: json?.nonce, credential: authenticator.get(challengeOf(json?.nonce)) };
    expect((await askFromPage(test, suzuki, '/api/sign-in/webauthn', body)).status).toBe(401);
  });

  it('that was copied gives itself away by its counter, and neither copy works from then on', async () => {
    const { tanaka } = test.pki.users;
    const copied = authenticator.passkeys[0]?.counter ?? 0;
    expect((await passkeySignIn(test, tanaka, authenticator)).status).toBe(200);
    const running = await passkeySignIn(test, tanaka, authenticator);
    const copy = await passkeySignIn(test, tanaka, authenticator, { wrong: { counter: copied + 1 } });
    expect(copy.json?.code).toBe('SIGN_IN_REFUSED');
    expect(test.audit.of('passkey-suspended').at(-1)).toMatchObject({ user: 'tanaka' });
    expect((await passkeySignIn(test, tanaka, authenticator)).status).toBe(401);
    expect((await test.ask(tanaka, '/api/session', { cookie: cookieOf(running) })).status).toBe(401);
  });

  it('gives a cookie that is bound to the certificate, and new each time: nobody can fix one before', async () => {
    const { tanaka, suzuki } = test.pki.users;
    const chosen = `__Host-telework=${'A'.repeat(43)}`;
    const first = await passkeySignIn(test, tanaka, authenticator, { cookie: chosen });
    const second = await passkeySignIn(test, tanaka, authenticator, { cookie: cookieOf(first) });
    expect(new Set([chosen, cookieOf(first), cookieOf(second)]).size).toBe(3);
    for (const [tls, cookie] of [
      [suzuki, cookieOf(second)],
      [tanaka, cookieOf(first)],
      [tanaka, chosen],
    ] as const) {
      expect((await test.ask(tls, '/api/session', { cookie })).json?.code).toBe('SESSION_REQUIRED');
    }
    expect(test.audit.of('bypass-attempt').at(-1)).toMatchObject({ reason: 'SESSION_OTHER_USER', user: 'suzuki' });
  });
});
