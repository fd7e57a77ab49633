import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { SOCKETS_PER_AGENT_MAX } from '#broker/limits.ts';
import { Authority } from '#certs/authority.ts';
import { refusalBody } from '#platform/hop/refusal-body.ts';
import { clientTls } from '#platform/hop/tls.ts';
import { LEASE_LIFE_MS } from '#protocol/limits.ts';
import { newSession, openBroker, openSession, type Peer, refusedWith, type TestBroker } from '#tests/support/broker.ts';
import { type DemoPki, privatePki } from '#tests/support/pki.ts';

let dir: string;
let pki: DemoPki;
let test: TestBroker;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'telework-doors-'));
  pki = await privatePki(dir);
}, 60_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));
beforeEach(async () => {
  test = await openBroker(pki);
});
afterEach(() => test.close());

/** An HTTP request that is no upgrade. */
function get(
  port: number,
  path: string,
  method = 'GET',
  headers: OutgoingHttpHeaders = {},
  files = pki.agent,
): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(
      { ...clientTls(files, 'localhost'), host: '127.0.0.1', port, path, method, headers, agent: false },
      (response) => {
        let body = '';
        response.on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode, body }));
      },
    );
    asking.on('connect', (response, socket, head) => {
      socket.destroy();
      resolve({ status: response.statusCode, body: head.toString() });
    });
    asking.on('error', reject);
    asking.end();
  });
}

describe('a listener', () => {
  it('has nothing for a request that is no upgrade', async () => {
    for (const [path, method] of [
      ['/', 'GET'],
      ['/link', 'GET'],
      ['/data', 'POST'],
      ['http://10.0.0.1/', 'GET'],
    ] as const) {
      expect(await get(test.broker.agentPort, path, method)).toEqual({ status: 404, body: refusalBody('NOT_FOUND') });
    }
  });

  it('says not even that to who may not come in', async () => {
    const stranger = { ...pki.gatewayToBroker, authorities: pki.agent.authorities, revocations: pki.agent.revocations };
    const refused = { status: 403, body: refusalBody('CERTIFICATE_REFUSED') };
    for (const method of ['GET', 'CONNECT']) {
      expect(await get(test.broker.agentPort, '/', method, {}, stranger)).toEqual(refused);
    }
    expect(await get(test.broker.agentPort, '/', 'GET', { expect: 'a miracle' }, stranger)).toEqual(refused);
    await test.event('certificate-refused', 'CERTIFICATE_UNTRUSTED');
  });

  it('refuses more sockets of one peer than its desktops can need, and counts down again', async () => {
    const peers: Peer[] = [];
    for (let i = 0; i < SOCKETS_PER_AGENT_MAX; i++) peers.push(await test.dial('agent', '/data', pki.agent));
    expect(await refusedWith(test.dial('agent', '/data', pki.agent))).toBe('TOO_MANY');
    await test.event('agent-refused', 'CONNECTIONS_EXCEEDED');
    await test.dial('agent', '/data', pki.otherAgent);
    for (const peer of peers) peer.socket.close('ENDED');
    await expect
      .poll(() =>
        test.dial('agent', '/data', pki.agent).then(
          () => 'in',
          () => 'out',
        ),
      )
      .toBe('in');
  }, 30_000);

  it('closes everything with a code when the broker stops', async () => {
    const gateway = await test.gatewayLink();
    const agent = await test.agentLink();
    await gateway.next('presence');
    const { gatewayData, agentData } = await openSession(test, gateway, agent);
    const waiting = await test.dial('agent', '/data', pki.agent);
    await test.broker.close();
    for (const peer of [gateway, agent, gatewayData, agentData, waiting]) {
      expect(await peer.ended()).toBe('UNAVAILABLE');
    }
    expect(test.audit.of('session-ended')[0]).toMatchObject({ reason: 'SHUTTING_DOWN' });
  });

  it('ends though a connection hangs in its TLS handshake', async () => {
    const { connect } = await import('node:net');
    const hanging = connect(test.broker.agentPort, '127.0.0.1');
    await new Promise((resolve) => hanging.once('connect', resolve));
    hanging.on('error', () => {});
    await test.broker.close();
    hanging.destroy();
  });

  it('cuts the live link and the live session of a certificate that is revoked, and no other', async () => {
    const gateway = await test.gatewayLink();
    const agent = await test.agentLink();
    const other = await test.dial('agent', '/link', pki.otherAgent);
    await gateway.next('presence');
    const { gatewayData, agentData } = await openSession(test, gateway, agent);
    const authority = new Authority(dir, 'agent');
    const issued = authority.list().issued.find(({ uri }) => uri === 'urn:telework:agent:131016:soumu');
    const began = performance.now();
    authority.revoke(issued?.serial ?? '', 'keyCompromise', Date.now());
    expect(await agentData.ended()).toBe('CERTIFICATE_REFUSED');
    expect(await agent.ended()).toBe('CERTIFICATE_REFUSED');
    expect(await gatewayData.ended()).toBe('CERTIFICATE_REFUSED');
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(test.audit.of('agent-disconnected')[0]).toMatchObject({ reason: 'CERTIFICATE_REVOKED' });
    expect(other.end).toBeNull();
    expect(await refusedWith(test.dial('agent', '/link', pki.agent))).toBe('CERTIFICATE_REFUSED');
  });

  describe('while a list of one side is gone (T26)', () => {
    let agent: Peer;
    let gateway: Peer;
    /** What happens when the grace is over, and whether it still will. */
    let graceOver: () => void;
    let isWaiting: () => boolean;
    /** The broker's own copy: whoever dials goes on trusting it. */
    const list = () => join(dir, 'broker-only-crl.pem');
    const dialling = () => refusedWith(test.dial('agent', '/data', pki.otherAgent));

    beforeEach(async () => {
      copyFileSync(pki.brokerForAgents.revocations, list());
      await test.close();
      test = await openBroker({ ...pki, brokerForAgents: { ...pki.brokerForAgents, revocations: list() } });
      agent = await test.dial('agent', '/link', pki.otherAgent);
      gateway = await test.gatewayLink();
      const timers = vi.spyOn(globalThis, 'setTimeout');
      const cleared = vi.spyOn(globalThis, 'clearTimeout');
      renameSync(list(), `${list()}.away`);
      await expect.poll(dialling).toBe('CERTIFICATE_REFUSED');
      const waiting = timers.mock.calls.findIndex(([, ms]) => ms === LEASE_LIFE_MS);
      expect(waiting).toBeGreaterThanOrEqual(0);
      graceOver = timers.mock.calls[waiting]?.[0] as () => void;
      const timer = timers.mock.results[waiting]?.value;
      isWaiting = () => !cleared.mock.calls.some(([one]) => one === timer);
    });
    afterEach(() => {
      vi.restoreAllMocks();
    });

    it('nobody new gets in, and who is in has as long as a session without a lease', async () => {
      expect([agent.end, gateway.end, isWaiting()]).toEqual([null, null, true]);
      graceOver();
      expect(await agent.ended()).toBe('CERTIFICATE_REFUSED');
      await expect.poll(() => test.audit.of('agent-disconnected')[0]).toMatchObject({ reason: 'REVOCATION_UNKNOWN' });
      expect(gateway.end).toBeNull();
    });

    it('one that comes back in time cuts nobody', async () => {
      renameSync(`${list()}.away`, list());
      await expect.poll(isWaiting).toBe(false);
      expect([agent.end, gateway.end]).toEqual([null, null]);
    });
  });
});

describe('many sessions', () => {
  it('leave no session, no socket and no timer behind', async () => {
    const gateway = await test.gatewayLink();
    const agent = await test.dial('agent', '/link', pki.otherAgent);
    const desktop = '132012/kikaku/notepad';
    agent.say({ type: 'presence', desktops: [desktop] });
    await gateway.next('presence');
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const one = async (i: number) => {
      const session = newSession();
      gateway.say({ type: 'open', session, desktop, grant: 'g' });
      const gatewayData = await test.dial('gateway', '/data', pki.gatewayToBroker);
      gatewayData.say({ type: 'session', session });
      await agent.until(() => agent.of('offer').find((offer) => offer.session === session));
      if (i % 4 === 3) {
        agent.say({ type: 'ended', session, code: 'AGENT_REFUSED' });
        await gatewayData.ended();
        return gone(gatewayData);
      }
      const agentData = await test.dial('agent', '/data', pki.otherAgent);
      agentData.say({ type: 'session', session });
      await gatewayData.next('paired');
      (i % 2 ? gatewayData : agentData).socket.close('ENDED');
      await Promise.all([gatewayData.ended(), agentData.ended()]);
      await Promise.all([gone(gatewayData), gone(agentData)]);
    };
    await one(0);
    const before = timers();
    for (let i = 0; i < 200; i += 10) await Promise.all(Array.from({ length: 10 }, (_, j) => one(i + j)));
    expect(test.broker.sessions).toBe(0);
    await expect.poll(timers).toBeLessThanOrEqual(before);
    expect(test.audit.of('session-paired').length).toBe(151);
    expect(test.audit.of('session-ended').length).toBe(201);
  }, 40_000);
});

const gone = ({ socket }: Peer): Promise<void> =>
  new Promise((resolve) => (socket.peer.destroyed ? resolve() : socket.peer.once('close', () => resolve())));
