import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Entitlements } from '#gateway/entitlements.ts';
import { Policies } from '#gateway/policies.ts';
import { openSqliteStore } from '#platform/state/sqlite.ts';
import { Refusal } from '#protocol/codes.ts';
import { Lane } from '#protocol/lanes.ts';
import { CLOSE_PLAINTEXT_BYTES, INPUT_PLAINTEXT_BYTES, LEASE_LIFE_MS } from '#protocol/limits.ts';
import { SoftAuthenticator } from '#tests/support/authenticator.ts';
import { DESKTOP } from '#tests/support/broker.ts';
import { addPasskey, askFromPage, cookieOf, passkeySignIn } from '#tests/support/passkey-visit.ts';
import { record } from '#tests/support/record.ts';
import { type Live, openRelayed, prove, type Relayed, TANAKA } from '#tests/support/relayed.ts';

/** The documented bound is 2 s. The agent played here says nothing, so most take the whole second that it is given. */
const CUT_MAX_MS = 2_000;

let test: Relayed;
let live: Live;

beforeAll(async () => {
  test = await openRelayed();
}, 60_000);
afterAll(() => test.close());
beforeEach(async () => {
  await test.gateway.admin('entitlement.add', { ...TANAKA, desktop: DESKTOP });
  await test.signInAgain();
  live = await test.openLive();
});

async function expectCut(code: string, reason: string): Promise<void> {
  const began = performance.now();
  expect(await live.client.ended()).toBe(code);
  expect(await live.agentData.ended()).toBe(code);
  const revoked = await test.agent.until(() => test.agent.of('revoke').find(({ session }) => session === live.session));
  expect(revoked.code).toBe(code);
  expect(performance.now() - began).toBeLessThan(CUT_MAX_MS);
  const { session } = live;
  expect(test.gateway.audit.of('session-revoked').at(-1)).toMatchObject({ session, reason, user: 'tanaka' });
  expect(test.gateway.audit.of('relay-ended').at(-1)).toMatchObject({ session, code, reason });
}

describe('a running session is cut at once', () => {
  it('when the user signs out', async () => {
    await test.gateway.ask(test.gateway.pki.users.tanaka, '/api/session', { method: 'DELETE', cookie: test.cookie });
    await expectCut('ENDED', 'SIGNED_OUT');
  });

  it('when the agent has verified the user’s proof for another session, and not before', async () => {
    await test.signInAgain();
    const next = await test.open();
    expect(live.client.end).toBeNull();
    await prove(test, next);
    await expectCut('TAKEN_OVER', 'TAKEN_OVER');
    expect(next.client.end).toBeNull();
    next.client.socket.close('ENDED');
  });

  it('when the entitlement is withdrawn', async () => {
    await test.gateway.admin('entitlement.remove', { ...TANAKA, desktop: DESKTOP });
    await expectCut('RIGHTS_ENDED', 'RIGHTS_REVOKED');
  });

  it('when another process withdraws the entitlement', async () => {
    const path = `${test.gateway.folder}/state.sqlite`;
    const other = openSqliteStore(path, { now: test.gateway.now });
    await new Entitlements(other).remove(TANAKA, DESKTOP);
    await other.close();
    await expectCut('RIGHTS_ENDED', 'RIGHTS_REVOKED');
  });

  it('when the municipality’s policy is tightened so that its limit has passed', async () => {
    const policies = new Policies(test.gateway.store);
    const { policy, version } = await policies.read('131016');
    test.gateway.pass(301_000);
    await policies.replace('131016', version, { ...policy, overallSeconds: 300 });
    await expectCut('TIME_LIMIT', 'OVERALL_LIMIT');
    const { version: tightened } = await policies.read('131016');
    await policies.replace('131016', tightened, policy);
  });

  it('when the user is disabled', async () => {
    await test.gateway.admin('user.disable', TANAKA);
    await expectCut('RIGHTS_ENDED', 'RIGHTS_REVOKED');
    await test.gateway.admin('user.enable', TANAKA);
  });

  it('when the user ends it from a page, whose sign-in stays', async () => {
    const { tanaka } = test.gateway.pki.users;
    const ask = (path: string, body?: object) =>
      test.gateway.ask(tanaka, path, { method: body ? 'POST' : 'GET', cookie: test.cookie, body });
    expect((await ask('/api/live')).json).toMatchObject({ session: { session: live.session, desktop: DESKTOP } });
    expect((await ask('/api/live/end', {})).status).toBe(204);
    await expectCut('ENDED', 'ENDED_BY_USER');
    await expect.poll(async () => (await ask('/api/live')).json).toEqual({ session: null });
    expect((await ask('/api/session')).status).toBe(200);
  });

  it('when the passkey is suspended or removed that the sign-in rests on', async () => {
    const { gateway } = test;
    const { tanaka } = gateway.pki.users;
    for (const end of ['suspend', 'remove'] as const) {
      await test.signInAgain();
      const authenticator = new SoftAuthenticator(gateway.origin, 'localhost');
      await addPasskey(gateway, tanaka, authenticator, { cookie: test.cookie });
      test.cookie = cookieOf(await passkeySignIn(gateway, tanaka, authenticator));
      live = await test.open();
      if (end === 'suspend') await passkeySignIn(gateway, tanaka, authenticator, { wrong: { counter: 1 } });
      else {
        const body = { id: authenticator.passkeys[0]?.id };
        await askFromPage(gateway, tanaka, '/api/factors/webauthn/remove', body, { cookie: test.cookie });
      }
      await expectCut('RIGHTS_ENDED', 'RIGHTS_REVOKED');
      expect(gateway.audit.of('session-revoked').at(-1)?.detail).toContain('FACTOR_GONE');
    }
  });

  it('when an administrator ends it, and it can be opened again', async () => {
    expect(await test.gateway.admin('session.end', { session: live.session })).toEqual({ ended: 1 });
    await expectCut('RIGHTS_ENDED', 'ENDED_BY_ADMINISTRATOR');
    await expect.poll(() => test.ask().then(Boolean, () => false)).toBe(true);
  });

  it('when an administrator ends all', async () => {
    expect(await test.gateway.admin('session.end', { all: true })).toEqual({ ended: 1 });
    await expectCut('RIGHTS_ENDED', 'ENDED_BY_ADMINISTRATOR');
  });
});

describe('the moment that the agent has for its sealed close', () => {
  it('lets the close through and no input, and is over when the agent closes', async () => {
    const { client, agentData, session } = live;
    await test.gateway.admin('session.end', { session });
    await test.agent.until(() => test.agent.of('revoke').find((one) => one.session === session));
    client.socket.sendRecord(record(Lane.input, 0, INPUT_PLAINTEXT_BYTES));
    const close = record(Lane.close, 0, CLOSE_PLAINTEXT_BYTES);
    agentData.socket.sendRecord(close);
    expect(await client.until(() => client.records[0])).toEqual(close);
    expect(client.end).toBeNull();
    agentData.socket.close('RIGHTS_ENDED');
    await expectCut('RIGHTS_ENDED', 'ENDED_BY_ADMINISTRATOR');
    expect(agentData.records).toEqual([]);
  });

  it('is not prolonged by an agent that goes on sending pictures, nor by a client that goes on typing', async () => {
    const { client, agentData, session } = live;
    let sequence = 0;
    const both = setInterval(() => {
      agentData.socket.sendRecord(record(Lane.frame, sequence, 500));
      client.socket.sendRecord(record(Lane.input, sequence++, INPUT_PLAINTEXT_BYTES));
    }, 50);
    try {
      await agentData.until(() => agentData.records[0]);
      await test.gateway.admin('session.end', { session });
      await test.agent.until(() => test.agent.of('revoke').find((one) => one.session === session));
      const typed = agentData.records.length;
      await expectCut('RIGHTS_ENDED', 'ENDED_BY_ADMINISTRATOR');
      expect(agentData.records.length).toBeLessThanOrEqual(typed + 1);
    } finally {
      clearInterval(both);
    }
  });
});

describe('while the state cannot be read', () => {
  it('the session goes on but gets no lease, so that the agent ends it', async () => {
    const { store } = test.gateway;
    const { get } = store;
    store.get = () => Promise.reject(new Refusal('STATE_UNWRITABLE', 'disk I/O error'));
    const before = test.agent.of('lease').length;
    const nonce = (text: string) => test.agent.say({ type: 'nonce', session: live.session, nonce: text.repeat(22) });
    try {
      nonce('A');
      await expect.poll(() => test.gateway.logged()).toContain('STATE_UNWRITABLE');
      expect(live.client.end).toBeNull();
      expect(test.agent.of('lease')).toHaveLength(before);
    } finally {
      store.get = get;
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000)); // one lease a second
    nonce('B');
    await test.agent.until(() => test.agent.of('lease').length > before);
  });
});

describe('while nobody can tell whether the rights hold', () => {
  let other: Relayed;
  beforeEach(async () => {
    other = test;
    test = await openRelayed();
    live = await test.openLive();
  });
  afterEach(async () => {
    await test.close();
    test = other;
  });
  /** What the gateway finds at the agent's next nonce, so long after it could tell last. */
  async function nonceAfter(ms: number): Promise<void> {
    test.gateway.pass(ms);
    test.agent.say({ type: 'nonce', session: live.session, nonce: 'N'.repeat(22) });
  }
  const leases = () => test.agent.of('lease').length;

  it.each<[string, () => () => void]>([
    [
      'the state cannot be read',
      () => {
        const { store } = test.gateway;
        const { get } = store;
        store.get = () => Promise.reject(new Refusal('STATE_UNWRITABLE', 'disk I/O error'));
        return () => {
          store.get = get;
        };
      },
    ],
    [
      'the revocation list is gone',
      () => {
        renameSync(test.revocations, `${test.revocations}.away`);
        return () => renameSync(`${test.revocations}.away`, test.revocations);
      },
    ],
    [
      'the revocation list is damaged',
      () => {
        const whole = readFileSync(test.revocations);
        writeFileSync(test.revocations, whole.subarray(0, -100));
        return () => writeFileSync(test.revocations, whole);
      },
    ],
  ])('because %s, nobody new gets in, and who is in has half a minute', async (_, damage) => {
    const { tanaka } = test.gateway.pki.users;
    const listed = async () => (await test.gateway.ask(tanaka, '/api/desktops', { cookie: test.cookie })).status;
    expect(await listed()).toBe(200);
    const before = leases();
    const repair = damage();
    try {
      await expect.poll(listed).not.toBe(200);
      await nonceAfter(LEASE_LIFE_MS - 2_000);
      await expect.poll(() => test.gateway.logged()).toMatch(/STATE_UNWRITABLE|REVOCATION_UNREADABLE/);
      expect([live.client.end, leases()]).toEqual([null, before]);
      await nonceAfter(2_000);
      await expectCut('RIGHTS_UNCONFIRMED', 'RIGHTS_UNCONFIRMED');
    } finally {
      repair();
    }
    await expect.poll(listed).toBe(200);
  });

  it('but a list that comes back in time ends nothing', async () => {
    renameSync(test.revocations, `${test.revocations}.away`);
    await nonceAfter(LEASE_LIFE_MS - 2_000);
    renameSync(`${test.revocations}.away`, test.revocations);
    await expect
      .poll(() => test.gateway.ask(test.gateway.pki.users.tanaka, '/api/desktops', { cookie: test.cookie }))
      .toMatchObject({ status: 200 });
    const before = leases();
    await nonceAfter(2_000);
    await test.agent.until(() => leases() > before);
    expect(live.client.end).toBeNull();
  });
});

describe('what ends a user for good', () => {
  let other: Relayed;
  beforeEach(async () => {
    other = test;
    test = await openRelayed();
    live = await test.openLive();
  });
  afterEach(async () => {
    await test.close();
    test = other;
  });

  it('cuts the session when the second factor is reset', async () => {
    await test.gateway.admin('totp.reset', TANAKA);
    await expectCut('RIGHTS_ENDED', 'RIGHTS_REVOKED');
  });

  it('cuts the session when the certificate is revoked, counted from the new list on the disk', async () => {
    test.revoke(test.gateway.pki.users.tanaka);
    await expectCut('CERTIFICATE_ENDED', 'CERTIFICATE_ENDED');
    expect(test.gateway.audit.of('session-revoked').at(-1)?.detail).toBe('CERTIFICATE_REVOKED');
  });
});
