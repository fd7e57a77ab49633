// T26: relays that withhold a revocation, or keep leases to deal them out when they are needed, and help a client past gateway
// and broker, so that these cannot cut it. Gateway, broker and both ends are real; the relay before the agent has the broker's
// keys. What must hold: the agent ends the session 30 s after it *sent* the last nonce that was answered, and says so itself.
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type HostileRelay, openHostileRelay } from '#lab/hostile-relay.ts';
import { LEASE_INTERVAL_MS, LEASE_LIFE_MS } from '#protocol/limits.ts';
import { type BothEnds, DESKTOP, type Shown } from '#tests/support/both-ends.ts';
import { until } from '#tests/support/memory-link.ts';
import { type WholePath, wholePath } from '#tests/support/whole-path.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };

let path: WholePath;
let ends: BothEnds;
let relay: HostileRelay;
/** When the agent sent which nonce, by its own clock. */
let sent: { nonce: string; at: number }[];

beforeEach(async () => {
  path = await wholePath(async ({ pki, broker }) => {
    const real = { url: `wss://127.0.0.1:${broker.agentPort}`, serverName: 'localhost', tls: pki.agent };
    relay = await openHostileRelay({ tls: pki.brokerForAgents, broker: real });
    return relay.port;
  });
  ({ ends } = path);
  onTestFinished(() => relay.close());
  sent = [];
  const tell = ends.onTold;
  ends.onTold = (message) => {
    if (message.type === 'nonce') sent.push({ nonce: message.nonce, at: ends.clock.monotonic });
    tell(message);
  };
  const { dial } = ends.client;
  ends.client.dial = async () => relay.accomplice(await dial());
}, 60_000);

/** The thief types, and the office PC takes it. */
async function typed(thief: Shown): Promise<void> {
  const before = ends.desktop.inputs.length;
  thief.session.input({ type: 'key', down: true, keysym: 0x61 });
  await until('the key arrives', () => ends.desktop.inputs.length === before + 1);
}

/** The right is gone, and gateway and broker have done what they can. */
async function withdrawn({ id }: Shown): Promise<void> {
  relay.withholdRevocation(id);
  await path.gateway.admin('entitlement.remove', { ...TANAKA, desktop: DESKTOP });
  await expect.poll(() => path.gateway.audit.of('relay-ended').map(({ session }) => session)).toContain(id);
}

/** @returns on the agent's clock, to a tick of real time: within a second of it */
async function endsAt(thief: Shown): Promise<number> {
  await until('the agent ends it', () => ends.audit.of('session-ended').length === 1);
  const at = ends.clock.monotonic;
  await until('the thief hears', () => thief.ends.length === 1);
  expect(thief.ends).toEqual([{ code: 'RIGHTS_UNCONFIRMED', authentic: true }]);
  expect(ends.audit.of('session-ended')).toEqual([expect.objectContaining({ reason: 'LEASE_EXPIRED' })]);
  await until('the desktop is locked', () => ends.desktop.locks === 1);
  return at;
}

/** The agent looks at its limits at least once a second; its clock was moved in one step. */
const TICK_MS = 1_000;

describe('a revocation that relays withhold', () => {
  it('costs what it takes, and the agent ends the session 30 s after the last nonce that was answered', async () => {
    const thief = await ends.show();
    await until('the gateway has answered', () => sent.length === 1);
    await withdrawn(thief);
    await typed(thief);
    const [first] = sent;
    path.passAtAgent(LEASE_LIFE_MS - TICK_MS - (ends.clock.monotonic - (first?.at ?? 0)));
    await typed(thief);
    expect(thief.ends).toEqual([]);
    path.passAtAgent(TICK_MS);
    expect((await endsAt(thief)) - (first?.at ?? 0)).toBeLessThanOrEqual(LEASE_LIFE_MS + 2 * TICK_MS);
  }, 30_000);

  it('reaches the agent at once where nobody withholds it, and the helped client hears the reason', async () => {
    const thief = await ends.show();
    await until('the gateway has answered', () => sent.length === 1);
    await path.gateway.admin('entitlement.remove', { ...TANAKA, desktop: DESKTOP });
    await until('the client hears', () => thief.ends.length === 1);
    expect(thief.ends).toEqual([{ code: 'RIGHTS_ENDED', authentic: true }]);
  }, 30_000);
});

describe('leases that are banked', () => {
  it('and dealt out late extend nothing beyond 30 s after their nonces were sent', async () => {
    const thief = await ends.show();
    relay.bankLeases(thief.id);
    for (let banked = 1; banked <= 2; banked++) {
      // At both ends, since a gateway signs no nonces that come too early.
      path.gateway.pass(LEASE_INTERVAL_MS);
      path.passAtAgent(LEASE_INTERVAL_MS);
      await until('one more is kept', () => relay.banked(thief.id) === banked);
    }
    await withdrawn(thief);
    const last = sent.at(-1)?.at ?? 0;
    // Each is dealt when the one before has almost run out: the most that can be made of them.
    while (relay.banked(thief.id) > 0) {
      path.passAtAgent(LEASE_INTERVAL_MS - TICK_MS);
      await typed(thief);
      relay.dealLease(thief.id);
      await typed(thief);
    }
    const asked = () => relay.asked.filter(({ session }) => session === thief.id).length;
    await until('the agent has asked again, and nobody answers', () => asked() >= 3);
    expect(thief.ends, 'the bank has kept it up to now').toEqual([]);
    path.passAtAgent(LEASE_LIFE_MS - TICK_MS - (ends.clock.monotonic - last));
    await typed(thief);
    path.passAtAgent(TICK_MS);
    expect((await endsAt(thief)) - last).toBeLessThanOrEqual(LEASE_LIFE_MS + 2 * TICK_MS);
  }, 40_000);
});
