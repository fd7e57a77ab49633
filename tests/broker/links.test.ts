import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DESKTOP, newSession, openBroker, openSession, type Peer, type TestBroker } from '#tests/support/broker.ts';

let test: TestBroker;
let gateway: Peer;
beforeEach(async () => {
  test = await openBroker();
  gateway = await test.gatewayLink();
}, 60_000);
afterEach(() => test.close());

const presence = (desktops: string[]) => ({ type: 'presence', agent: '131016/soumu', desktops });

describe('presence', () => {
  it('reaches every gateway, the ones that come later too, and ends with the link', async () => {
    const agent = await test.agentLink();
    await gateway.next('presence');
    agent.say({ type: 'presence', desktops: [DESKTOP, '131016/soumu/second'] });
    await gateway.until(() => gateway.of('presence').length === 2);
    agent.socket.close('ENDED');
    await gateway.until(() => gateway.of('presence').length === 3);
    expect(gateway.of('presence')).toEqual([
      presence([DESKTOP]),
      presence([DESKTOP, '131016/soumu/second']),
      presence([]),
    ]);

    await test.agentLink();
    await gateway.until(() => gateway.of('presence').length === 4);
    const later = await test.dial('gateway', '/link', test.pki.gatewayToBroker);
    expect(await later.next('presence')).toEqual(presence([DESKTOP]));
  });

  it.each(['132012/soumu/notepad', '131016/other/notepad'])(
    'refuses the desktop %s, which the certificate does not cover, with everything announced beside it',
    async (foreign) => {
      const agent = await test.agentLink([DESKTOP, foreign]);
      expect(await agent.ended()).toBe('PROTOCOL_ERROR');
      expect(await test.event('agent-disconnected')).toMatchObject({
        reason: 'DESKTOP_OUTSIDE_CERTIFICATE',
        agent: '131016/soumu',
      });
      const session = newSession();
      gateway.say({ type: 'open', session, desktop: DESKTOP, grant: 'g' });
      expect((await gateway.next('ended')).code).toBe('DESKTOP_OFFLINE');
      expect(gateway.of('presence')).toEqual([]);
    },
  );
});

describe('a control link', () => {
  it('gives way to a newer one of the same certificate, whose presence then counts', async () => {
    const older = await test.agentLink();
    await gateway.next('presence');
    const newer = await test.agentLink(['131016/soumu/second']);
    expect(await older.ended()).toBe('UNAVAILABLE');
    await gateway.until(() => gateway.of('presence').length === 3);
    expect(gateway.of('presence').slice(1)).toEqual([presence([]), presence(['131016/soumu/second'])]);
    expect(newer.end).toBeNull();
    expect(await test.event('agent-disconnected')).toMatchObject({ reason: 'LINK_REPLACED' });
    const other = await test.dial('agent', '/link', test.pki.otherAgent);
    other.say({ type: 'presence', desktops: [] });
    await gateway.until(() => gateway.of('presence').length === 4);
    expect(newer.end).toBeNull();
  });

  it('takes what waits for it down with it, and leaves what is live', async () => {
    const agent = await test.agentLink();
    await gateway.next('presence');
    const live = await openSession(test, gateway, agent);
    const waiting = newSession();
    gateway.say({ type: 'open', session: waiting, desktop: DESKTOP, grant: 'g' });
    await agent.until(() => agent.of('offer').find((offer) => offer.session === waiting));
    agent.socket.close('ENDED');
    expect(await gateway.next('ended')).toMatchObject({ session: waiting, code: 'DESKTOP_OFFLINE' });
    expect(test.broker.sessions).toBe(1);

    const again = await test.agentLink();
    again.say({ type: 'nonce', session: live.session, nonce: 'B'.repeat(22) });
    expect((await gateway.next('nonce')).session).toBe(live.session);
    expect(live.gatewayData.end).toBeNull();

    gateway.socket.close('ENDED');
    await expect.poll(() => test.audit.of('gateway-disconnected').length).toBe(1);
    expect(live.agentData.end).toBeNull();
    const gatewayAgain = await test.gatewayLink();
    gatewayAgain.say({ type: 'lease', session: live.session, lease: 'jws' });
    expect((await again.next('lease')).session).toBe(live.session);
  });

  it('takes a waiting session of its gateway down and tells the agent', async () => {
    const agent = await test.agentLink();
    await gateway.next('presence');
    const session = newSession();
    gateway.say({ type: 'open', session, desktop: DESKTOP, grant: 'g' });
    await agent.next('offer');
    gateway.socket.close('ENDED');
    expect(await agent.next('revoke')).toEqual({ type: 'revoke', session, code: 'CONNECTION_LOST' });
    expect(test.broker.sessions).toBe(0);
  });

  it('is slowed above its rate and never closed for it', async () => {
    const agent = await test.agentLink();
    await gateway.next('presence');
    const { session } = await openSession(test, gateway, agent);
    // 100 at once and 50 a second after that: the last 30 take more than half a second.
    const began = performance.now();
    for (let i = 0; i < 130; i++) agent.say({ type: 'nonce', session, nonce: 'C'.repeat(22) });
    await gateway.until(() => gateway.of('nonce').length === 130);
    expect(performance.now() - began).toBeGreaterThan(500);
    expect(agent.end).toBeNull();
  });

  it("keeps the anchor of its own peer and nobody else's", async () => {
    const agent = await test.agentLink();
    const anchor = { type: 'anchor', sequence: 7, digest: 'a'.repeat(64) } as const;
    agent.say({ ...anchor, source: 'agent/131016/soumu' });
    gateway.say({ ...anchor, source: 'gateway/gateway' });
    await expect.poll(() => test.audit.of('anchor').length).toBe(2);
    agent.say({ ...anchor, source: 'agent/132012/kikaku' });
    expect(await agent.ended()).toBe('PROTOCOL_ERROR');
    expect(test.audit.of('anchor').length).toBe(2);
  });

  it("carries the broker's own anchor to both zones", async () => {
    const agent = await test.agentLink();
    await gateway.next('presence');
    test.broker.anchor({ source: 'broker', sequence: 3, digest: 'b'.repeat(64) });
    for (const peer of [agent, gateway]) {
      expect(await peer.next('anchor')).toEqual({
        type: 'anchor',
        source: 'broker',
        sequence: 3,
        digest: 'b'.repeat(64),
      });
    }
  });
});
