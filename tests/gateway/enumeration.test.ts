// Whoever holds some certificate finds out nothing about accounts and factors by trying to sign in: not by the answer, and
// not by the time (E7). Two looks at the time:
//
//   work    the same calls of the store, in the same order, whoever it is. Exact.
//   clock   1,000 tries of each kind, interleaved, on a store in memory, so that nothing hides in a disk's noise. The
//           statistic is the difference of two kinds' medians as a share of the ordinary wrong code's median. It must be
//           below 30 %: what is left is a row more or less to read, 5 to 10 µs where a request over TLS takes milliseconds.
//           A try that leaves the factor out, the positive control, differs by about 50 %. Medians are not moved by what
//           else the machine does.
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { generate } from 'otplib';
import { describe, expect, it, vi } from 'vitest';
import { Journal } from '#gateway/journal.ts';
import { Policies } from '#gateway/policies.ts';
import { FAILURES_BEFORE_BACK_OFF } from '#gateway/sign-in/attempts.ts';
import { Authenticators } from '#gateway/sign-in/authenticators.ts';
import { FactorSeal } from '#gateway/sign-in/factors.ts';
import { History } from '#gateway/sign-in/history.ts';
import { Sessions } from '#gateway/sign-in/sessions.ts';
import { type Shown, type SignInParts, signIn } from '#gateway/sign-in/sign-in.ts';
import { Users } from '#gateway/users.ts';
import { createLog } from '#platform/process/log.ts';
import { codeOf, type Reason, refusalFrom } from '#protocol/codes.ts';
import { memoryAudit } from '#tests/support/broker.ts';
import { memoryStore } from '#tests/support/memory-store.ts';

const MUNICIPALITY = '131016';
const NOW = 1_800_000_000_000;
const TRIES = 1_000;
/** Of the ordinary wrong code's median. */
const SHARE_MAX = 0.3;

/** Who tries: with which account and which factor. */
const KINDS = {
  'an ordinary wrong code': { account: 'enabled', factor: true, reason: 'TOTP_WRONG' },
  'no factor': { account: 'enabled', factor: false, reason: 'TOTP_NOT_ENROLLED' },
  'a disabled user': { account: 'disabled', factor: true, reason: 'USER_DISABLED' },
  'a disabled user without a factor': { account: 'disabled', factor: false, reason: 'USER_DISABLED' },
  'an unknown user': { account: 'none', factor: false, reason: 'USER_UNKNOWN' },
} as const satisfies Record<string, { account: string; factor: boolean; reason: Reason }>;
type Kind = keyof typeof KINDS;
const NAMES = Object.keys(KINDS) as Kind[];

function open(policy: { password: boolean } = { password: false }) {
  const store = memoryStore();
  const audit = memoryAudit();
  const now = () => NOW;
  const policies = new Policies(store);
  const users = new Users(store);
  const authenticators = new Authenticators({ store, seal: new FactorSeal(randomBytes(32)), now }, policies, null);
  const limits = { idleSeconds: 900, overallSeconds: 43_200 };
  const parts: SignInParts = {
    ...{ accounts: users, authenticators, policies, now },
    sessions: new Sessions(store, async () => limits, now),
    history: new History(store),
    journal: new Journal(audit, createLog('gateway', { write: () => {} }), now, now),
  };
  return {
    ...{ store, audit, parts },
    demand: (changed: Partial<Awaited<ReturnType<Policies['of']>>> = policy) =>
      policies
        .read(MUNICIPALITY)
        .then(({ version, policy: before }) => policies.replace(MUNICIPALITY, version, { ...before, ...changed })),
    /** @returns a code that is wrong in every step that counts */
    async make(kind: Kind, user: string): Promise<string> {
      const owner = { municipality: MUNICIPALITY, user };
      const { account, factor } = KINDS[kind];
      if (account !== 'none') await users.add(owner, '試験');
      if (account === 'disabled') await users.setEnabled(owner, false);
      const uri = factor ? await authenticators.totp.enrol(owner) : null;
      const secret = uri && new URL(uri).searchParams.get('secret');
      const right = secret
        ? await Promise.all([0, -30].map((by) => generate({ secret, epoch: Math.floor(NOW / 1000) + by })))
        : [];
      return ['000000', '000001', '000002'].find((code) => !right.includes(code)) ?? '';
    },
  };
}

type Test = ReturnType<typeof open>;

async function attempt({ parts }: Test, user: string, shown: Shown, password?: string): Promise<Reason | null> {
  const visitor = {
    municipality: MUNICIPALITY,
    user,
    thumbprint: 'A'.repeat(43),
    address: '198.51.100.7',
    certificateExpiresAt: NOW,
  };
  return signIn(parts, visitor, shown, password).then(
    () => null,
    (error) => refusalFrom(error).reason,
  );
}

describe('a try to sign in that fails', () => {
  it('has one answer outside, whatever the audit log learns', async () => {
    const test = open();
    for (const [i, kind] of NAMES.entries()) {
      const code = await test.make(kind, `user${i}`);
      const reason = await attempt(test, `user${i}`, { factor: 'totp', code });
      expect(reason).toBe(KINDS[kind].reason);
      expect(reason && codeOf(reason)).toBe('SIGN_IN_REFUSED');
    }
  });

  it.for([
    ['a TOTP code', false, 'totp'],
    ['a TOTP code and a password', true, 'totp'],
    ['a recovery code', false, 'recovery'],
    ['a recovery code and a password', true, 'recovery'],
  ] as const)(
    'asks the store the same, with %s, again and again until it is told to wait',
    async ([, password, factor]) => {
      const test = open({ password });
      await test.demand();
      const works: string[][] = [];
      for (const [i, kind] of NAMES.entries()) {
        const user = `user${i}`;
        const code = await test.make(kind, user);
        test.store.asked.length = 0;
        const codes: (string | null)[] = [];
        for (let time = 0; time < 7; time++) {
          const reason = await attempt(test, user, { factor, code }, password ? 'himitsu no kotoba' : undefined);
          codes.push(reason && codeOf(reason));
        }
        expect(codes).toEqual([...Array(5).fill('SIGN_IN_REFUSED'), ...Array(2).fill('SIGN_IN_LATER')]);
        works.push(test.store.asked.map((one) => one.replace(user, 'user')));
      }
      for (const work of works) expect(work).toEqual(works[0]);
      expect(works[0]?.length).toBeGreaterThan(7);
    },
  );

  it('costs no hash once it has to wait, or by a factor that nobody may use, so that a certificate alone keeps no core busy (T13)', async () => {
    const test = open({ password: true });
    await test.demand();
    const { passwords } = test.parts.authenticators;
    const hashed = [vi.spyOn(passwords, 'pretend'), vi.spyOn(passwords, 'verify')];
    for (const kind of ['an ordinary wrong code', 'an unknown user'] as const) {
      const code = await test.make(kind, kind.replaceAll(' ', '-'));
      for (let time = 0; time < 20; time++) {
        await attempt(test, kind.replaceAll(' ', '-'), { factor: 'totp', code }, 'himitsu no kotoba');
      }
      expect(hashed.reduce((sum, spy) => sum + spy.mock.calls.length, 0)).toBe(FAILURES_BEFORE_BACK_OFF);
      for (const spy of hashed) spy.mockClear();
    }
    await test.demand({ secondFactors: ['webauthn'] });
    const code = await test.make('an ordinary wrong code', 'suzuki');
    for (let time = 0; time < 20; time++) await attempt(test, 'suzuki', { factor: 'totp', code }, 'himitsu no kotoba');
    for (const spy of hashed) expect(spy).not.toHaveBeenCalled();
  });

  it('takes the same time: a stated statistic over 1,000 interleaved tries of each kind', async () => {
    const test = open();
    const controlled = open();
    await controlled.demand({ secondFactors: ['webauthn'] });
    const taken = new Map<Kind | 'control', number[]>([...NAMES, 'control' as const].map((kind) => [kind, []]));
    const codes = new Map<string, string>();
    for (let i = 0; i < TRIES; i++) {
      for (const [n, kind] of NAMES.entries()) codes.set(`user${n}-${i}`, await test.make(kind, `user${n}-${i}`));
    }
    for (let i = 0; i < TRIES; i++) {
      // Another order each time, so that no kind always comes behind the same other.
      for (let turn = 0; turn <= NAMES.length; turn++) {
        const n = (turn + i) % (NAMES.length + 1);
        const kind = NAMES[n] ?? 'control';
        const user = `user${n % NAMES.length}-${i}`;
        const code = codes.get(user) ?? '';
        const began = performance.now();
        await attempt(kind === 'control' ? controlled : test, user, { factor: 'totp', code });
        taken.get(kind)?.push(performance.now() - began);
      }
    }
    const ordinary = median(taken.get('an ordinary wrong code'));
    const shares = [...taken].map(([kind, times]) => [kind, (median(times) - ordinary) / ordinary] as const);
    const told = shares.map(([kind, share]) => `${kind} ${(100 * share).toFixed(1)} %`).join(', ');
    console.info(`median of a wrong code ${(1000 * ordinary).toFixed(0)} µs; against it: ${told}`);
    for (const [kind, share] of shares) {
      if (kind === 'control') expect(Math.abs(share), kind).toBeGreaterThan(SHARE_MAX);
      else expect(Math.abs(share), kind).toBeLessThan(SHARE_MAX);
    }
  }, 60_000);
});

function median(times: readonly number[] = []): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
