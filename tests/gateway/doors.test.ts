import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '#gateway/doors/route.ts';
import { type RouteParts, routes } from '#gateway/doors/routes.ts';
import type { TlsFiles } from '#platform/hop/tls.ts';
import { BODY_MAX_BYTES } from '#protocol/limits.ts';
import { DESKTOP, refusedWith } from '#tests/support/broker.ts';
import { type Answered, HELLO, openGateway, ownRevocations, type TestGateway } from '#tests/support/gateway.ts';
import { demoPki } from '#tests/support/pki.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const SUZUKI = { municipality: '131016', user: 'suzuki' };

/** The table as it stands in the code; its parts are not needed to read it. */
const INVENTORY: readonly Route[] = routes({} as RouteParts);
const name = ({ method, path }: Route) => `${method} ${path}`;

/** What a request without fault needs, and what it gets over certificate and session. */
const REQUESTS: Record<string, { body?: object; alone: number; signedIn: number }> = {
  'GET /healthz': { alone: 200, signedIn: 200 },
  'POST /api/sign-in/totp': { body: { code: 'xxxxxx' }, alone: 401, signedIn: 401 },
  'GET /api/sign-in': { alone: 200, signedIn: 200 },
  'POST /api/sign-in/webauthn/options': { body: {}, alone: 200, signedIn: 200 },
  'POST /api/sign-in/webauthn': { body: { nonce: 'A'.repeat(43), credential: {} }, alone: 401, signedIn: 401 },
  'POST /api/sign-in/recovery': { body: { code: 'xxxxxx' }, alone: 401, signedIn: 401 },
  'GET /api/session': { alone: 401, signedIn: 200 },
  'GET /api/factors': { alone: 401, signedIn: 200 },
  'POST /api/factors/webauthn/options': { body: {}, alone: 401, signedIn: 200 },
  'POST /api/factors/webauthn': {
    body: { nonce: 'A'.repeat(43), name: '鍵', credential: {} },
    ...{ alone: 401, signedIn: 400 },
  },
  'POST /api/factors/webauthn/remove': { body: { id: 'AAAA' }, alone: 401, signedIn: 404 },
  'POST /api/factors/totp/begin': { body: {}, alone: 401, signedIn: 200 },
  'POST /api/factors/totp/confirm': { body: { code: 'xxxxxx' }, alone: 401, signedIn: 400 },
  // The only one.
  'POST /api/factors/totp/remove': { body: {}, alone: 401, signedIn: 409 },
  'POST /api/factors/password': { body: { password: '港町の朝焼けを見た' }, alone: 401, signedIn: 204 },
  'POST /api/factors/recovery': { body: {}, alone: 401, signedIn: 200 },
  'GET /api/history': { alone: 401, signedIn: 200 },
  'GET /api/live': { alone: 401, signedIn: 200 },
  'POST /api/live/end': { body: {}, alone: 401, signedIn: 204 },
  'GET /api/desktops': { alone: 401, signedIn: 200 },
  // No broker is there in these tests.
  'POST /api/desktops/open': {
    body: { desktop: DESKTOP, mode: 'open', hello: HELLO },
    alone: 401,
    signedIn: 503,
  },
  'DELETE /api/session': { alone: 401, signedIn: 204 },
};

let test: TestGateway;
let revocations: ReturnType<typeof ownRevocations>;
let cookie: string;
let code: () => Promise<string>;

beforeAll(async () => {
  const pki = await demoPki();
  revocations = ownRevocations(pki);
  test = await openGateway({ pki, revocations: revocations.path });
  code = await test.enrol(TANAKA);
  await test.enrol(SUZUKI);
  await test.admin('entitlement.add', { ...TANAKA, desktop: DESKTOP });
  cookie = await test.signIn(pki.users.tanaka, code);
}, 60_000);

afterAll(async () => {
  await test.close();
  revocations.close();
});

/** The certificate of one kind with the trust of a user. */
function trustingGateway({ key, certificate }: TlsFiles): TlsFiles {
  return { ...test.pki.users.tanaka, key, certificate };
}

function ask(tls: TlsFiles | null, route: Route, withCookie?: string): Promise<Answered> {
  const { body } = REQUESTS[name(route)] ?? {};
  // As one person clicks: below the rate of a certificate.
  test.pass(100);
  return test.ask(tls, route.path, { method: route.method, body, cookie: withCookie });
}

describe('every route', () => {
  const overHttp = INVENTORY.filter((route) => route.method !== 'UPGRADE');

  it('stands in this test, and is listed once', () => {
    expect(Object.keys(REQUESTS).sort()).toEqual(overHttp.map(name).sort());
    expect(new Set(INVENTORY.map(name)).size).toBe(INVENTORY.length);
  });

  it('stands in docs/api.md with what it needs', () => {
    const rows = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8').split('\n');
    const documented = rows.flatMap((row) => /^\| `([A-Z]+ \/\S*)` \| (\w+) \|/.exec(row)?.slice(1, 3).join(' ') ?? []);
    expect(documented.sort()).toEqual(INVENTORY.map((route) => `${name(route)} ${route.needs}`).sort());
    for (const route of INVENTORY) expect(rows).toContain(`### ${name(route)}`);
  });

  it.for(overHttp)('$method $path refuses a connection without a certificate', async (route) => {
    const answer = await ask(null, route, cookie);
    expect([answer.status, answer.json?.code]).toEqual([403, 'CERTIFICATE_REQUIRED']);
  });

  it.for(overHttp)('$method $path refuses certificates of other kinds', async (route) => {
    for (const tls of [test.pki.agent, test.pki.gatewayToBroker]) {
      const answer = await ask(trustingGateway(tls), route, cookie);
      expect([answer.status, answer.json?.code]).toEqual([403, 'CERTIFICATE_REFUSED']);
    }
  });

  it.for(overHttp)("$method $path refuses another user's cookie where it needs a session", async (route) => {
    const answer = await ask(test.pki.users.suzuki, route, cookie);
    expect(answer.status).toBe(REQUESTS[name(route)]?.alone);
  });

  it.for(overHttp)('$method $path with a certificate alone', async (route) => {
    expect((await ask(test.pki.users.tanaka, route)).status).toBe(REQUESTS[name(route)]?.alone);
  });

  it('has the answers of a signed-in user', async () => {
    const signOutLast = overHttp.toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'));
    for (const route of signOutLast) {
      expect([name(route), (await ask(test.pki.users.tanaka, route, cookie)).status]).toEqual([
        name(route),
        REQUESTS[name(route)]?.signedIn,
      ]);
    }
    cookie = await test.signIn(test.pki.users.tanaka, code);
  });
});

describe('the upgrade to /relay', () => {
  it('is refused without certificate, session or with the cookie of another', async () => {
    const { tanaka, suzuki } = test.pki.users;
    expect(await refusedWith(test.dial(tanaka, null))).toBe('SESSION_REQUIRED');
    expect(await refusedWith(test.dial(suzuki, cookie))).toBe('SESSION_REQUIRED');
    expect(await refusedWith(test.dial(trustingGateway(test.pki.agent), cookie))).toBe('CERTIFICATE_REFUSED');
  });

  it('needs an allow-listed Origin, and takes the own and the configured ones', async () => {
    const { tanaka } = test.pki.users;
    const foreign = [
      'https://evil.example',
      'null',
      `${test.origin}.evil.example`,
      test.origin.replace('https', 'http'),
    ];
    expect(await refusedWith(test.dial(tanaka, cookie, {}))).toBe('BAD_REQUEST');
    for (const origin of foreign) expect(await refusedWith(test.dial(tanaka, cookie, { origin }))).toBe('BAD_REQUEST');
    for (const origin of [test.origin, 'https://telework.example.jp']) {
      const peer = await test.dial(tanaka, cookie, { origin });
      expect(peer.socket.closed).toBe(false);
      peer.socket.close('ENDED');
    }
    expect(test.audit.of('bypass-attempt')).toContainEqual(
      expect.objectContaining({ reason: 'ORIGIN_WRONG', user: 'tanaka' }),
    );
  });

  it('exists on no other path', async () => {
    const { tanaka } = test.pki.users;
    for (const path of ['/', '/relay/', '/relay?x=1', '/api/session', '/link', '/data']) {
      expect(await refusedWith(test.dial(tanaka, cookie, { origin: test.origin }, path))).toBe('NOT_FOUND');
    }
  });

  it('cannot be asked for as a page', async () => {
    expect((await test.ask(test.pki.users.tanaka, '/relay', { cookie })).status).toBe(404);
  });
});

describe('answers', () => {
  it('carry the same security headers, whatever they are', async () => {
    const { tanaka } = test.pki.users;
    const answers = [
      await test.ask(tanaka, '/healthz'),
      await test.ask(tanaka, '/nowhere'),
      await test.ask(null, '/healthz'),
      await test.ask(null, '/', { headers: { accept: 'text/html' } }),
    ];
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'strict-transport-security': 'max-age=31536000',
        'x-content-type-options': 'nosniff',
      });
    }
  });

  it('give a stranger with a browser a page in Japanese and English, and nothing else', async () => {
    const answer = await test.ask(null, '/api/session', { headers: { accept: 'text/html,*/*' } });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('クライアント証明書が必要です');
    expect(answer.text).toContain('A client certificate is required');
    expect(answer.text).not.toMatch(/<script|<style|style=/);
  });

  it('tell code and texts of a refusal, and nothing of the reason', async () => {
    const { json } = await test.ask(test.pki.users.tanaka, '/api/session');
    expect(json).toEqual({
      code: 'SESSION_REQUIRED',
      message: { ja: 'サインインが必要です。', en: 'Please sign in first.' },
    });
  });

  it('name the allowed methods when the method is wrong', async () => {
    const answer = await test.ask(test.pki.users.tanaka, '/api/session', { method: 'PUT' });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, DELETE']);
    for (const method of ['HEAD', 'OPTIONS', 'TRACE', 'PATCH']) {
      expect((await test.ask(test.pki.users.tanaka, '/healthz', { method })).status).toBe(405);
    }
  });

  it('find no route by another spelling', async () => {
    for (const path of ['/healthz/', '//healthz', '/healthz?', '/HEALTHZ', '/api/../healthz', '/%68ealthz', '*']) {
      expect((await test.ask(test.pki.users.tanaka, path)).status).toBe(404);
    }
  });

  it('refuse a request from a page of another origin', async () => {
    const headers = { origin: 'https://evil.example' };
    expect((await test.ask(test.pki.users.tanaka, '/healthz', { headers })).json?.code).toBe('BAD_REQUEST');
  });
});

describe('bodies', () => {
  const post = (body: string, headers: Record<string, string> = {}) =>
    test.ask(test.pki.users.tanaka, '/api/sign-in/totp', { method: 'POST', body, headers });

  it.for([
    ['no JSON', '{'],
    ['an array', '[]'],
    ['a missing field', '{}'],
    ['an unknown field', '{"code":"123456","user":"suzuki"}'],
    ['a number', '{"code":123456}'],
    ['nothing', ''],
  ])('are refused: %s', async ([, body]) => {
    expect((await post(body ?? '')).json?.code).toBe('BAD_REQUEST');
  });

  it('are refused above the limit, told or not, without being read', async () => {
    const body = JSON.stringify({ code: 'x'.repeat(BODY_MAX_BYTES) });
    expect((await post(body)).status).toBe(400);
    const chunked = await post(body, { 'transfer-encoding': 'chunked', 'content-length': '' }).catch(() => null);
    expect(chunked === null || chunked.status === 400).toBe(true);
  });

  it('are taken only as JSON, which a foreign form cannot send', async () => {
    expect((await post('{"code":"123456"}', { 'content-type': 'text/plain' })).json?.code).toBe('BAD_REQUEST');
  });
});

describe('the sign-in session', () => {
  it('comes in a cookie that only this host gets and no script reads', async () => {
    test.pass(60_000);
    const body = { code: await code() };
    const answer = await test.ask(test.pki.users.tanaka, '/api/sign-in/totp', { method: 'POST', body });
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(/^__Host-telework=[A-Za-z0-9_-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/),
    ]);
    expect(answer.json).toEqual({
      ...TANAKA,
      factors: ['mtls', 'otp'],
      ...{ idleSeconds: 900, overallSeconds: 43_200, managesFactorsOnly: false },
      lastSignIn: expect.stringMatching(/^20\d\d-.*Z$/),
      certificateExpiresAt: expect.stringMatching(/^20\d\d-.*Z$/),
      certificateWarning: null,
      signedInAt: expect.stringMatching(/^20\d\d-.*Z$/),
    });
    cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
  });

  it('is new at each sign-in, and the earlier cookie is of no use any more', async () => {
    const before = cookie;
    cookie = await test.signIn(test.pki.users.tanaka, code);
    expect(cookie).not.toBe(before);
    expect((await test.ask(test.pki.users.tanaka, '/api/session', { cookie: before })).status).toBe(401);
    expect((await test.ask(test.pki.users.tanaka, '/api/session', { cookie })).status).toBe(200);
  });

  it('ends with the sign-out, which keeps the device key in the browser', async () => {
    const own = cookie;
    const answer = await test.ask(test.pki.users.tanaka, '/api/session', { method: 'DELETE', cookie: own });
    expect(answer.headers['clear-site-data']).toBe('"cache", "cookies"');
    expect(answer.headers['set-cookie']).toEqual([expect.stringContaining('Max-Age=0')]);
    expect((await test.ask(test.pki.users.tanaka, '/api/session', { cookie: own })).status).toBe(401);
    expect(test.audit.of('signed-out')).not.toHaveLength(0);
    cookie = await test.signIn(test.pki.users.tanaka, code);
  });
});

describe('the audit log', () => {
  it('stops sign-ins and openings while it cannot be written', async () => {
    const { tanaka } = test.pki.users;
    test.pass(60_000);
    test.audit.healthy = false;
    try {
      const signIn = await test.ask(tanaka, '/api/sign-in/totp', { method: 'POST', body: { code: await code() } });
      const body = { desktop: DESKTOP, mode: 'open', hello: HELLO };
      const open = await test.ask(tanaka, '/api/desktops/open', { method: 'POST', body, cookie });
      expect([signIn.status, open.status, (await test.ask(tanaka, '/healthz')).status]).toEqual([503, 503, 503]);
      expect((await test.ask(tanaka, '/api/desktops', { cookie })).status).toBe(200);
    } finally {
      test.audit.healthy = true;
    }
  });
});

describe('a desktop that may not be opened', () => {
  it('gets one answer, whether it is unknown, not entitled, malformed or of another municipality', async () => {
    const desktops = [
      '131016/soumu/other',
      '131016/nobody/nothing',
      '132012/kikaku/notepad',
      'no desktop id',
      '../etc',
    ];
    const open = (desktop: string) =>
      test.ask(test.pki.users.tanaka, '/api/desktops/open', {
        method: 'POST',
        cookie,
        body: { desktop, mode: 'open', hello: HELLO },
      });
    const answers = await Promise.all(desktops.map(open));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.json?.code).toBe('NOT_ENTITLED');
  });

  it('is listed offline, and refused, while the broker cannot be reached', async () => {
    const { tanaka } = test.pki.users;
    const listed = await test.ask(tanaka, '/api/desktops', { cookie });
    expect(listed.json).toEqual({ desktops: [{ desktop: DESKTOP, label: 'notepad', online: false }] });
    const body = { desktop: DESKTOP, mode: 'open', hello: HELLO };
    const open = await test.ask(tanaka, '/api/desktops/open', { method: 'POST', cookie, body });
    expect([open.status, open.json?.code]).toEqual([503, 'UNAVAILABLE']);
  });
});

describe('a revoked certificate', () => {
  it('is refused on every route and upgrade as soon as the new list is there, cookie or not', async () => {
    revocations.revoke(test.pki.users.tanaka);
    await expect
      .poll(async () => (await test.ask(test.pki.users.tanaka, '/healthz')).json?.code)
      .toBe('CERTIFICATE_REFUSED');
    for (const route of INVENTORY.filter((one) => one.method !== 'UPGRADE')) {
      expect((await ask(test.pki.users.tanaka, route, cookie)).json?.code).toBe('CERTIFICATE_REFUSED');
    }
    expect(await refusedWith(test.dial(test.pki.users.tanaka, cookie))).toBe('CERTIFICATE_REFUSED');
    expect((await test.ask(test.pki.users.suzuki, '/healthz')).status).toBe(200);
    expect(test.audit.of('certificate-refused')).toContainEqual(
      expect.objectContaining({ reason: 'CERTIFICATE_REVOKED' }),
    );
  });
});
