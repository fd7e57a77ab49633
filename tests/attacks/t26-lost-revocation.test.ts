// T26: a revocation that falls between a check and what follows from it. Played exhaustively: whatever reads or writes the
// state while a session is opened, right after its answer was given and before it is heard, somebody takes the right away.
// What must hold: wherever that falls, the session is refused, or it ends.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BrokerLink } from '#gateway/broker-link.ts';
import { Entitlements } from '#gateway/entitlements.ts';
import type { Grants } from '#gateway/grants.ts';
import { Leases } from '#gateway/leases.ts';
import { Policies } from '#gateway/policies.ts';
import { Revocation, type Running } from '#gateway/revocation.ts';
import { Rights } from '#gateway/rights.ts';
import { Authenticators } from '#gateway/sign-in/authenticators.ts';
import { FactorSeal } from '#gateway/sign-in/factors.ts';
import { Sessions, type SignIn } from '#gateway/sign-in/sessions.ts';
import { Slots } from '#gateway/slots.ts';
import { Users } from '#gateway/users.ts';
import type { RevocationList } from '#platform/hop/revocation.ts';
import type { Store } from '#platform/state/store.ts';
import type { Refusal } from '#protocol/codes.ts';
import type { GrantKey } from '#protocol/outer/grant.ts';
import { grantKey } from '#tests/agent/parts.ts';
import { type BothEnds, bothEnds, DESKTOP, USER } from '#tests/support/both-ends.ts';
import { clockAt, openTestStore } from '#tests/support/clock-and-store.ts';
import { settle, until } from '#tests/support/memory-link.ts';

type Act = () => unknown;

/**
 * Does something right after the nth answer of the store, before whoever asked hears it.
 * @returns how many answers there were so far
 */
function interleave(store: Store, nth: number, act: Act): () => number {
  let answers = 0;
  let isActing = false;
  const after =
    <A extends unknown[], R>(method: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const answer = await method(...args);
      if (isActing || ++answers !== nth) return answer;
      isActing = true;
      await act();
      isActing = false;
      return answer;
    };
  const { get, put, compareAndSwap, delete: remove, list } = store;
  Object.assign(store, {
    ...{ get: after(get), put: after(put), compareAndSwap: after(compareAndSwap) },
    ...{ delete: after(remove), list: after(list) },
  });
  return () => answers;
}

/** More than any opening needs; whoever gets there has looked at all of them. */
const ANSWERS_MAX = 200;

describe('at the gateway', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  const OWNER = { municipality: '131016', user: 'tanaka' };
  const SESSION = 'a'.repeat(32);
  const LIMITS = { idleSeconds: 900, overallSeconds: 43_200 };

  async function gateway() {
    const clock = clockAt();
    const { now } = clock;
    const { store, again } = openTestStore(clock);
    const policies = new Policies(store);
    const users = new Users(store);
    const authenticators = new Authenticators({ store, seal: new FactorSeal(randomBytes(32)), now }, policies, null);
    const sessions = new Sessions(store, async () => LIMITS, now);
    const entitlements = new Entitlements(store);
    const slots = new Slots(store, 'one', now);
    let isRevoked = false;
    const revocations = () =>
      ({ isCurrent: () => true, isRevoked: () => isRevoked }) as Partial<RevocationList> as RevocationList;
    const rights = new Rights({ users, authenticators, sessions, entitlements, revocations, now });
    const troubled = (error: unknown) => expect.fail(String(error));
    const revocation = new Revocation({ store, rights, sessions, slots, now, monotonic: now, troubled });
    const leases: string[] = [];
    const answering = new Leases({
      revocation,
      grants: { lease: async (_session: string, nonce: string) => nonce } as Partial<Grants> as Grants,
      broker: { send: (message: { lease: string }) => void leases.push(message.lease) } as unknown as BrokerLink,
      ...{ now, troubled },
    });
    await users.add(OWNER, '田中太郎');
    await authenticators.totp.enrol(OWNER);
    await entitlements.add(OWNER, DESKTOP);
    const basis = { factor: 'totp', which: String(await authenticators.totp.enrolledAt(OWNER)), passwordSetAt: null };
    const by = { thumbprint: 'thumbprint', factors: [], lastSignIn: null, basis } as const;
    const { signIn } = await sessions.begin(OWNER, { ...by, basis: { ...basis, factor: 'totp' }, factors: [] });
    return {
      ...{ store, again, users, authenticators, sessions, entitlements, slots, rights, revocation, signIn, leases },
      answer: (nonce: string) => answering.answer(SESSION, nonce),
      revokeCertificate() {
        isRevoked = true;
        revocation.certificatesChanged();
      },
    };
  }
  type Gateway = Awaited<ReturnType<typeof gateway>>;

  function runningOf(signIn: SignIn, slots: Slots): Running & { ends: Refusal[] } {
    const running = {
      signIn,
      desktop: DESKTOP,
      peer: {
        ...{ kind: 'user' as const, municipality: OWNER.municipality, name: OWNER.user },
        ...{ thumbprint: 'thumbprint', serial: 'AB', notAfter: Number.MAX_SAFE_INTEGER },
      },
      slot: { session: SESSION, ...OWNER, desktop: DESKTOP, startedAt: 0, address: '192.0.2.7' },
      lastInputAt: 0,
      live: false,
      ends: [] as Refusal[],
      begin: () => void Object.assign(running, { live: true }),
      end(refusal: Refusal) {
        running.ends.push(refusal);
        void slots.release(running.slot);
      },
    };
    return running;
  }

  /** As relay.ts does: the rights at the ticket, the watch once it is paired, the slot at the agent's first nonce. */
  async function open({ rights, revocation, signIn, slots, answer }: Gateway): Promise<'refused' | 'ended' | 'live'> {
    const running = runningOf(signIn, slots);
    try {
      await rights.check(running);
    } catch {
      return 'refused';
    }
    revocation.add(running);
    await vi.advanceTimersByTimeAsync(0);
    await answer('A'.repeat(22));
    await settle();
    revocation.remove(SESSION);
    return running.ends.length > 0 ? 'ended' : running.live ? 'live' : 'refused';
  }

  /** @param nth 0: undisturbed. @returns what came of it, and whether the act was one */
  async function playedAt(nth: number, act: (gateway: Gateway) => unknown) {
    const parts = await gateway();
    const stop = parts.revocation.start();
    let acted: unknown = null;
    const count = interleave(parts.store, nth, async () => {
      acted = await act(parts);
    });
    const outcome = await open(parts);
    const answers = count();
    stop();
    return { outcome, answers, acted, leases: parts.leases.length, held: await parts.slots.list() };
  }

  it('an opening that nobody disturbs becomes a session with a lease', async () => {
    const { outcome, leases, answers } = await playedAt(0, () => {});
    expect([outcome, leases]).toEqual(['live', 1]);
    expect(answers).toBeGreaterThan(15);
  });

  it.each<[string, (gateway: Gateway) => unknown]>([
    ['the user is disabled', ({ users }) => users.setEnabled(OWNER, false)],
    ['the second factor is reset', ({ authenticators }) => authenticators.totp.reset(OWNER)],
    ['the entitlement is withdrawn', ({ entitlements }) => entitlements.remove(OWNER, DESKTOP)],
    ['the sign-in is ended', ({ sessions }) => sessions.end(OWNER)],
    ['the certificate is revoked', ({ revokeCertificate }) => revokeCertificate()],
  ])('%s, wherever that falls: refused, or ended, and no slot is left', async (_, act) => {
    for (let nth = 1; nth <= ANSWERS_MAX; nth++) {
      const { outcome, answers, held } = await playedAt(nth, act);
      if (answers < nth) return expect(nth).toBeGreaterThan(15);
      expect(outcome, `after answer ${nth}`).not.toBe('live');
      expect(held, `after answer ${nth}`).toEqual([]);
    }
    expect.fail('the openings never ended');
  });

  it('an administrator ends it, wherever that falls: ended, from the moment that there is a session to end', async () => {
    let hits = 0;
    for (let nth = 1; nth <= ANSWERS_MAX; nth++) {
      const { outcome, answers, acted } = await playedAt(nth, ({ slots }) =>
        slots.requestEnd(SESSION, 'administrator'),
      );
      if (answers < nth) break;
      if (acted === true) hits++;
      expect(outcome, `after answer ${nth}`).toBe(acted === true ? 'ended' : 'live');
    }
    expect(hits).toBeGreaterThan(3);
  });
});

describe('at the agent', () => {
  const SESSION = 'ab'.repeat(16);
  let ends: BothEnds;
  let otherKey: GrantKey;
  beforeAll(async () => {
    otherKey = (await grantKey('k2')).pin;
  });

  const withdraw = () => ends.home.change({ desktops: new Map(), pins: ends.home.pins });

  /** @returns how it ended, and how many answers of the store an opening takes */
  async function playedAt(nth: number, act: Act): Promise<{ outcome: 'refused' | 'ended' | 'live'; answers: number }> {
    ends = await bothEnds();
    await ends.paired();
    ends.claims = { session: SESSION };
    const count = interleave(ends.store, nth, act);
    const refused = await ends.show().then(
      () => false,
      () => true,
    );
    const answers = count();
    await settle();
    if (refused) await until('the place is free', () => !ends.sessions.live(DESKTOP));
    return { outcome: refused ? 'refused' : ends.sessions.live(DESKTOP) ? 'live' : 'ended', answers };
  }

  it('an opening that nobody disturbs becomes a session', async () => {
    const { outcome, answers } = await playedAt(0, () => {});
    expect(outcome).toBe('live');
    expect(answers).toBeGreaterThan(4);
  });

  it.each<[string, Act]>([
    ['the pairing is revoked', () => ends.pairings.revoke(USER, DESKTOP)],
    ['the desktop is withdrawn', withdraw],
    ['the grant key is withdrawn', () => ends.home.change({ desktops: ends.home.desktops, pins: [otherKey] })],
    ['the gateway’s word comes', () => ends.sessions.revoke(SESSION, 'RIGHTS_ENDED')],
  ])('%s, wherever that falls: refused, or ended', async (_, act) => {
    for (let nth = 1; nth <= ANSWERS_MAX; nth++) {
      const { outcome, answers } = await playedAt(nth, act);
      if (answers < nth) return expect(nth).toBeGreaterThan(4);
      expect(outcome, `after answer ${nth}`).not.toBe('live');
    }
    expect.fail('the openings never ended');
  });
});
