import { generate } from 'otplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Action } from '#gateway/administration/action.ts';
import { type ActionParts, actions } from '#gateway/administration/actions.ts';
import type { TlsFiles } from '#platform/hop/tls.ts';
import { openAdministered, type TestAdministration, type Who } from '#tests/support/administration.ts';
import { challengeOf, SoftAuthenticator } from '#tests/support/authenticator.ts';
import type { Answered } from '#tests/support/gateway.ts';

/** The table as it stands in the code; its parts are not needed to read it. */
const TABLE: readonly Action[] = actions({ authenticators: {}, ofAdministrators: {}, enrolment: {} } as ActionParts);
const AT_PAGE = TABLE.filter(({ only }) => only !== 'socket');
const TANAKA = { municipality: '131016', user: 'tanaka' };

let test: TestAdministration;
let codes: Record<Who, () => Promise<string>>;
let cookies: Record<Who, string>;

beforeAll(async () => {
  test = await openAdministered();
  codes = { yamada: await test.employ('yamada'), honda: await test.employ('honda'), mori: await test.employ('mori') };
  cookies = { yamada: '', honda: '', mori: '' };
  for (const who of ['yamada', 'honda', 'mori'] as const) cookies[who] = await test.signInAs(who, codes[who]);
}, 60_000);
afterAll(() => test.close());

const act = (action: string, body?: object, who: Who = 'yamada') => test.act(who, cookies[who], action, body);
const again = async (who: Who) => {
  cookies[who] = await test.signInAs(who, codes[who]);
};

describe("the administrators' sign-in", () => {
  it('has a cookie of its own, bound to certificate and host, that no script reads', async () => {
    test.pass(30_000);
    const { yamada } = test.pki.administrators;
    const answer = await test.askAdmin(yamada, '/api/sign-in/totp', {
      ...{ method: 'POST', body: { code: await codes.yamada() }, headers: { origin: test.adminOrigin } },
    });
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(/^__Host-telework-admin=[A-Za-z0-9_-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/),
    ]);
    expect(answer.json).toMatchObject({ user: 'yamada', municipality: '-', idleSeconds: 900, overallSeconds: 43_200 });
    cookies.yamada = String(answer.headers['set-cookie']).split(';')[0] ?? '';
    const stolen = await test.askAdmin(test.pki.administrators.honda, '/api/session', { cookie: cookies.yamada });
    expect([stolen.status, stolen.json?.code]).toEqual([401, 'SESSION_REQUIRED']);
  });

  it('needs a row: a certificate alone makes nobody an administrator', async () => {
    await test.admin('administrator.disable', { name: 'honda' });
    expect((await act('status', {}, 'honda')).json?.code).toBe('SESSION_REQUIRED');
    const refused = await test.signInAs('honda', codes.honda).catch((error: Error) => error.message);
    expect(refused).toContain('SIGN_IN_REFUSED');
    await test.admin('administrator.enable', { name: 'honda' });
    await again('honda');
    expect((await act('status', {}, 'honda')).status).toBe(200);
  });

  it('ends after a quarter of an hour in which nothing was asked for', async () => {
    await again('yamada');
    test.pass(14 * 60_000);
    expect((await act('status')).status).toBe(200);
    test.pass(14 * 60_000);
    expect((await act('status')).status).toBe(200);
    test.pass(15 * 60_000);
    expect((await act('status')).json?.code).toBe('SESSION_REQUIRED');
    for (const who of ['yamada', 'honda', 'mori'] as const) await again(who);
  });

  it('ends with the sign-out', async () => {
    await again('honda');
    const { honda } = test.pki.administrators;
    const before = await test.askAdmin(honda, '/api/session', { cookie: cookies.honda });
    expect(before.json).toMatchObject({ user: 'honda', certificateWarning: null });
    const headers = { origin: test.adminOrigin };
    const out = await test.askAdmin(honda, '/api/session', { method: 'DELETE', cookie: cookies.honda, headers });
    expect(out.status).toBe(204);
    expect((await act('status', {}, 'honda')).status).toBe(401);
    await again('honda');
  });
});

describe("an administrator's second factors", () => {
  const ask = (path: string, body: object, cookie?: string) =>
    test.askAdmin(test.pki.administrators.honda, path, {
      ...{ method: 'POST', body, cookie, headers: { origin: test.adminOrigin } },
    });
  const cookieOf = (answer: Answered) => String(answer.headers['set-cookie']).split(';')[0] ?? '';
  const authenticator = () => new SoftAuthenticator(test.adminOrigin, 'localhost');

  it('begin with a code from the host, which lets in once and opens nothing but the own factors', async () => {
    await test.admin('administrator.reset', { name: 'honda' });
    const { code } = await test.admin('administrator.activate', { name: 'honda' });
    const begun = await ask('/api/sign-in/recovery', { code });
    expect(begun.json).toMatchObject({ user: 'honda', managesFactorsOnly: true });
    const refused = await test.act('honda', cookieOf(begun), 'user.list');
    expect([refused.status, refused.json?.code]).toEqual([403, 'FACTORS_ONLY']);
    expect((await ask('/api/sign-in/recovery', { code })).json?.code).toBe('SIGN_IN_REFUSED');

    const { uri } = (await ask('/api/factors/totp/begin', {}, cookieOf(begun))).json as { uri: string };
    const secret = new URL(uri).searchParams.get('secret') ?? '';
    codes.honda = () => generate({ secret, epoch: Math.floor(test.now() / 1000) });
    expect((await ask('/api/factors/totp/confirm', { code: await codes.honda() }, cookieOf(begun))).status).toBe(204);
    await again('honda');
    expect((await act('user.list', {}, 'honda')).status).toBe(200);
  });

  it('may be a passkey of the administration’s own host name', async () => {
    const device = authenticator();
    const made = (await ask('/api/factors/webauthn/options', {}, cookies.honda)).json ?? {};
    expect(made).toMatchObject({ rpId: 'localhost', rpName: '管理', userName: 'honda' });
    const handle = Buffer.from(String(made.userHandle), 'base64url');
    const credential = device.create(challengeOf(made.nonce), handle);
    const added = await ask('/api/factors/webauthn', { nonce: made.nonce, name: '鍵', credential }, cookies.honda);
    expect(added.status).toBe(204);
    const { nonce } = (await ask('/api/sign-in/webauthn/options', {})).json as { nonce: string };
    const signedIn = await ask('/api/sign-in/webauthn', { nonce, credential: device.get(challengeOf(nonce)) });
    expect(signedIn.json).toMatchObject({ user: 'honda', managesFactorsOnly: false, factors: ['mtls', 'swk', 'user'] });
    cookies.honda = cookieOf(signedIn);
    expect((await act('status', {}, 'honda')).status).toBe(200);
  });

  it('are never those of a user of the same name', async () => {
    const namesake = { municipality: '131016', user: 'honda' };
    const code = await test.enrol(namesake);
    test.pass(30_000);
    expect((await ask('/api/sign-in/totp', { code: await code() })).json?.code).toBe('SIGN_IN_REFUSED');
  });

  it('are demanded by a policy of their own, which two people loosen as well', async () => {
    await again('honda');
    await again('yamada');
    expect((await act('policy.set', { municipality: '-', secondFactors: ['totp'] })).json).toMatchObject({
      held: false,
    });
    const { methods } = (await test.askAdmin(test.pki.administrators.honda, '/api/sign-in')).json ?? {};
    expect(methods).toEqual(['totp']);
    expect((await act('policy.set', { municipality: '-' }, 'mori')).json?.code).toBe('NOT_IN_CHARGE');
    const held = await act('policy.set', { municipality: '-', secondFactors: ['totp', 'webauthn'] });
    expect(held.json).toMatchObject({ held: true });
  });
});

describe('every action at the page', () => {
  it.each(AT_PAGE.map(({ name }) => name))('%s needs a sign-in', async (name) => {
    const { yamada } = test.pki.administrators;
    const asked = { method: 'POST', body: {}, headers: { origin: test.adminOrigin } };
    expect((await test.askAdmin(yamada, `/api/administration/${name}`, asked)).json?.code).toBe('SESSION_REQUIRED');
  });

  it.each(AT_PAGE.filter(({ dangerous }) => dangerous).map(({ name }) => name))(
    '%s gives a right, so it needs a fresh one',
    async (name) => {
      await again('yamada');
      test.pass(4 * 60_000);
      expect((await act(name)).json?.code, 'four minutes old').toBe('BAD_REQUEST');
      test.pass(60_001);
      expect((await act(name)).json?.code, 'five minutes old').toBe('SIGN_IN_AGAIN');
      expect(test.audit.of('administration-refused').at(-1)).toMatchObject({ action: name, by: 'yamada' });
    },
  );

  it('takes away without that', async () => {
    await again('yamada');
    await act('user.add', { ...TANAKA, name: '田中太郎' });
    test.pass(6 * 60_000);
    expect((await act('user.disable', TANAKA)).json).toMatchObject({ enabled: false });
    expect(test.audit.of('user-disabled').at(-1)).toMatchObject({ ...TANAKA, by: 'yamada' });
  });

  it('is not there if it is for the host alone', async () => {
    const hostOnly = TABLE.filter(({ only }) => only === 'socket').map(({ name }) => name);
    expect(hostOnly).toContain('administrator.add');
    await again('yamada');
    for (const name of hostOnly) expect([name, (await act(name)).status]).toEqual([name, 404]);
  });

  it('refuses a body of another form, and what cannot be done, each with a code', async () => {
    await again('yamada');
    expect((await act('user.add', { ...TANAKA, name: '田中', more: 1 })).json?.code).toBe('BAD_REQUEST');
    const twice = await act('user.add', { ...TANAKA, name: '田中' });
    expect([twice.status, twice.json]).toEqual([
      409,
      expect.objectContaining({
        code: 'NOT_POSSIBLE',
        detail: expect.stringContaining('the user 131016/tanaka exists already'),
      }),
    ]);
  });

  it('gives nothing while the audit log cannot be written, but still takes away', async () => {
    await again('yamada');
    test.audit.healthy = false;
    try {
      expect((await act('user.enable', TANAKA)).json?.code).toBe('UNAVAILABLE');
      expect((await act('user.disable', TANAKA)).status).toBe(200);
    } finally {
      test.audit.healthy = true;
    }
  });
});

describe('the end of a certificate', () => {
  it('is known from the sign-in on, and found in time among all users', async () => {
    const suzuki = { municipality: '131016', user: 'suzuki' };
    const code = await test.enrol(suzuki);
    const listed = async () => (await test.admin('user.list', { expiring: true })).users;
    await test.signIn(test.pki.users.suzuki, code);
    expect(await listed()).toEqual([]);
    const { users } = (await test.admin('user.list', { find: 'suzuki' })) as { users: Record<string, string>[] };
    const end = Date.parse(String(users[0]?.certificateExpiresAt));
    test.pass(end - test.now() - 20 * 86_400_000);
    expect(await listed()).toEqual([expect.objectContaining({ ...suzuki, certificateWarning: 30 })]);
  });
});

describe('a looser policy at the page', () => {
  const CODE = { municipality: '131016' };

  it('waits for another administrator, whom the log names beside who asked', async () => {
    await again('yamada');
    await again('honda');
    expect((await act('policy.set', { ...CODE, password: true })).json).toMatchObject({ held: false });
    const held = (await act('policy.set', { ...CODE, password: false })).json;
    expect(held).toMatchObject({ held: true, policy: { password: true }, waiting: { by: 'yamada' } });
    const { id } = (held as unknown as { waiting: { id: string } }).waiting;
    const own = await act('policy.approve', { ...CODE, id });
    expect([own.status, own.json?.code]).toEqual([409, 'OTHER_ADMINISTRATOR_NEEDED']);
    expect((await act('policy.approve', { ...CODE, id }, 'honda')).json).toMatchObject({
      ...{ policy: { password: false }, waiting: null },
    });
    expect(test.audit.of('policy-change-held').at(-1)).toMatchObject({ by: 'yamada', change: id });
    expect(test.audit.of('policy-changed').at(-1)).toMatchObject({ by: 'honda', askedBy: 'yamada', change: id });
  });

  it('that was asked at the socket can be approved at the page, and never the other way round', async () => {
    await test.admin('policy.set', { ...CODE, hardwareBound: true });
    const { waiting } = (await test.admin('policy.set', { ...CODE, hardwareBound: false })) as {
      waiting: { id: string; by: string };
    };
    expect(waiting.by).toBe('local');
    await expect(test.admin('policy.approve', { ...CODE, id: waiting.id })).rejects.toThrow('CHANGE_OF_ONESELF');
    expect((await act('policy.approve', { ...CODE, id: waiting.id })).status).toBe(200);
  });
});

describe('the two listeners', () => {
  /** The key and certificate of the one, trusting the server of the other. */
  const crossed = (own: TlsFiles, { authorities, revocations }: TlsFiles): TlsFiles => ({
    ...own,
    ...{ authorities, revocations },
  });

  it('take no certificate of the other', async () => {
    const { users, administrators } = test.pki;
    const userAtAdmin = await test.askAdmin(crossed(users.tanaka, administrators.yamada), '/api/session');
    const adminAtUser = await test.ask(crossed(administrators.yamada, users.tanaka), '/healthz');
    for (const answer of [userAtAdmin, adminAtUser]) {
      expect([answer.status, answer.json?.code]).toEqual([403, 'CERTIFICATE_REFUSED']);
    }
  });

  it('share no route but those of the own sign-in, and nothing upgrades at the administrators’', async () => {
    await again('yamada');
    const { yamada } = test.pki.administrators;
    for (const path of ['/api/desktops', '/api/live', '/relay', '/metrics', '/']) {
      expect([path, (await test.askAdmin(yamada, path, { cookie: cookies.yamada })).status]).toEqual([path, 404]);
    }
    const headers = {
      ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
      ...{ 'sec-websocket-key': Buffer.alloc(16).toString('base64'), origin: test.adminOrigin },
    };
    const upgrade = await test.askAdmin(yamada, '/relay', { cookie: cookies.yamada, headers });
    expect(upgrade.status).toBe(404);
  });
});
