import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OPENINGS_PER_USER_MAX } from '#gateway/relay.ts';
import { Lane } from '#protocol/lanes.ts';
import { CLOSE_PLAINTEXT_BYTES, INPUT_PLAINTEXT_BYTES } from '#protocol/limits.ts';
import { DESKTOP } from '#tests/support/broker.ts';
import { record } from '#tests/support/record.ts';
import { openRelayed, prove, type Relayed, TANAKA, untilOnline } from '#tests/support/relayed.ts';

const NONCE = 'N'.repeat(22);
let test: Relayed;

beforeEach(async () => {
  test = await openRelayed();
}, 60_000);
afterEach(() => test.close());

const input = (sequence: number) => record(Lane.input, sequence, INPUT_PLAINTEXT_BYTES);
const frame = (sequence: number) => record(Lane.frame, sequence, 500);

describe('opening a desktop', () => {
  it('gives the broker the grant that the client got, byte for byte, and only after the ticket', async () => {
    const ticketed = await test.ask();
    expect(test.agent.of('offer')).toEqual([]);
    const client = await test.gateway.dial(test.gateway.pki.users.tanaka, test.cookie);
    client.socket.sendText(JSON.stringify({ type: 'ticket', ticket: ticketed.ticket }));
    expect(await test.agent.next('offer')).toEqual({
      ...{ type: 'offer', session: ticketed.session, grant: ticketed.grant },
    });
  });

  it('relays records both ways once paired, and writes down start and end', async () => {
    const { client, agentData, session } = await test.open();
    client.socket.sendRecord(input(0));
    agentData.socket.sendRecord(frame(0));
    expect(await agentData.until(() => agentData.records[0])).toEqual(input(0));
    expect(await client.until(() => client.records[0])).toEqual(frame(0));
    client.socket.close('ENDED');
    expect(await agentData.ended()).toBe('ENDED');
    const [started] = test.gateway.audit.of('relay-started');
    const [ended] = test.gateway.audit.of('relay-ended');
    expect(started).toMatchObject({ session, ...TANAKA, desktop: DESKTOP });
    expect(ended).toMatchObject({ session, code: 'ENDED' });
    expect(await test.gateway.admin('session.list')).toEqual({ sessions: [] });
  });

  it('passes the code of whichever side ends it on to the other', async () => {
    const { client, agentData } = await test.open();
    agentData.socket.close('DESKTOP_LOST');
    expect(await client.ended()).toBe('DESKTOP_LOST');
  });

  it('tells the client the code with which the agent refused the offer', async () => {
    const { session, ticket } = await test.ask();
    const client = await test.gateway.dial(test.gateway.pki.users.tanaka, test.cookie);
    client.socket.sendText(JSON.stringify({ type: 'ticket', ticket }));
    await test.agent.next('offer');
    test.agent.say({ type: 'ended', session, code: 'AGENT_REFUSED' });
    expect(await client.ended()).toBe('AGENT_REFUSED');
    expect(await test.gateway.admin('session.list')).toEqual({ sessions: [] });
  });

  it('ends both sides with PROTOCOL_ERROR when a record breaks the rules of the lanes', async () => {
    for (const bad of [frame(0), input(1), record(9 as Lane, 0, 16), record(Lane.input, 0, 17), Buffer.alloc(3)]) {
      const { client, agentData } = await test.open();
      client.socket.sendRecord(bad);
      expect(await client.ended()).toBe('PROTOCOL_ERROR');
      expect(await agentData.ended()).toBe('PROTOCOL_ERROR');
    }
    const reasons = test.gateway.audit.of('lane-violation').map(({ reason }) => reason);
    expect(reasons).toEqual(['LANE_DIRECTION', 'RECORD_OUT_OF_ORDER', 'LANE_UNKNOWN', 'RECORD_SIZE', 'MALFORMED']);
  });

  it('takes nothing but the ticket before, and nothing but records after', async () => {
    const { tanaka } = test.gateway.pki.users;
    for (const text of ['', '{}', '{"type":"ticket"}', '{"type":"session","session":"x"}', 'x'.repeat(9_000)]) {
      const client = await test.gateway.dial(tanaka, test.cookie);
      client.socket.sendText(text);
      expect(await client.ended()).toBe('PROTOCOL_ERROR');
    }
    const early = await test.gateway.dial(tanaka, test.cookie);
    early.socket.sendRecord(input(0));
    expect(await early.ended()).toBe('PROTOCOL_ERROR');
    const { client } = await test.open();
    client.socket.sendText('{}');
    expect(await client.ended()).toBe('PROTOCOL_ERROR');
  });

  it('is possible beside the user’s own session, which goes on until the agent has verified the new proof', async () => {
    const before = await test.openLive();
    const next = await test.open();
    expect(before.client.end).toBeNull();
    await prove(test, next);
    expect(await before.client.ended()).toBe('TAKEN_OVER');
    expect(await test.gateway.admin('session.list')).toMatchObject({ sessions: [{ session: next.session }] });
    expect(next.client.end).toBeNull();
  });

  it(`is refused beyond ${OPENINGS_PER_USER_MAX} at once of one user, and the session that runs goes on`, async () => {
    const live = await test.openLive();
    for (let i = 0; i < OPENINGS_PER_USER_MAX; i++) await test.open();
    const { ticket } = await test.ask();
    const client = await test.gateway.dial(test.gateway.pki.users.tanaka, test.cookie);
    client.socket.sendText(JSON.stringify({ type: 'ticket', ticket }));
    expect(await client.ended()).toBe('TOO_MANY');
    expect(live.client.end).toBeNull();
  });

  it('is refused while the agent is offline', async () => {
    test.agent.socket.close('ENDED');
    await untilOnline(test, false);
    await expect(test.ask()).rejects.toThrow('DESKTOP_OFFLINE');
  });

  it('ends when the broker goes, and the gateway serves on', async () => {
    const { client } = await test.open();
    await test.broker.close();
    expect(['CONNECTION_LOST', 'UNAVAILABLE']).toContain(await client.ended());
    const { status } = await test.gateway.ask(test.gateway.pki.users.tanaka, '/healthz');
    expect(status).toBe(200);
  });
});

describe('a lease', () => {
  it('is signed over the nonce of a session that this gateway relays', async () => {
    const { session } = await test.open();
    test.agent.say({ type: 'nonce', session, nonce: NONCE });
    const { lease } = await test.agent.next('lease');
    const [, claims] = String(lease).split('.');
    expect(JSON.parse(Buffer.from(claims ?? '', 'base64url').toString())).toMatchObject({ session, nonce: NONCE });
  });

  it('is signed at most once a second, however many nonces come', async () => {
    const { session } = await test.open();
    for (let i = 0; i < 20; i++) test.agent.say({ type: 'nonce', session, nonce: NONCE });
    // What comes after the nonces on the same link has been heard.
    test.agent.say({ type: 'presence', desktops: [] });
    await test.agent.next('lease');
    await untilOnline(test, false);
    expect(test.agent.of('lease')).toHaveLength(1);
  });
});

describe('the idle limit', () => {
  it('is put off by input and by nothing that the agent sends, and then strikes', async () => {
    await test.close();
    test = await openRelayed({ limits: { idleSeconds: 3, overallSeconds: 60 } });
    const { client, agentData } = await test.open();
    const started = Date.now();
    for (let i = 0; Date.now() - started < 4_000; i++) {
      client.socket.sendRecord(input(i));
      await agentData.until(() => agentData.records[i]);
      await delay(200);
    }
    expect(client.end).toBeNull();
    const frames = setInterval(() => agentData.socket.sendRecord(frame(sequence++)), 100);
    let sequence = 0;
    expect(await client.ended()).toBe('IDLE');
    clearInterval(frames);
    expect(test.gateway.audit.of('session-revoked')).toMatchObject([{ reason: 'IDLE_LIMIT' }]);
    // Two hops behind the client's own end.
    expect(await test.agent.next('revoke')).toMatchObject({ code: 'IDLE' });
  });

  it('leaves the agent a moment to say so under the seal, and lets no input pass meanwhile', async () => {
    await test.close();
    test = await openRelayed({ limits: { idleSeconds: 2, overallSeconds: 60 } });
    const { client, agentData, session } = await test.openLive();
    const revoke = await test.agent.until(() => test.agent.of('revoke').find((one) => one.session === session));
    expect(revoke.code).toBe('IDLE');
    client.socket.sendRecord(input(0));
    agentData.socket.sendRecord(record(Lane.close, 0, CLOSE_PLAINTEXT_BYTES));
    expect(await client.until(() => client.records[0])).toEqual(record(Lane.close, 0, CLOSE_PLAINTEXT_BYTES));
    expect(client.end).toBeNull();
    agentData.socket.close('IDLE');
    expect(await client.ended()).toBe('IDLE');
    expect(agentData.records).toEqual([]);
    expect(test.gateway.audit.of('relay-ended')).toMatchObject([{ session, code: 'IDLE', reason: 'IDLE_LIMIT' }]);
  });

  it('gives way to the overall limit, whatever the user does', async () => {
    await test.close();
    test = await openRelayed({ limits: { idleSeconds: 60, overallSeconds: 5 } });
    const { client } = await test.open();
    expect(await client.ended()).toBe('TIME_LIMIT');
  });
});
