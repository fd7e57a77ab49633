// T01: the user's device is stolen: certificate, its private key, the device key and the pins are in the thief's hands.
// What is missing is the second factor, so no door opens, and at the agent none of it replaces a grant.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAILURES_BEFORE_BACK_OFF } from '#gateway/sign-in/attempts.ts';
import { grantFor, grantKey, SESSION } from '#tests/agent/parts.ts';
import { type BothEnds, bothEnds } from '#tests/support/both-ends.ts';
import { DESKTOP, openBroker, refusedWith } from '#tests/support/broker.ts';
import { HELLO, openGateway, type TestGateway } from '#tests/support/gateway.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };

describe('T01: whoever holds a stolen device, at the gateway', () => {
  let test: TestGateway;
  let code: () => Promise<string>;
  const device = () => test.pki.users.tanaka;
  const post = (path: string, body: unknown) => test.ask(device(), path, { method: 'POST', body });

  beforeAll(async () => {
    test = await openGateway();
    code = await test.enrol(TANAKA);
    await test.admin('entitlement.add', { ...TANAKA, desktop: DESKTOP });
  }, 60_000);
  afterAll(() => test.close());

  it('passes the certificate gate, and every door behind it is shut', async () => {
    expect((await test.ask(device(), '/healthz')).status).toBe(200);
    expect((await test.ask(device(), '/api/session')).json?.code).toBe('SESSION_REQUIRED');
    expect((await test.ask(device(), '/api/desktops')).json?.code).toBe('SESSION_REQUIRED');
    const open = await post('/api/desktops/open', { desktop: DESKTOP, mode: 'open', hello: HELLO });
    expect(open.json?.code).toBe('SESSION_REQUIRED');
  });

  it('is refused the WebSocket, with no cookie and with an invented one', async () => {
    expect(await refusedWith(test.dial(device(), null))).toBe('SESSION_REQUIRED');
    expect(await refusedWith(test.dial(device(), `__Host-telework=${'A'.repeat(43)}`))).toBe('SESSION_REQUIRED');
  });

  it('may guess a few codes, then no more, not even the right one, and the user’s own sign-ins tell of it', async () => {
    const right = await code();
    const wrong = String((Number(right) + 1) % 1_000_000).padStart(6, '0');
    for (let i = 0; i < FAILURES_BEFORE_BACK_OFF; i++) {
      expect((await post('/api/sign-in/totp', { code: wrong })).json?.code).toBe('SIGN_IN_REFUSED');
    }
    expect((await post('/api/sign-in/totp', { code: right })).json?.code).toBe('SIGN_IN_LATER');
    expect(test.audit.of('sign-in-refused').length).toBeGreaterThan(FAILURES_BEFORE_BACK_OFF);
    expect(test.audit.of('sign-in-succeeded')).toEqual([]);
  });
});

describe('T01: whoever holds a stolen device, past the gateway', () => {
  it('finds a broker that knows no users: neither of its doors takes the certificate', async () => {
    const broker = await openBroker();
    for (const [side, trusts] of [
      ['gateway', broker.pki.gatewayToBroker],
      ['agent', broker.pki.agent],
    ] as const) {
      const { key, certificate } = broker.pki.users.tanaka;
      const { authorities, revocations } = trusts;
      for (const path of ['/link', '/data']) {
        const dialling = broker.dial(side, path, { key, certificate, authorities, revocations });
        expect(await refusedWith(dialling), `${side} ${path}`).toBe('CERTIFICATE_REFUSED');
      }
    }
    expect(broker.audit.of('certificate-refused').map(({ reason }) => reason)).toEqual(
      Array(4).fill('CERTIFICATE_UNTRUSTED'),
    );
    await broker.close();
  });
});

describe('T01: whoever holds a stolen device, at the agent', () => {
  const outcome = (ends: BothEnds) =>
    ends.open().then(
      () => 'opened',
      (error: { code?: string; message: string }) => error.code ?? error.message,
    );

  it('opens with everything in order (positive control)', async () => {
    const ends = await bothEnds();
    await ends.paired();
    expect(await outcome(ends)).toBe('opened');
  });

  it('has the paired key and the pin, but a grant of its own making is none', async () => {
    const ends = await bothEnds();
    await ends.paired();
    const own = await grantKey();
    const { request } = ends.client;
    ends.client.request = async (method, path, body) => {
      const answer = await request(method, path, body);
      const honest = answer.body as Record<string, unknown>;
      const { desktop, hello } = body as { desktop: string; hello: string };
      const grant = await grantFor(own.signer, ends.clock.wall, {
        aud: desktop,
        hello,
        session: String(honest.session),
      });
      return { ...answer, body: { ...honest, grant } };
    };
    expect(await outcome(ends)).not.toBe('opened');
    expect(ends.audit.of('session-started')).toEqual([]);
  });

  it('gets no grant past the first look, whether the device key or the certificate’s own signs it', async () => {
    const ends = await bothEnds();
    await ends.paired();
    for (const kid of [ends.keys.signer.kid, 'another']) {
      const jws = await grantFor({ kid, key: (await grantKey()).signer.key }, ends.clock.wall);
      await ends.sessions.offer(SESSION, jws);
      await ends.sessions.offer(SESSION, '');
    }
    expect(ends.audit.of('offer-refused').map(({ reason }) => reason)).toEqual([
      ...['GRANT_SIGNATURE', 'GRANT_MALFORMED', 'GRANT_SIGNATURE', 'GRANT_MALFORMED'],
    ]);
    // The agent did not even dial
    expect(ends.audit.of('offer-accepted')).toEqual([]);
    expect(ends.links).toEqual([]);
  });

  it('is out as soon as the pairing is revoked', async () => {
    const ends = await bothEnds();
    await ends.paired();
    await ends.pairings.revoke(ends.opening.user, ends.opening.desktop);
    expect(await outcome(ends)).toBe('NOT_PAIRED');
  });
});
