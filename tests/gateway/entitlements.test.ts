import { describe, expect, it } from 'vitest';
import { Entitlements } from '#gateway/entitlements.ts';
import { Users } from '#gateway/users.ts';
import { type Reason, refusalFrom } from '#protocol/codes.ts';
import { clockAt, openTestStore } from '#tests/support/clock-and-store.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const DESKTOP = '131016/soumu/notepad';

async function outcome(promise: Promise<unknown>): Promise<Reason | 'allowed'> {
  return promise.then(
    () => 'allowed' as const,
    (error) => refusalFrom(error).reason,
  );
}

describe('entitlements', () => {
  it('deny by default', async () => {
    const entitlements = new Entitlements(openTestStore(clockAt()).store);
    expect(await outcome(entitlements.require(TANAKA, DESKTOP))).toBe('ENTITLEMENT_MISSING');
    expect(await entitlements.list(TANAKA)).toEqual([]);
  });

  it('are for one user and one desktop', async () => {
    const entitlements = new Entitlements(openTestStore(clockAt()).store);
    await entitlements.add(TANAKA, DESKTOP, '総務課の端末');
    expect(await outcome(entitlements.require(TANAKA, DESKTOP))).toBe('allowed');
    expect(await entitlements.list(TANAKA)).toEqual([{ desktop: DESKTOP, label: '総務課の端末' }]);
    for (const other of ['131016/soumu/notepad2', '131016/soumu/note', '131016/soumu']) {
      expect(await outcome(entitlements.require(TANAKA, other))).not.toBe('allowed');
    }
    // Names that begin alike, and the same name elsewhere.
    for (const user of ['tanak', 'tanaka2', 'suzuki']) {
      expect(await outcome(entitlements.require({ ...TANAKA, user }, DESKTOP))).toBe('ENTITLEMENT_MISSING');
      expect(await entitlements.list({ ...TANAKA, user })).toEqual([]);
    }
  });

  it('end when they are withdrawn', async () => {
    const entitlements = new Entitlements(openTestStore(clockAt()).store);
    await entitlements.add(TANAKA, DESKTOP);
    expect(await entitlements.remove(TANAKA, DESKTOP)).toBe(true);
    expect(await outcome(entitlements.require(TANAKA, DESKTOP))).toBe('ENTITLEMENT_MISSING');
    expect(await entitlements.remove(TANAKA, DESKTOP)).toBe(false);
  });
});

describe('users', () => {
  it('are unknown until added, and refused while disabled', async () => {
    const users = new Users(openTestStore(clockAt()).store);
    expect(await outcome(users.requireEnabled(TANAKA))).toBe('USER_UNKNOWN');
    expect(await users.setEnabled(TANAKA, true)).toBe(false);
    expect(await users.add(TANAKA, '田中太郎')).toBe(true);
    expect(await users.add(TANAKA, '別人')).toBe(false);
    expect(await users.requireEnabled(TANAKA)).toMatchObject({ name: '田中太郎', enabled: true, lastSignIn: null });
    await users.setEnabled(TANAKA, false);
    expect(await outcome(users.requireEnabled(TANAKA))).toBe('USER_DISABLED');
  });

  it('are told of the sign-in before', async () => {
    const users = new Users(openTestStore(clockAt()).store);
    await users.add(TANAKA, '田中太郎');
    expect(await users.noteSignIn(TANAKA, 1_000, 9_000)).toBeNull();
    expect(await users.noteSignIn(TANAKA, 2_000, 9_000)).toBe(1_000);
  });

  it('are the same person only inside one municipality', async () => {
    const users = new Users(openTestStore(clockAt()).store);
    await users.add(TANAKA, '田中太郎');
    expect(await outcome(users.requireEnabled({ ...TANAKA, municipality: '132012' }))).toBe('USER_UNKNOWN');
  });

  it('lose no change when two are made at once', async () => {
    const users = new Users(openTestStore(clockAt()).store);
    await users.add(TANAKA, '田中太郎');
    await Promise.all([users.setEnabled(TANAKA, false), users.noteSignIn(TANAKA, 1_000, 9_000)]);
    expect(await users.find(TANAKA)).toEqual({
      ...{ name: '田中太郎', enabled: false, lastSignIn: 1_000, certificateExpiresAt: 9_000 },
    });
  });
});
