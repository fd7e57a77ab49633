// T05: a cookie or ticket in the wrong hands. Both are bound to the certificate of the TLS connection, and a ticket is
// good once, so a thief needs the victim's private key as well.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TlsFiles } from '#platform/hop/tls.ts';
import { DESKTOP, type Peer, refusedWith } from '#tests/support/broker.ts';
import { HELLO } from '#tests/support/gateway.ts';
import { issueMore } from '#tests/support/pki.ts';
import { openRelayed, type Relayed } from '#tests/support/relayed.ts';

const SUZUKI = { municipality: '131016', user: 'suzuki' };

let test: Relayed;
let thief: TlsFiles;
let thiefCookie: string;

beforeAll(async () => {
  test = await openRelayed();
  thief = test.gateway.pki.users.suzuki;
  // The thief is a colleague who may use the same desktop: only the binding stands in the way.
  const code = await test.gateway.enrol(SUZUKI);
  await test.gateway.admin('entitlement.add', { ...SUZUKI, desktop: DESKTOP });
  thiefCookie = await test.gateway.signIn(thief, code);
  await test.signInAgain();
}, 60_000);
afterAll(() => test.close());

async function presentTicket(tls: TlsFiles, cookie: string, ticket: string): Promise<Peer> {
  const peer = await test.gateway.dial(tls, cookie);
  peer.socket.sendText(JSON.stringify({ type: 'ticket', ticket }));
  return peer;
}

describe('T05: a stolen cookie', () => {
  const statusWith = async (tls: TlsFiles, cookie: string) =>
    (await test.gateway.ask(tls, '/api/session', { cookie })).status;

  it("is of no use over a colleague's certificate, and the theft is written down", async () => {
    expect(await statusWith(thief, test.cookie)).toBe(401);
    expect(await refusedWith(test.gateway.dial(thief, test.cookie))).toBe('SESSION_REQUIRED');
    const body = { desktop: DESKTOP, mode: 'open', hello: HELLO };
    const open = await test.gateway.ask(thief, '/api/desktops/open', { method: 'POST', cookie: test.cookie, body });
    expect(open.status).toBe(401);
    const attempts = test.gateway.audit.of('bypass-attempt');
    expect(attempts).toHaveLength(3);
    for (const attempt of attempts) expect(attempt).toMatchObject({ reason: 'SESSION_OTHER_USER', user: 'suzuki' });
    expect(await statusWith(test.gateway.pki.users.tanaka, test.cookie)).toBe(200);
  });

  it("is of no use over the same user's other certificate", async () => {
    const other = await issueMore(
      test.gateway.pki.dir,
      { kind: 'user', role: 'client', municipality: '131016', name: 'tanaka' },
      'gateway-server',
    );
    expect(await statusWith(other, test.cookie)).toBe(401);
    expect(test.gateway.audit.of('bypass-attempt').at(-1)?.reason).toBe('SESSION_OTHER_CERTIFICATE');
  });

  it('is of no use beside the own one, before or after it', async () => {
    for (const both of [`${test.cookie}; ${thiefCookie}`, `${thiefCookie}; ${test.cookie}`]) {
      expect(await statusWith(thief, both)).toBe(401);
    }
  });

  it('is of no use without a certificate', async () => {
    expect((await test.gateway.ask(null, '/api/session', { cookie: test.cookie })).status).toBe(403);
  });
});

describe('T05: a stolen ticket', () => {
  it('is burnt by the thief who presents it, and opens nothing', async () => {
    const { ticket } = await test.ask();
    const stolen = await presentTicket(thief, thiefCookie, ticket);
    expect(await stolen.ended()).toBe('TICKET_REFUSED');
    expect(test.gateway.audit.of('ticket-refused').at(-1)).toMatchObject({
      ...{ reason: 'TICKET_OTHER_SESSION', user: 'suzuki' },
    });
    const owner = await presentTicket(test.gateway.pki.users.tanaka, test.cookie, ticket);
    expect(await owner.ended()).toBe('TICKET_REFUSED');
    expect(test.agent.of('offer')).toEqual([]);
  });

  it('is of no use after a new sign-in of its own user', async () => {
    const { ticket } = await test.ask();
    await test.signInAgain();
    const peer = await presentTicket(test.gateway.pki.users.tanaka, test.cookie, ticket);
    expect(await peer.ended()).toBe('TICKET_REFUSED');
  });

  it('is of no use a second time, while the session runs and after it', async () => {
    const live = await test.open();
    const { tanaka } = test.gateway.pki.users;
    expect(await (await presentTicket(tanaka, test.cookie, live.ticket)).ended()).toBe('TICKET_REFUSED');
    expect(live.client.end).toBeNull();
    live.client.socket.close('ENDED');
    await live.agentData.ended();
    expect(await (await presentTicket(tanaka, test.cookie, live.ticket)).ended()).toBe('TICKET_REFUSED');
  });

  it('is of no use after thirty seconds', async () => {
    const { ticket } = await test.ask();
    test.gateway.pass(30_000);
    const peer = await presentTicket(test.gateway.pki.users.tanaka, test.cookie, ticket);
    expect(await peer.ended()).toBe('TICKET_REFUSED');
    expect(test.gateway.audit.of('ticket-refused').at(-1)?.reason).toBe('TICKET_EXPIRED');
  });

  it('opens nothing when the entitlement went between issue and use', async () => {
    const { ticket } = await test.ask();
    await test.gateway.admin('entitlement.remove', { municipality: '131016', user: 'tanaka', desktop: DESKTOP });
    const peer = await presentTicket(test.gateway.pki.users.tanaka, test.cookie, ticket);
    expect(await peer.ended()).toBe('NOT_ENTITLED');
  });
});
