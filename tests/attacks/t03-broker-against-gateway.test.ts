// T03: a broker with all of its keys that lies to the gateway. It can refuse service, since it is the only way, but not
// crash the gateway, fill its memory, get leases for what it likes, or mix sessions up.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acceptSockets } from '#platform/hop/accept.ts';
import { serverTls } from '#platform/hop/tls.ts';
import { Refusal } from '#protocol/codes.ts';
import { DESKTOP, Peer } from '#tests/support/broker.ts';
import { HELLO, openGateway, type TestGateway } from '#tests/support/gateway.ts';
import { demoPki } from '#tests/support/pki.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const presence = { type: 'presence', agent: '131016/soumu', desktops: [DESKTOP] };

let hostile: Awaited<ReturnType<typeof openHostileBroker>>;
let test: TestGateway;
let cookie: string;

/** A listener with the broker's own certificate; what it says is the test's. */
async function openHostileBroker() {
  const pki = await demoPki();
  const server = createServer(serverTls(pki.brokerForGateways));
  const links: Peer[] = [];
  const datas: Peer[] = [];
  const waiting = { link: [] as ((peer: Peer) => void)[], data: [] as ((peer: Peer) => void)[] };
  let refuseData = false;
  acceptSockets(
    server,
    async ({ url }) => {
      if (url === '/data' && refuseData) throw new Refusal('SESSION_UNKNOWN');
      return (socket) => {
        const peer = new Peer(socket);
        const kind = url === '/link' ? 'link' : 'data';
        (kind === 'link' ? links : datas).push(peer);
        waiting[kind].shift()?.(peer);
      };
    },
    () => {},
  );
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const next = (kind: 'link' | 'data') => new Promise<Peer>((resolve) => waiting[kind].push(resolve));
  return {
    pki,
    port: (server.address() as AddressInfo).port,
    nextLink: () => next('link'),
    nextData: () => next('data'),
    refuseData() {
      refuseData = true;
    },
    say: (peer: Peer, message: unknown) =>
      peer.socket.sendText(typeof message === 'string' ? message : JSON.stringify(message)),
    close() {
      for (const peer of [...links, ...datas]) peer.socket.peer.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}

let link: Peer;

beforeEach(async () => {
  hostile = await openHostileBroker();
  const linked = hostile.nextLink();
  test = await openGateway({ pki: hostile.pki, brokerPort: hostile.port });
  const code = await test.enrol(TANAKA);
  await test.admin('entitlement.add', { ...TANAKA, desktop: DESKTOP });
  cookie = await test.signIn(test.pki.users.tanaka, code);
  link = await linked;
}, 60_000);
afterEach(async () => {
  await test.close();
  hostile.close();
});

const desktops = () => test.ask(test.pki.users.tanaka, '/api/desktops', { cookie }).then(({ text }) => text);

async function openClient(): Promise<{ client: Peer; session: string }> {
  hostile.say(link, presence);
  await expect.poll(desktops).toContain('"online":true');
  const body = { desktop: DESKTOP, mode: 'open', hello: HELLO };
  const { json } = await test.ask(test.pki.users.tanaka, '/api/desktops/open', { method: 'POST', cookie, body });
  const client = await test.dial(test.pki.users.tanaka, cookie);
  client.socket.sendText(JSON.stringify({ type: 'ticket', ticket: json?.ticket }));
  return { client, session: String(json?.session) };
}

describe('T03: a lying broker on the control link', () => {
  it.for<[string, unknown]>([
    ['no JSON', 'x'],
    ['too much', 'x'.repeat(9_000)],
    ['an unknown type', { type: 'connect', host: '10.0.0.1' }],
    ['an address in a message', { ...presence, address: '10.0.0.1:3389' }],
    ["another agent's desktop", { ...presence, agent: '131016/zeimu' }],
    ['an agent without a municipality', { type: 'presence', agent: 'soumu', desktops: [] }],
    ['a grant of its own', { type: 'open', session: 'a'.repeat(32), desktop: DESKTOP, grant: 'x' }],
    ['a malformed nonce', { type: 'nonce', session: 'a'.repeat(32), nonce: '' }],
  ])('is cut off for %s, and nothing of it is believed', async ([, message]) => {
    hostile.say(link, message);
    expect(await link.ended()).toBe('PROTOCOL_ERROR');
    expect(await desktops()).toContain('"online":false');
  });

  it('gets no lease for a session that it invents', async () => {
    hostile.say(link, { type: 'nonce', session: 'a'.repeat(32), nonce: 'N'.repeat(22) });
    hostile.say(link, { type: 'ended', session: 'a'.repeat(32), code: 'ENDED' });
    hostile.say(link, presence);
    await expect.poll(desktops).toContain('"online":true');
    expect(link.texts).toEqual([]);
  });

  it("cannot fill the audit log with anchors, nor anchor another's log", async () => {
    const anchor = { type: 'anchor', source: 'broker', sequence: 1, digest: '0'.repeat(64) };
    hostile.say(link, { ...anchor, source: 'gateway/gateway' });
    for (let sequence = 0; sequence < 500; sequence++) hostile.say(link, { ...anchor, sequence });
    hostile.say(link, presence);
    await expect.poll(desktops).toContain('"online":true');
    expect(test.audit.of('anchor')).toMatchObject([{ source: 'broker', sequence: 0 }, { sequence: 1 }]);
  });

  it('makes no desktop appear that the user may not open', async () => {
    hostile.say(link, { type: 'presence', agent: '131016/zeimu', desktops: ['131016/zeimu/secret'] });
    hostile.say(link, presence);
    await expect.poll(desktops).toContain('"online":true');
    expect(await desktops()).not.toContain('zeimu');
  });
});

describe('T03: a lying broker on the data link', () => {
  it('cannot pair the client with another session', async () => {
    const dialled = hostile.nextData();
    const { client } = await openClient();
    hostile.say(await dialled, { type: 'paired', session: 'b'.repeat(32) });
    expect(await client.ended()).toBe('PROTOCOL_ERROR');
    expect(client.texts).toEqual([]);
  });

  it('cannot send records before paired, nor text after', async () => {
    const early = hostile.nextData();
    const first = await openClient();
    (await early).socket.sendRecord(Buffer.alloc(100));
    expect(await first.client.ended()).toBe('PROTOCOL_ERROR');
    const dialled = hostile.nextData();
    const { client, session } = await openClient();
    const data = await dialled;
    hostile.say(data, { type: 'paired', session });
    await client.next('paired');
    hostile.say(data, '<script>');
    expect(await client.ended()).toBe('PROTOCOL_ERROR');
    expect(client.texts).toHaveLength(1);
  });

  it('that refuses it leaves the user with a code and no slot taken', async () => {
    hostile.refuseData();
    const { client } = await openClient();
    expect(await client.ended()).toBe('UNAVAILABLE');
    expect(await test.admin('session.list')).toEqual({ sessions: [] });
  });

  it('that never pairs leaves the user with a code after ten seconds', { timeout: 20_000 }, async () => {
    const { client } = await openClient();
    expect(await client.ended()).toBe('TOOK_TOO_LONG');
    expect(await test.admin('session.list')).toEqual({ sessions: [] });
  });
});
