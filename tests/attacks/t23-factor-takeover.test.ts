// T23: whoever has a moment at an unlocked page, a stolen recovery code or much patience makes no lasting access of it.
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { SoftAuthenticator } from '#tests/support/authenticator.ts';
import { DESKTOP } from '#tests/support/broker.ts';
import { HELLO, openGateway, type TestGateway } from '#tests/support/gateway.ts';
import { addPasskey, askFromPage, cookieOf } from '#tests/support/passkey-visit.ts';
import { setPolicy } from '#tests/support/policy.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const PASSWORD = '港町の朝焼けを見た';

let test: TestGateway;
let code: () => Promise<string>;
let cookie: string;

beforeEach(async () => {
  test = await openGateway();
  onTestFinished(() => test.close());
  code = await test.enrol(TANAKA);
  await test.admin('entitlement.add', { ...TANAKA, desktop: DESKTOP });
  cookie = await test.signIn(test.pki.users.tanaka, code);
});

const post = (path: string, body: object = {}, withCookie = cookie) =>
  askFromPage(test, test.pki.users.tanaka, path, body, { cookie: withCookie });

async function recoveryCodes(): Promise<string[]> {
  return ((await post('/api/factors/recovery')).json?.codes ?? []) as string[];
}

describe('T23: changing factors', () => {
  it('needs a sign-in of the last five minutes, on every route that changes one', async () => {
    const changes: [string, object][] = [
      ['/api/factors/webauthn/options', {}],
      ['/api/factors/webauthn', { nonce: 'A'.repeat(43), name: '鍵', credential: {} }],
      ['/api/factors/webauthn/remove', { id: 'AAAA' }],
      ['/api/factors/totp/begin', {}],
      ['/api/factors/totp/confirm', { code: '000000' }],
      ['/api/factors/totp/remove', {}],
      ['/api/factors/password', { password: PASSWORD }],
      ['/api/factors/recovery', {}],
    ];
    const before = await test.store.list('factor/');
    test.pass(5 * 60_000);
    for (const [path, body] of changes) {
      const answer = await post(path, body);
      expect([path, answer.status, answer.json?.code]).toEqual([path, 403, 'SIGN_IN_AGAIN']);
    }
    expect(await test.store.list('factor/')).toEqual(before);
    const refused = test.audit.of('factor-refused').map(({ reason }) => reason);
    expect(refused).toEqual(changes.map(() => 'SIGN_IN_NOT_FRESH'));
  });

  it('is an audit event each time, and never tells the secret', async () => {
    const authenticator = new SoftAuthenticator(test.origin, 'localhost');
    await addPasskey(test, test.pki.users.tanaka, authenticator, { cookie });
    const codes = await recoveryCodes();
    await post('/api/factors/password', { password: PASSWORD });
    const { json } = await post('/api/factors/totp/begin');
    expect(test.audit.of('factor-added')).toMatchObject([
      { factor: 'totp', by: 'local' },
      { factor: 'webauthn', user: 'tanaka', address: '127.0.0.1' },
      { factor: 'recovery' },
      { factor: 'password' },
    ]);
    const secret = new URL(String(json?.uri)).searchParams.get('secret') ?? '';
    const written = test.logged() + JSON.stringify(test.audit.events);
    for (const one of [...codes, PASSWORD, secret]) expect(written).not.toContain(one);
  });

  it('cannot leave the user without a way in, not even by two removals at once', async () => {
    const { tanaka } = test.pki.users;
    expect((await post('/api/factors/totp/remove')).json?.code).toBe('LAST_FACTOR');
    await addPasskey(test, tanaka, new SoftAuthenticator(test.origin, 'localhost'), { cookie });
    const { json } = await test.ask(tanaka, '/api/factors', { cookie });
    const [{ id } = { id: '' }] = (json?.passkeys ?? []) as { id: string }[];
    const both = await Promise.all([post('/api/factors/totp/remove'), post('/api/factors/webauthn/remove', { id })]);
    expect(both.filter(({ status }) => status === 204)).toHaveLength(1);
  });

  it('does not count what the policy would refuse as a way in', async () => {
    const { tanaka } = test.pki.users;
    await addPasskey(test, tanaka, new SoftAuthenticator(test.origin, 'localhost'), { cookie });
    await setPolicy(test.store, '131016', { secondFactors: ['totp'] });
    expect((await post('/api/factors/totp/remove')).json?.code).toBe('LAST_FACTOR');
  });

  it('ends the sign-in that rests on the factor, its cookie included', async () => {
    await addPasskey(test, test.pki.users.tanaka, new SoftAuthenticator(test.origin, 'localhost'), { cookie });
    expect((await post('/api/factors/totp/remove')).status).toBe(204);
    expect((await test.ask(test.pki.users.tanaka, '/api/session', { cookie })).status).toBe(401);
  });
});

describe('T23: a TOTP secret of the user’s own making', () => {
  it('is in force once it is confirmed, and its first code is used up by that', async () => {
    const { generate } = await import('otplib');
    const { json } = await post('/api/factors/totp/begin');
    const secret = new URL(String(json?.uri)).searchParams.get('secret') ?? '';
    const own = () => generate({ secret, epoch: Math.floor(test.now() / 1000) });
    test.pass(30_000);
    expect((await post('/api/sign-in/totp', { code: await own() })).status).toBe(401);
    const first = await own();
    expect((await post('/api/factors/totp/confirm', { code: first })).status).toBe(204);
    expect((await post('/api/sign-in/totp', { code: first })).status).toBe(401);
    test.pass(30_000);
    expect((await post('/api/sign-in/totp', { code: await code() })).status).toBe(401);
    expect((await post('/api/sign-in/totp', { code: await own() })).status).toBe(200);
  });

  it('is given up after five wrong codes, or ten minutes', async () => {
    const { generate } = await import('otplib');
    const begin = async () => {
      const { json } = await post('/api/factors/totp/begin');
      return new URL(String(json?.uri)).searchParams.get('secret') ?? '';
    };
    const confirm = async (secret: string) =>
      (
        await post('/api/factors/totp/confirm', {
          code: await generate({ secret, epoch: Math.floor(test.now() / 1000) }),
        })
      ).status;
    const guessed = await begin();
    for (let i = 0; i < 5; i++) expect((await post('/api/factors/totp/confirm', { code: 'xxxxxx' })).status).toBe(400);
    expect(await confirm(guessed)).toBe(400);
    const late = await begin();
    test.pass(10 * 60_000);
    cookie = await test.signIn(test.pki.users.tanaka, code);
    expect(await confirm(late)).toBe(400);
  });
});

describe('T23: a recovery code', () => {
  const recover = (text: string) => post('/api/sign-in/recovery', { code: text });

  it('manages factors, opens no desktop, and is on record', async () => {
    const [first = ''] = await recoveryCodes();
    const answer = await recover(first);
    expect(answer.json).toMatchObject({ factors: ['mtls', 'recovery'], managesFactorsOnly: true });
    const recovered = cookieOf(answer);
    const open = await post('/api/desktops/open', { desktop: DESKTOP, mode: 'open', hello: HELLO }, recovered);
    expect([open.status, open.json?.code]).toEqual([403, 'FACTORS_ONLY']);
    expect(test.audit.of('open-refused').at(-1)).toMatchObject({ reason: 'SIGN_IN_BY_RECOVERY' });
    expect(test.audit.of('recovery-used')).toMatchObject([{ user: 'tanaka', factor: 'recovery' }]);
    const added = new SoftAuthenticator(test.origin, 'localhost');
    expect((await addPasskey(test, test.pki.users.tanaka, added, { cookie: recovered })).status).toBe(204);
    cookie = await test.signIn(test.pki.users.tanaka, code);
    const { json } = await test.ask(test.pki.users.tanaka, '/api/history', { cookie });
    expect(json?.signIns).toContainEqual(expect.objectContaining({ factors: ['mtls', 'recovery'], succeeded: true }));
  });

  it('is good once, for its own user, and guessing ends in a back-off', async () => {
    const [first = '', second = ''] = await recoveryCodes();
    expect((await recover(first)).status).toBe(200);
    expect((await recover(first)).json?.code).toBe('SIGN_IN_REFUSED');
    const { suzuki } = test.pki.users;
    await test.enrol({ municipality: '131016', user: 'suzuki' });
    expect((await askFromPage(test, suzuki, '/api/sign-in/recovery', { code: second })).status).toBe(401);
    for (let i = 0; i < 4; i++) await recover('0000-0000-0000-0000');
    expect((await recover(second)).json?.code).toBe('SIGN_IN_LATER');
  });

  it('of the administrator is good once and for ten minutes, and told only at its issue', async () => {
    const issued = await test.admin('factor.activation', TANAKA);
    expect(test.audit.of('activation-issued')).toMatchObject([{ user: 'tanaka', by: 'local' }]);
    const text = String(issued.code);
    expect((await recover(text)).json).toMatchObject({ managesFactorsOnly: true });
    expect((await recover(text)).status).toBe(401);
    expect(test.audit.of('recovery-used').at(-1)).toMatchObject({ factor: 'activation' });
    const late = await test.admin('factor.activation', TANAKA);
    test.pass(10 * 60_000);
    expect((await recover(String(late.code))).status).toBe(401);
    const written = test.logged() + JSON.stringify(test.audit.events);
    for (const one of [text, String(late.code)]) expect(written).not.toContain(one);
  });
});

describe('T23: a password', () => {
  it('is guessed at most once with each code of the second factor, and not for long', async () => {
    await post('/api/factors/password', { password: PASSWORD });
    await setPolicy(test.store, '131016', { password: true });
    const guess = async (password: string) => {
      test.pass(30_000);
      return post('/api/sign-in/totp', { code: await code(), password });
    };
    const wrong: number[] = [];
    for (let i = 0; i < 5; i++) wrong.push((await guess(`guess number ${i}`)).status);
    expect(wrong).toEqual([401, 401, 401, 401, 401]);
    expect((await guess(PASSWORD)).json?.code).toBe('SIGN_IN_LATER');
    test.pass(5 * 60_000);
    expect((await guess(PASSWORD)).status).toBe(200);
  });
});

describe('T23: an administrator', () => {
  it('removes a factor, which ends what rests on it, and sees no secret of any', async () => {
    const { tanaka } = test.pki.users;
    await addPasskey(test, tanaka, new SoftAuthenticator(test.origin, 'localhost'), { cookie });
    const listed = await test.admin('factor.list', TANAKA);
    expect(listed).toMatchObject({ ...TANAKA, passkeys: [{ name: '職場の鍵', suspended: false }], password: null });
    expect(Object.keys((listed.passkeys as object[])[0] ?? {})).not.toContain('publicKey');
    expect(await test.admin('factor.remove', { ...TANAKA, factor: 'totp' })).toMatchObject({ removed: ['totp'] });
    expect((await test.ask(tanaka, '/api/session', { cookie })).status).toBe(401);
    expect(await test.admin('factor.remove', { ...TANAKA, factor: 'all' })).toMatchObject({ removed: ['webauthn'] });
    await expect(test.admin('factor.remove', { ...TANAKA, factor: 'all' })).rejects.toThrow('has no such factor');
    await expect(test.admin('factor.activation', { municipality: '131016', user: 'nobody' })).rejects.toThrow(
      'no user',
    );
    expect(test.audit.of('factor-removed').map(({ factor }) => factor)).toEqual(['totp', 'webauthn']);
  });
});
