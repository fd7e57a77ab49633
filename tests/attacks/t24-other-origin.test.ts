// T24: other sites' pages in a browser that has the certificate, and what the supported page of another origin may do that
// no other can.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { otherOrigins } from '#gateway/doors/origins.ts';
import { SoftAuthenticator } from '#tests/support/authenticator.ts';
import { DESKTOP, refusedWith } from '#tests/support/broker.ts';
import { HELLO } from '#tests/support/gateway.ts';
import { addPasskey, askFromPage, passkeySignIn } from '#tests/support/passkey-visit.ts';
import { openRelayed, type Relayed, TANAKA } from '#tests/support/relayed.ts';

/** Configured in the test gateway, and no name of its certificate. */
const PAGE = 'https://telework.example.jp';
const EVIL = 'https://evil.example';
const PREFLIGHT = {
  'access-control-request-method': 'POST',
  'access-control-request-headers': 'authorization, content-type',
};

let test: Relayed;
let tanaka: Relayed['gateway']['pki']['users']['tanaka'];
beforeAll(async () => {
  test = await openRelayed();
  tanaka = test.gateway.pki.users.tanaka;
}, 60_000);
afterAll(() => test.close());

async function signInElsewhere(): Promise<string> {
  test.gateway.pass(30_000);
  const body = { code: await test.code() };
  const answer = await askFromPage(test.gateway, tanaka, '/api/sign-in/totp', body, { origin: PAGE });
  expect(answer.headers['set-cookie']).toBeUndefined();
  return String(answer.json?.token);
}

const withToken = (token: string, headers: object = {}) => ({
  ...{ origin: PAGE, headers: { authorization: `Bearer ${token}`, ...headers } },
});

describe('T24: a page of a configured other origin', () => {
  it('works with a token in the place of the cookie, from the sign-in to the records', async () => {
    const token = await signInElsewhere();
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const session = await askFromPage(test.gateway, tanaka, '/api/session', undefined, withToken(token));
    expect(session.json).toMatchObject(TANAKA);
    expect(session.json).not.toHaveProperty('token');
    const body = { desktop: DESKTOP, mode: 'open', hello: HELLO };
    const opened = await askFromPage(test.gateway, tanaka, '/api/desktops/open', body, withToken(token));
    const client = await test.gateway.dial(tanaka, null, { origin: PAGE });
    client.socket.sendText(JSON.stringify({ type: 'ticket', ticket: opened.json?.ticket, token }));
    expect(await test.agent.next('offer')).toMatchObject({ session: opened.json?.session });
    client.socket.close('ENDED');
    const out = await test.gateway.ask(tanaka, '/api/session', {
      method: 'DELETE',
      ...withToken(token, { origin: PAGE }),
    });
    expect(out.status).toBe(204);
  });

  it('signs in by a passkey that was used on it, and by none that was used on the gateway’s own page', async () => {
    const token = await signInElsewhere();
    const authenticator = new SoftAuthenticator(PAGE, 'localhost');
    expect((await addPasskey(test.gateway, tanaka, authenticator, withToken(token))).status).toBe(204);
    expect((await passkeySignIn(test.gateway, tanaka, authenticator, { origin: PAGE })).json).toHaveProperty('token');
    const wrong = { origin: test.gateway.origin };
    expect((await passkeySignIn(test.gateway, tanaka, authenticator, { origin: PAGE, wrong })).status).toBe(401);
  });

  it('may read answers and refusals, by headers that name it and nobody else', async () => {
    for (const path of ['/api/sign-in', '/api/session', '/nowhere']) {
      const { headers } = await askFromPage(test.gateway, tanaka, path, undefined, { origin: PAGE });
      expect(headers).toMatchObject({
        ...{ 'access-control-allow-origin': PAGE, 'access-control-allow-credentials': 'true', vary: 'Origin' },
      });
    }
  });

  it('has its preflight answered without a certificate, the same for every path, and nothing else', async () => {
    const answers = await Promise.all(
      ['/api/sign-in/totp', '/api/session', '/nowhere', '/healthz?x'].map((path) =>
        test.gateway.ask(null, path, { method: 'OPTIONS', headers: { origin: PAGE, ...PREFLIGHT } }),
      ),
    );
    for (const { status, text, headers } of answers) {
      expect([status, text]).toEqual([204, '']);
      expect(headers).toMatchObject({
        'access-control-allow-origin': PAGE,
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'GET, POST, DELETE',
        'access-control-allow-headers': 'authorization, content-type',
      });
    }
    expect(new Set(answers.map(({ headers }) => Object.keys(headers).sort().join())).size).toBe(1);
  });

  it('cannot do without the certificate in the request itself', async () => {
    const token = await signInElsewhere();
    const headers = { origin: PAGE, authorization: `Bearer ${token}` };
    expect((await test.gateway.ask(null, '/api/session', { headers })).json?.code).toBe('CERTIFICATE_REQUIRED');
    const { suzuki } = test.gateway.pki.users;
    const stolen = await askFromPage(test.gateway, suzuki, '/api/session', undefined, withToken(token));
    expect(stolen.json?.code).toBe('SESSION_REQUIRED');
    expect(test.gateway.audit.of('bypass-attempt').at(-1)).toMatchObject({ reason: 'SESSION_OTHER_USER' });
  });

  it('opens no WebSocket without its token, with another’s, or with a wrong one', async () => {
    const token = await signInElsewhere();
    const body = { desktop: DESKTOP, mode: 'open', hello: HELLO };
    const ask = async () =>
      String((await askFromPage(test.gateway, tanaka, '/api/desktops/open', body, withToken(token))).json?.ticket);
    const first = async (tls: typeof tanaka, message: object) => {
      const client = await test.gateway.dial(tls, null, { origin: PAGE });
      client.socket.sendText(JSON.stringify({ type: 'ticket', ...message }));
      return client.ended();
    };
    expect(await first(tanaka, { ticket: await ask() })).toBe('SESSION_REQUIRED');
    expect(await first(tanaka, { ticket: await ask(), token: 'A'.repeat(43) })).toBe('SESSION_REQUIRED');
    expect(await first(test.gateway.pki.users.suzuki, { ticket: await ask(), token })).toBe('SESSION_REQUIRED');
    expect(await first(tanaka, { ticket: await ask(), token: 'short' })).toBe('PROTOCOL_ERROR');
    // What was sent behind the first message before that is answered is no second chance.
    const client = await test.gateway.dial(tanaka, null, { origin: PAGE });
    const ticket = await ask();
    client.socket.sendText(JSON.stringify({ type: 'ticket', ticket }));
    client.socket.sendText(JSON.stringify({ type: 'ticket', ticket, token }));
    expect(['PROTOCOL_ERROR', 'SESSION_REQUIRED']).toContain(await client.ended());
  });
});

describe('T24: cookie and token', () => {
  it('are not mixed up: no cookie counts from elsewhere, no token at home, and none beside a cookie', async () => {
    const token = await signInElsewhere();
    const cookie = `__Host-telework=${token}`;
    const elsewhere = await askFromPage(test.gateway, tanaka, '/api/session', undefined, { origin: PAGE, cookie });
    expect(elsewhere.json?.code).toBe('SESSION_REQUIRED');
    const atHome = await askFromPage(test.gateway, tanaka, '/api/session', undefined, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(atHome.json?.code).toBe('SESSION_REQUIRED');
    await test.signInAgain();
    const client = await test.gateway.dial(tanaka, test.cookie);
    client.socket.sendText(JSON.stringify({ type: 'ticket', ticket: 'A'.repeat(43), token }));
    expect(await client.ended()).toBe('PROTOCOL_ERROR');
  });
});

describe('T24: any other site', () => {
  it('gets no header that lets its page read or send, and is refused', async () => {
    await test.signInAgain();
    const options = { origin: EVIL, cookie: test.cookie };
    const { status, headers } = await askFromPage(test.gateway, tanaka, '/api/session', undefined, options);
    expect(status).toBe(400);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    expect(await refusedWith(test.gateway.dial(tanaka, test.cookie, { origin: EVIL }))).toBe('BAD_REQUEST');
  });

  it.for([
    ['another origin', { origin: EVIL, ...PREFLIGHT }],
    ['the gateway’s own origin, which needs none', { ...PREFLIGHT, own: 'yes' }],
    ['no origin', PREFLIGHT],
    ['the page’s origin, but without what makes a preflight', { origin: PAGE }],
    ['the page’s origin in other letters', { origin: PAGE.toUpperCase(), ...PREFLIGHT }],
  ] as const)(
    'has no preflight answered: %s',
    async ([, { own, ...headers }]: readonly [string, Record<string, string>]) => {
      const sent = own ? { origin: test.gateway.origin, ...headers } : headers;
      const answer = await test.gateway.ask(null, '/api/sign-in/totp', { method: 'OPTIONS', headers: sent });
      expect([answer.status, answer.json?.code]).toEqual([403, 'CERTIFICATE_REQUIRED']);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-allow-m'))).toEqual([]);
    },
  );
});

describe('T24: what counts as elsewhere', () => {
  it('is a host that is no name of the gateway’s certificate, whatever the port', () => {
    const certificate = new X509Certificate(readFileSync(test.gateway.pki.gatewayServer.certificate));
    const configured = ['https://localhost', 'https://localhost:8443', PAGE, 'https://localhost.evil.example'];
    expect(otherOrigins(configured, certificate)).toEqual([PAGE, 'https://localhost.evil.example']);
  });
});
