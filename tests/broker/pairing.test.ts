import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ENDING_GRACE_MS } from '#broker/limits.ts';
import { Lane } from '#protocol/lanes.ts';
import { OPENING_MAX_MS } from '#protocol/limits.ts';
import {
  DESKTOP,
  newSession,
  openBroker,
  openSession,
  type Peer,
  refusedWith,
  type TestBroker,
} from '#tests/support/broker.ts';
import { issueMore } from '#tests/support/pki.ts';
import { record } from '#tests/support/record.ts';

let test: TestBroker;
let gateway: Peer;
let agent: Peer;
beforeAll(async () => {
  test = await openBroker();
  gateway = await test.gatewayLink();
  agent = await test.agentLink();
  await gateway.next('presence');
}, 60_000);
afterAll(() => test.close());

const data = (side: 'gateway' | 'agent', session: string) =>
  test.dial(side, '/data', side === 'gateway' ? test.pki.gatewayToBroker : test.pki.agent).then((peer) => {
    peer.say({ type: 'session', session });
    return peer;
  });

/** Lets time pass at once for what was armed inside `arm`, while sockets stay real. */
async function afterTime(ms: number, arm: () => Promise<void>): Promise<void> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    await arm();
    vi.advanceTimersByTime(ms);
  } finally {
    vi.useRealTimers();
  }
}

describe('pairing', () => {
  it('offers, joins and relays both ways, record by record', async () => {
    const { session, gatewayData, agentData } = await openSession(test, gateway, agent);
    const offer = agent.of('offer').find((one) => one.session === session);
    expect(offer).toEqual({ type: 'offer', session, grant: 'grant' });
    const hello = record(Lane.handshake, 0, 40);
    gatewayData.socket.sendRecord(hello);
    agentData.socket.sendRecord(record(Lane.handshake, 0, 60));
    await agentData.until(() => agentData.records.length === 1);
    await gatewayData.until(() => gatewayData.records.length === 1);
    expect(agentData.records[0]?.equals(hello)).toBe(true);
    gatewayData.socket.close('ENDED');
    expect(await agentData.ended()).toBe('ENDED');
    const event = await test.event('session-ended');
    expect(event).toMatchObject({ session, code: 'ENDED', desktop: DESKTOP });
    expect(test.audit.of('session-paired')[0]).toMatchObject({ session, agent: '131016/soumu', gateway: 'gateway' });
  });

  it("pairs when the gateway's data link overtakes its open", async () => {
    const session = newSession();
    const gatewayData = await data('gateway', session);
    await expect.poll(() => test.broker.sessions).toBe(1);
    gateway.say({ type: 'open', session, desktop: DESKTOP, grant: 'g' });
    await agent.until(() => agent.of('offer').find((offer) => offer.session === session));
    const agentData = await data('agent', session);
    await Promise.all([gatewayData.next('paired'), agentData.next('paired')]);
    agentData.socket.close('ENDED');
    expect(await gatewayData.ended()).toBe('ENDED');
  });

  it('refuses an offline desktop and one that nobody announced', async () => {
    for (const desktop of ['131016/soumu/other', '999999/nobody/x']) {
      const session = newSession();
      gateway.say({ type: 'open', session, desktop, grant: 'g' });
      const ended = await gateway.until(() => gateway.of('ended').find((one) => one.session === session));
      expect(ended.code).toBe('DESKTOP_OFFLINE');
    }
    expect(gateway.end).toBeNull();
  });

  it("hands the agent's refusal of an offer to the gateway, on its link and on its data link", async () => {
    const session = newSession();
    gateway.say({ type: 'open', session, desktop: DESKTOP, grant: 'g' });
    const gatewayData = await data('gateway', session);
    await agent.until(() => agent.of('offer').find((offer) => offer.session === session));
    agent.say({ type: 'ended', session, code: 'AGENT_REFUSED' });
    expect(await gatewayData.ended()).toBe('AGENT_REFUSED');
    expect(gateway.of('ended').find((one) => one.session === session)?.code).toBe('AGENT_REFUSED');
    const late = await data('agent', session);
    expect(await late.ended()).toBe('PROTOCOL_ERROR');
    await test.event('agent-refused', 'SESSION_UNKNOWN');
  });

  it("gives up after the opening's limit and tells both sides", async () => {
    const session = newSession();
    let gatewayData: Peer | undefined;
    await afterTime(OPENING_MAX_MS, async () => {
      gateway.say({ type: 'open', session, desktop: DESKTOP, grant: 'g' });
      await agent.until(() => agent.of('offer').find((offer) => offer.session === session));
      gatewayData = await data('gateway', session);
      await new Promise((resolve) => setImmediate(resolve));
    });
    expect(await gatewayData?.ended()).toBe('TOOK_TOO_LONG');
    const revoke = await agent.until(() => agent.of('revoke').find((one) => one.session === session));
    expect(revoke.code).toBe('TOOK_TOO_LONG');
    await expect.poll(() => test.broker.sessions).toBe(0);
  });

  it('cuts a data link that names no session in time', async () => {
    let idle: Peer | undefined;
    await afterTime(OPENING_MAX_MS, async () => {
      idle = await test.dial('agent', '/data', test.pki.agent);
    });
    expect(await idle?.ended()).toBe('TOOK_TOO_LONG');
  });

  it('refuses the data link of another agent and lets the session wait for the right one', async () => {
    const session = newSession();
    gateway.say({ type: 'open', session, desktop: DESKTOP, grant: 'g' });
    const gatewayData = await data('gateway', session);
    await agent.until(() => agent.of('offer').find((offer) => offer.session === session));
    const thief = await test.dial('agent', '/data', test.pki.otherAgent);
    thief.say({ type: 'session', session });
    expect(await thief.ended()).toBe('PROTOCOL_ERROR');
    expect(await test.event('agent-refused', 'AGENT_WRONG')).toMatchObject({ agent: '132012/kikaku' });
    const agentData = await data('agent', session);
    await Promise.all([gatewayData.next('paired'), agentData.next('paired')]);
    agentData.socket.close('ENDED');
    await gatewayData.ended();
  });

  it('refuses the data link and the open of another gateway', async () => {
    const other = await issueMore(
      test.pki.dir,
      { kind: 'hop', role: 'client', municipality: '-', name: 'gateway-2' },
      'hop',
    );
    const otherLink = await test.dial('gateway', '/link', other);
    const session = newSession();
    gateway.say({ type: 'open', session, desktop: DESKTOP, grant: 'g' });
    await agent.until(() => agent.of('offer').find((offer) => offer.session === session));
    const thief = await test.dial('gateway', '/data', other);
    thief.say({ type: 'session', session });
    expect(await thief.ended()).toBe('PROTOCOL_ERROR');
    await test.event('gateway-refused', 'GATEWAY_WRONG');
    otherLink.say({ type: 'open', session, desktop: DESKTOP, grant: 'g' });
    expect((await otherLink.next('ended')).code).toBe('PROTOCOL_ERROR');
    await test.event('gateway-refused', 'SESSION_DUPLICATE');
    otherLink.say({ type: 'revoke', session, code: 'ENDED' });
    expect(await otherLink.ended()).toBe('PROTOCOL_ERROR');
    expect(test.audit.of('gateway-disconnected')[0]).toMatchObject({ reason: 'SESSION_OF_ANOTHER' });
    expect(test.broker.sessions).toBe(1);
    gateway.say({ type: 'revoke', session, code: 'ENDED' });
    await agent.until(() => agent.of('revoke').find((one) => one.session === session));
  }, 30_000);

  it('refuses a second data link of the same side and keeps the first', async () => {
    const live = await openSession(test, gateway, agent);
    for (const side of ['gateway', 'agent'] as const) {
      const second = await data(side, live.session);
      expect(await second.ended()).toBe('PROTOCOL_ERROR');
    }
    live.agentData.socket.sendRecord(record(Lane.handshake, 0, 20));
    await live.gatewayData.until(() => live.gatewayData.records.length === 1);
    live.agentData.socket.close('ENDED');
    await live.gatewayData.ended();
  });

  it('refuses every message on a data link before paired', async () => {
    const session = newSession();
    const early = await data('gateway', session);
    early.socket.sendRecord(record(Lane.handshake, 0, 20));
    expect(await early.ended()).toBe('PROTOCOL_ERROR');
    expect((await gateway.until(() => gateway.of('ended').find((one) => one.session === session))).code).toBe(
      'PROTOCOL_ERROR',
    );
  });

  it("carries nonces and leases between a session's own agent and gateway only", async () => {
    const { session, gatewayData } = await openSession(test, gateway, agent);
    const nonce = 'A'.repeat(22);
    agent.say({ type: 'nonce', session, nonce });
    const heard = await gateway.until(() => gateway.of('nonce').find((one) => one.session === session));
    expect(heard).toEqual({ type: 'nonce', session, nonce });
    gateway.say({ type: 'lease', session, lease: 'jws' });
    expect(await agent.until(() => agent.of('lease').find((one) => one.session === session))).toEqual({
      type: 'lease',
      session,
      lease: 'jws',
    });
    const stranger = await test.dial('agent', '/link', test.pki.otherAgent);
    stranger.say({ type: 'nonce', session, nonce });
    expect(await stranger.ended()).toBe('PROTOCOL_ERROR');
    expect(gateway.of('nonce').filter((one) => one.session === session).length).toBe(1);
    gatewayData.socket.close('ENDED');
  });

  it('leaves a revoked session its sealed close and cuts it within two seconds', async () => {
    expect(ENDING_GRACE_MS).toBeLessThan(2_000);
    const { session, gatewayData, agentData } = await openSession(test, gateway, agent);
    await afterTime(ENDING_GRACE_MS, async () => {
      gateway.say({ type: 'revoke', session, code: 'RIGHTS_ENDED' });
      await agent.until(() => agent.of('revoke').find((one) => one.session === session));
      agentData.socket.sendRecord(record(Lane.close, 0, 16));
      await gatewayData.until(() => gatewayData.records.length === 1);
      expect(gatewayData.end).toBeNull();
    });
    expect(await gatewayData.ended()).toBe('RIGHTS_ENDED');
    expect(await agentData.ended()).toBe('RIGHTS_ENDED');
  });

  it('lets no word of the end overtake the sealed close of a live session, and cuts an agent that only talks', async () => {
    const { session, gatewayData, agentData } = await openSession(test, gateway, agent);
    await afterTime(ENDING_GRACE_MS, async () => {
      agent.say({ type: 'ended', session, code: 'IDLE' });
      agent.say({ type: 'nonce', session, nonce: 'D'.repeat(22) });
      await gateway.until(() => gateway.of('nonce').find((one) => one.session === session));
      expect(gatewayData.end).toBeNull();
      agentData.socket.sendRecord(record(Lane.close, 0, 16));
      await gatewayData.until(() => gatewayData.records.length === 1);
    });
    expect(await gatewayData.ended()).toBe('IDLE');
    expect(await agentData.ended()).toBe('IDLE');
    expect(gateway.of('ended').filter((one) => one.session === session)).toEqual([]);
  });

  it('begins nothing while the audit log cannot be written', async () => {
    test.audit.healthy = false;
    const session = newSession();
    gateway.say({ type: 'open', session, desktop: DESKTOP, grant: 'g' });
    const ended = await gateway.until(() => gateway.of('ended').find((one) => one.session === session));
    expect(ended.code).toBe('UNAVAILABLE');
    const early = await data('gateway', newSession());
    expect(await early.ended()).toBe('UNAVAILABLE');
    test.audit.healthy = true;
  });

  it('refuses a certificate of the other side before it says what paths there are', async () => {
    const dialling = [
      test.dial('agent', '/link', { ...test.pki.gatewayToBroker, ...trusting(test.pki.agent) }),
      test.dial('gateway', '/nowhere', { ...test.pki.agent, ...trusting(test.pki.gatewayToBroker) }),
    ];
    for (const refused of dialling) expect(await refusedWith(refused)).toBe('CERTIFICATE_REFUSED');
    expect(await refusedWith(test.dial('agent', '/nowhere', test.pki.agent))).toBe('NOT_FOUND');
  });
});

const trusting = ({ authorities, revocations }: { authorities: string; revocations: string }) => ({
  authorities,
  revocations,
});
