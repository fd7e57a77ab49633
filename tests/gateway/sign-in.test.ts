// Signing in by the municipality's policy, over the gateway's own routes.
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { UserPolicy } from '#gateway/policies.ts';
import { SoftAuthenticator } from '#tests/support/authenticator.ts';
import { type Answered, openGateway, type TestGateway } from '#tests/support/gateway.ts';
import { addPasskey, askFromPage, cookieOf, passkeySignIn } from '#tests/support/passkey-visit.ts';
import { setPolicy } from '#tests/support/policy.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const PASSWORD = '港町の朝焼けを見た';

let test: TestGateway;
let code: () => Promise<string>;
let cookie: string;
let authenticator: SoftAuthenticator;

beforeEach(async () => {
  test = await openGateway();
  onTestFinished(() => test.close());
  code = await test.enrol(TANAKA);
  cookie = await test.signIn(test.pki.users.tanaka, code);
  authenticator = new SoftAuthenticator(test.origin, 'localhost');
});

const policy = (changes: Partial<UserPolicy>) => setPolicy(test.store, '131016', changes);

async function totp(password?: string): Promise<Answered> {
  test.pass(30_000);
  const body = { code: await code(), password };
  return test.ask(test.pki.users.tanaka, '/api/sign-in/totp', { method: 'POST', body });
}

const said = ({ status, text }: Answered) => `${status} ${text}`;

describe('what is asked for at a sign-in', () => {
  it('is the policy of the municipality, and the same for users who do not exist', async () => {
    await policy({ secondFactors: ['webauthn'], password: true });
    const { tanaka, suzuki, sato } = test.pki.users;
    const [known, unknown, ofAnother] = await Promise.all(
      [tanaka, suzuki, sato].map((tls) => test.ask(tls, '/api/sign-in')),
    );
    const asked = { municipality: '131016', methods: ['webauthn'], password: true, rpId: 'localhost' };
    expect(known?.json).toEqual({ ...asked, user: 'tanaka' });
    expect(unknown?.json).toEqual({ ...asked, user: 'suzuki' });
    expect(ofAnother?.json).toMatchObject({ municipality: '132012', methods: ['webauthn', 'totp'], password: false });
  });
});

describe('a sign-in by passkey', () => {
  it('says how the user signed in, to the user, the log and the grant', async () => {
    expect((await addPasskey(test, test.pki.users.tanaka, authenticator, { cookie })).status).toBe(204);
    const answer = await passkeySignIn(test, test.pki.users.tanaka, authenticator);
    expect(answer.json).toMatchObject({ ...TANAKA, factors: ['mtls', 'swk', 'user'], managesFactorsOnly: false });
    expect(answer.headers['set-cookie']).toHaveLength(1);
    expect(answer.json).not.toHaveProperty('token');
    expect(test.audit.of('sign-in-succeeded').at(-1)).toMatchObject({ factors: ['mtls', 'swk', 'user'] });
    expect((await test.ask(test.pki.users.tanaka, '/api/session', { cookie: cookieOf(answer) })).status).toBe(200);
  });

  it('ends with its passkey: removed by the user, or suspended for its counter', async () => {
    const { tanaka } = test.pki.users;
    await addPasskey(test, tanaka, authenticator, { cookie });
    const first = cookieOf(await passkeySignIn(test, tanaka, authenticator));
    const { json } = await test.ask(tanaka, '/api/factors', { cookie: first });
    const [{ id } = { id: '' }] = (json?.passkeys ?? []) as { id: string }[];
    expect((await askFromPage(test, tanaka, '/api/factors/webauthn/remove', { id }, { cookie: first })).status).toBe(
      204,
    );
    expect((await test.ask(tanaka, '/api/session', { cookie: first })).status).toBe(401);

    cookie = cookieOf(await totp());
    const other = new SoftAuthenticator(test.origin, 'localhost');
    await addPasskey(test, tanaka, other, { cookie });
    const second = cookieOf(await passkeySignIn(test, tanaka, other));
    expect((await passkeySignIn(test, tanaka, other, { wrong: { counter: 1 } })).status).toBe(401);
    expect((await test.ask(tanaka, '/api/session', { cookie: second })).json?.code).toBe('SESSION_REQUIRED');
    expect(test.audit.of('passkey-suspended')).toMatchObject([{ user: 'tanaka', detail: '1 after 1' }]);
  });
});

describe('a policy that becomes stricter', () => {
  it('ends sign-ins that rest on what is no longer enough', async () => {
    const { tanaka } = test.pki.users;
    await policy({ secondFactors: ['webauthn'] });
    expect((await test.ask(tanaka, '/api/session', { cookie })).status).toBe(401);
    expect((await totp()).json?.code).toBe('SIGN_IN_REFUSED');
    expect(test.audit.of('sign-in-refused').at(-1)).toMatchObject({ reason: 'FACTOR_NOT_ALLOWED', factor: 'totp' });
  });

  it('of hardware-bound keys refuses every other passkey', async () => {
    const { tanaka } = test.pki.users;
    await addPasskey(test, tanaka, authenticator, { cookie });
    await policy({ hardwareBound: true });
    expect((await passkeySignIn(test, tanaka, authenticator)).json?.code).toBe('SIGN_IN_REFUSED');
    // No root is configured in this gateway.
    const added = await addPasskey(test, tanaka, new SoftAuthenticator(test.origin, 'localhost'), { cookie });
    expect(added.json?.code).toBe('FACTOR_REFUSED');
  });
});

describe('a password that the policy asks for', () => {
  beforeEach(async () => {
    const set = { method: 'POST', cookie, body: { password: PASSWORD } };
    expect((await test.ask(test.pki.users.tanaka, '/api/factors/password', set)).status).toBe(204);
    await policy({ password: true });
  });

  it('is shown with the second factor, and named in the log', async () => {
    expect((await totp(PASSWORD)).json).toMatchObject({ factors: ['mtls', 'otp', 'pwd'] });
    expect(test.audit.of('sign-in-succeeded').at(-1)).toMatchObject({ factors: ['mtls', 'otp', 'pwd'] });
  });

  it('has the same answer whether it is wrong, missing or never set, or the code is wrong', async () => {
    const { tanaka } = test.pki.users;
    const answers = [await totp('wrong password'), await totp()];
    const wrongCode = { code: 'xxxxxx', password: PASSWORD };
    answers.push(await test.ask(tanaka, '/api/sign-in/totp', { method: 'POST', body: wrongCode }));
    await test.admin('factor.remove', { ...TANAKA, factor: 'password' });
    answers.push(await totp(PASSWORD));
    expect(new Set(answers.map(said)).size).toBe(1);
    expect(test.audit.of('sign-in-refused').map(({ reason, factor }) => [reason, factor])).toEqual([
      ['PASSWORD_WRONG', 'password'],
      ['PASSWORD_MISSING', 'password'],
      ['TOTP_WRONG', 'totp'],
      ['PASSWORD_WRONG', 'password'],
    ]);
  });

  it('is looked at only behind a second factor that held: no oracle for who has just the certificate', async () => {
    const body = { code: 'xxxxxx', password: 'wrong password' };
    for (let i = 0; i < 4; i++) await test.ask(test.pki.users.tanaka, '/api/sign-in/totp', { method: 'POST', body });
    expect(await test.store.list('attempt/password/')).toEqual([]);
  });

  it('ends the sign-ins before it when it is set anew', async () => {
    const { tanaka } = test.pki.users;
    cookie = cookieOf(await totp(PASSWORD));
    const body = { password: `${PASSWORD}！` };
    expect((await test.ask(tanaka, '/api/factors/password', { method: 'POST', cookie, body })).status).toBe(204);
    expect((await test.ask(tanaka, '/api/session', { cookie })).status).toBe(401);
  });

  it('is asked for with a recovery code, and not with an activation code', async () => {
    const { tanaka } = test.pki.users;
    cookie = cookieOf(await totp(PASSWORD));
    const made = await test.ask(tanaka, '/api/factors/recovery', { method: 'POST', cookie, body: {} });
    const [first, second] = (made.json?.codes ?? []) as string[];
    const recover = (body: object) => test.ask(tanaka, '/api/sign-in/recovery', { method: 'POST', body });
    expect((await recover({ code: first })).status).toBe(401);
    expect((await recover({ code: second, password: PASSWORD })).json).toMatchObject({
      ...{ factors: ['mtls', 'recovery', 'pwd'], managesFactorsOnly: true },
    });
    const activation = await test.admin('factor.activation', TANAKA);
    expect((await recover({ code: activation.code })).json).toMatchObject({ factors: ['mtls', 'recovery'] });
  });
});

describe('who has no account, a disabled one, or no factor', () => {
  const SUZUKI = { municipality: '131016', user: 'suzuki' };
  const SATO = { municipality: '132012', user: 'sato' };

  it('gets the answers of a wrong factor on every way in, also of too many tries', async () => {
    const { tanaka, suzuki, sato } = test.pki.users;
    await test.admin('user.add', { ...SUZUKI, name: '鈴木' }); // no factor
    await test.enrol(SATO);
    await test.admin('user.disable', SATO);
    const stranger = new SoftAuthenticator(test.origin, 'localhost');
    stranger.create(Buffer.alloc(32), Buffer.alloc(32));
    const ways: ((tls: typeof tanaka) => Promise<Answered>)[] = [
      (tls) => askFromPage(test, tls, '/api/sign-in/totp', { code: '000000' }),
      (tls) => askFromPage(test, tls, '/api/sign-in/recovery', { code: '0000-0000-0000-0000' }),
      (tls) => passkeySignIn(test, tls, stranger),
      (tls) => askFromPage(test, tls, '/api/sign-in/webauthn', { nonce: 'A'.repeat(43), credential: {} }),
    ];
    for (const way of ways) {
      for (let i = 0; i < 6; i++) {
        const answers = [await way(tanaka), await way(suzuki), await way(sato)];
        expect(new Set(answers.map(said)).size).toBe(1);
      }
    }
    const codes = test.audit.of('sign-in-refused').map(({ reason }) => reason);
    expect(codes).toContain('USER_DISABLED');
    expect(codes).toContain('FACTOR_BACK_OFF');
  });

  it('gets begun ceremonies like everybody', async () => {
    const begun = await Promise.all(
      Object.values(test.pki.users).map((tls) => askFromPage(test, tls, '/api/sign-in/webauthn/options', {})),
    );
    for (const { status, json } of begun) {
      expect([status, json?.rpId, json?.timeoutMs]).toEqual([200, 'localhost', 120_000]);
    }
  });

  it('leaves as many traces in the state as anybody: one count and one history', async () => {
    for (const tls of [test.pki.users.tanaka, test.pki.users.suzuki]) {
      await askFromPage(test, tls, '/api/sign-in/totp', { code: '000000' });
    }
    for (const user of ['tanaka', 'suzuki']) {
      expect(await test.store.list(`attempt/totp/131016/${user}`)).toHaveLength(1);
      expect(await test.store.list(`history/131016/${user}`)).toHaveLength(1);
    }
  });
});

describe('the history of sign-ins', () => {
  it('has the newest twenty, failed ones too, and nobody else’s', async () => {
    const { tanaka, suzuki } = test.pki.users;
    await askFromPage(test, suzuki, '/api/sign-in/totp', { code: '000000' });
    await askFromPage(test, tanaka, '/api/sign-in/recovery', { code: 'nothing' });
    for (let i = 0; i < 20; i++) cookie = cookieOf(await totp());
    await askFromPage(test, tanaka, '/api/sign-in/totp', { code: '000000' });
    const { json } = await test.ask(tanaka, '/api/history', { cookie });
    const signIns = json?.signIns as { at: string; succeeded: boolean }[];
    expect(signIns).toHaveLength(20);
    expect(signIns[0]).toMatchObject({ succeeded: false, factors: ['mtls', 'otp'], address: '127.0.0.1' });
    expect(signIns.slice(1).every(({ succeeded }) => succeeded)).toBe(true);
    expect(signIns.map(({ at }) => at)).toEqual(
      signIns
        .map(({ at }) => at)
        .sort()
        .reverse(),
    );
  });
});

describe('the state of an earlier release', () => {
  it('keeps TOTP secrets in force, and makes its users sign in anew', async () => {
    const { tanaka } = test.pki.users;
    const [totpRow, signInRow] = await Promise.all([
      test.store.get('factor/totp/131016/tanaka'),
      test.store.get('sign-in/131016/tanaka'),
    ]);
    await test.store.put('factor/totp/131016/tanaka', { ...(totpRow?.value as object), failures: 3, notBefore: 0 });
    const { basis: _, ...before } = (signInRow?.value ?? {}) as { basis?: object };
    await test.store.put('sign-in/131016/tanaka', before);
    expect((await test.ask(tanaka, '/api/session', { cookie })).json?.code).toBe('SESSION_REQUIRED');
    expect((await totp()).status).toBe(200);
  });
});
