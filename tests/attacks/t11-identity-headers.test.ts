// T11: identity from a header. Proxies of other systems name the client in one; whoever believes such a header can be
// anybody (CVE-2026-35616 and its like). Here identity is the TLS socket's alone, and each such header is written down.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGateway, type TestGateway } from '#tests/support/gateway.ts';

const HEADERS = [
  'X-SSL-Client-Cert',
  'X-SSL-Client-DN',
  'X-SSL-Client-Verify',
  'SSL_CLIENT_CERT',
  'SSL_CLIENT_S_DN',
  'SSL-Client-Verify',
  'X-Client-Certificate',
  'X-Client-Cert',
  'Client-Cert',
  'X-Forwarded-Client-Cert',
  'X-Forwarded-User',
  'X-Remote-User',
  'Remote-User',
  'X-Authenticated-User',
  'X-Auth-Request-User',
  'X-Amzn-Mtls-Clientcert',
  'X-Tls-Client-Cert',
  'X-ARR-ClientCert',
  'X-Forwarded-For',
  'X-Real-IP',
  'True-Client-IP',
  'Forwarded',
];

let test: TestGateway;
let tanakaCookie: string;

beforeAll(async () => {
  test = await openGateway();
  const code = await test.enrol({ municipality: '131016', user: 'tanaka' });
  tanakaCookie = await test.signIn(test.pki.users.tanaka, code);
}, 60_000);
afterAll(() => test.close());

describe('T11: headers that claim an identity', () => {
  // The certificate itself, on one line as proxies send it: what a believing server would take.
  const certificate = () => encodeURIComponent(readFileSync(test.pki.users.tanaka.certificate, 'utf8'));
  const allAtOnce = () => Object.fromEntries(HEADERS.map((name) => [name, certificate().slice(0, 100)]));

  it('let nobody in who shows no certificate', async () => {
    for (const name of HEADERS) {
      const headers = { [name]: certificate() };
      const answer = await test.ask(null, '/api/session', { cookie: tanakaCookie, headers });
      expect([name, answer.status, answer.json?.code]).toEqual([name, 403, 'CERTIFICATE_REQUIRED']);
    }
  });

  it('make nobody another user', async () => {
    for (const name of HEADERS) {
      const headers = { [name]: certificate() };
      const answer = await test.ask(test.pki.users.suzuki, '/api/session', { cookie: tanakaCookie, headers });
      expect([name, answer.status]).toEqual([name, 401]);
    }
  });

  it('change nothing for the user who sends them', async () => {
    const answer = await test.ask(test.pki.users.tanaka, '/api/session', {
      cookie: tanakaCookie,
      headers: allAtOnce(),
    });
    expect(answer.json?.user).toBe('tanaka');
  });

  it('are each written down with the name, never the value', async () => {
    const before = test.audit.of('identity-header-ignored').length;
    await test.ask(test.pki.users.tanaka, '/healthz', { headers: allAtOnce() });
    const noted = test.audit.of('identity-header-ignored').slice(before);
    expect(noted.map(({ header }) => header).sort()).toEqual(HEADERS.map((name) => name.toLowerCase()).sort());
    expect(JSON.stringify(noted)).not.toContain(certificate().slice(0, 40));
    for (const event of noted) expect(event).toMatchObject({ user: 'tanaka', address: '127.0.0.1' });
  });

  it('are not confused with the headers of an honest browser', async () => {
    const before = test.audit.of('identity-header-ignored').length;
    const headers = { 'user-agent': 'Mozilla/5.0', accept: '*/*', 'accept-language': 'ja', 'sec-fetch-site': 'none' };
    await test.ask(test.pki.users.tanaka, '/healthz', { headers });
    expect(test.audit.of('identity-header-ignored')).toHaveLength(before);
  });
});
