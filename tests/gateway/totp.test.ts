import { randomBytes } from 'node:crypto';
import { generate, verify } from 'otplib';
import { describe, expect, it } from 'vitest';
import { FAILURES_BEFORE_BACK_OFF, FAILURES_MAX } from '#gateway/sign-in/attempts.ts';
import { FactorSeal } from '#gateway/sign-in/factors.ts';
import { Totp } from '#gateway/sign-in/totp.ts';
import type { Store } from '#platform/state/store.ts';
import type { Reason } from '#protocol/codes.ts';
import { type Clock, clockAt, openTestStore } from '#tests/support/clock-and-store.ts';
import { reasonOf } from '#tests/support/reason-of.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const MINUTE = 60_000;

interface Enrolled {
  clock: Clock;
  seal: FactorSeal;
  store: Store;
  again(): Store;
  totp: Totp;
  code(atMs?: number): Promise<string>;
  wrong(): Promise<string>;
}

async function enrolled(): Promise<Enrolled> {
  const clock = clockAt();
  const { store, again } = openTestStore(clock);
  const seal = new FactorSeal(randomBytes(32));
  const totp = new Totp(store, seal, clock.now);
  const uri = new URL((await totp.enrol(TANAKA)) ?? '');
  const secret = uri.searchParams.get('secret') ?? '';
  const code = (atMs = clock.now()) => generate({ secret, epoch: Math.floor(atMs / 1000) });
  const wrong = async () => {
    const right = [await code(), await code(clock.now() - 30_000)];
    return ['000000', '000001', '000002'].find((candidate) => !right.includes(candidate)) ?? '';
  };
  return { clock, seal, store, again, totp, code, wrong };
}

describe('the TOTP of RFC 6238', () => {
  // RFC 6238 appendix B, SHA-1 rows, the last six of eight digits.
  const secret = new TextEncoder().encode('12345678901234567890');
  it.for([
    [59, '287082', 1],
    [1111111109, '081804', 37037036],
    [1111111111, '050471', 37037037],
    [1234567890, '005924', 41152263],
    [2000000000, '279037', 66666666],
    [20000000000, '353130', 666666666],
  ] as const)('at %i s is %s, step %i', async ([epoch, token, step]) => {
    expect(await generate({ secret, epoch })).toBe(token);
    expect(await verify({ secret, token, epoch })).toMatchObject({ valid: true, timeStep: step });
  });
});

describe('a TOTP authenticator', () => {
  it('has a secret of 160 bits, told once in an otpauth URI', async () => {
    const clock = clockAt();
    const totp = new Totp(openTestStore(clock).store, new FactorSeal(randomBytes(32)), clock.now);
    const uri = await totp.enrol(TANAKA);
    expect(uri).toMatch(/^otpauth:\/\/totp\/LGWAN%20Telework:131016%2Ftanaka\?secret=[A-Z2-7]{32}&/);
    expect(await totp.enrol(TANAKA)).toBeNull();
  });

  it('keeps its secret sealed: neither text nor bytes of it stand in the state', async () => {
    const { store, totp } = await enrolled();
    await totp.reset(TANAKA);
    const secret = new URL((await totp.enrol(TANAKA)) ?? '').searchParams.get('secret') ?? '-';
    const rows = JSON.stringify(await store.list(''));
    expect(rows).not.toContain(secret);
    expect(rows).not.toContain(Buffer.from(secret).toString('base64').slice(0, 20));
  });

  it('accepts the current code and the one before, never one ahead or older', async () => {
    const { clock, totp, code } = await enrolled();
    expect(await reasonOf(totp.verify(TANAKA, await code(clock.now() + 30_000)))).toBe('TOTP_WRONG');
    expect(await reasonOf(totp.verify(TANAKA, await code(clock.now() - 60_000)))).toBe('TOTP_WRONG');
    expect(await reasonOf(totp.verify(TANAKA, await code(clock.now() - 30_000)))).toBeNull();
    expect(await reasonOf(totp.verify(TANAKA, await code()))).toBeNull();
  });

  it('accepts a code until the last millisecond of the following step', async () => {
    const { clock, totp, code } = await enrolled();
    const first = await code();
    clock.pass(59_999);
    expect(await reasonOf(totp.verify(TANAKA, first))).toBeNull();
    const second = await code();
    clock.pass(60_000);
    expect(await reasonOf(totp.verify(TANAKA, second))).toBe('TOTP_WRONG');
  });

  it('never goes back to an earlier step, even one that was not used', async () => {
    const { clock, totp, code } = await enrolled();
    const earlier = await code(clock.now() - 30_000);
    await totp.verify(TANAKA, await code());
    expect(await reasonOf(totp.verify(TANAKA, earlier))).toBe('TOTP_REPLAYED');
  });

  it('counts a malformed code like a wrong one', async () => {
    const { totp } = await enrolled();
    for (const text of ['', '12345', '1234567', '１２３４５６', "0' OR 1=1"]) {
      expect(await reasonOf(totp.verify(TANAKA, text))).toBe('TOTP_WRONG');
    }
    expect(await reasonOf(totp.verify(TANAKA, '123456'))).toBe('FACTOR_BACK_OFF');
  });

  it('is refused for a user who has none', async () => {
    const { totp, code } = await enrolled();
    const suzuki = { municipality: '131016', user: 'suzuki' };
    expect(await reasonOf(totp.verify(suzuki, await code()))).toBe('TOTP_NOT_ENROLLED');
  });
});

describe('the back-off', () => {
  async function fail(times: number, { totp, wrong }: Enrolled): Promise<(Reason | null)[]> {
    const reasons: (Reason | null)[] = [];
    for (let i = 0; i < times; i++) reasons.push(await reasonOf(totp.verify(TANAKA, await wrong())));
    return reasons;
  }

  it('begins after five failures, with five minutes, doubling up to an hour', async () => {
    const user = await enrolled();
    expect(new Set(await fail(FAILURES_BEFORE_BACK_OFF, user))).toEqual(new Set(['TOTP_WRONG']));
    for (const minutes of [5, 10, 20, 40, 60, 60]) {
      user.clock.pass(minutes * MINUTE - 1);
      expect(await reasonOf(user.totp.verify(TANAKA, await user.code()))).toBe('FACTOR_BACK_OFF');
      user.clock.pass(1);
      expect(await fail(1, user)).toEqual(['TOTP_WRONG']);
    }
  });

  it('is over after a success', async () => {
    const user = await enrolled();
    await fail(5, user);
    user.clock.pass(5 * MINUTE);
    expect(await reasonOf(user.totp.verify(TANAKA, await user.code()))).toBeNull();
    user.clock.pass(MINUTE);
    expect(await fail(4, user)).toEqual(Array(4).fill('TOTP_WRONG'));
    expect(await reasonOf(user.totp.verify(TANAKA, await user.code()))).toBeNull();
  });

  it('ends in a hard stop at a hundred failures, which only a new enrolment lifts', async () => {
    const user = await enrolled();
    for (let i = 0; i < FAILURES_MAX; i++) {
      expect(await reasonOf(user.totp.verify(TANAKA, await user.wrong()))).toBe('TOTP_WRONG');
      user.clock.pass(60 * MINUTE);
    }
    user.clock.pass(24 * 60 * MINUTE);
    expect(await reasonOf(user.totp.verify(TANAKA, await user.code()))).toBe('FACTOR_LOCKED');
    await user.totp.reset(TANAKA);
    const secret = new URL((await user.totp.enrol(TANAKA)) ?? '').searchParams.get('secret') ?? '';
    const code = await generate({ secret, epoch: Math.floor(user.clock.now() / 1000) });
    expect(await reasonOf(user.totp.verify(TANAKA, code))).toBeNull();
  });
});

describe('a store that cannot be written', () => {
  it('refuses the right code', async () => {
    const { store, seal, clock, code } = await enrolled();
    const broken: Store = { ...store, compareAndSwap: () => Promise.reject(new Error('disk full')) };
    expect(await reasonOf(new Totp(broken, seal, clock.now).verify(TANAKA, await code()))).toBe('INTERNAL');
  });
});

describe('a sealed secret', () => {
  it('opens only for its own user, municipality and kind, unchanged, under its own key', () => {
    const seal = new FactorSeal(randomBytes(32));
    const secret = Uint8Array.from(randomBytes(20));
    const sealed = seal.seal('totp', TANAKA, secret);
    expect(seal.open('totp', TANAKA, sealed)).toEqual(secret);
    expect(() => seal.open('totp', { ...TANAKA, user: 'suzuki' }, sealed)).toThrow();
    expect(() => seal.open('totp', { ...TANAKA, municipality: '132012' }, sealed)).toThrow();
    expect(() => new FactorSeal(randomBytes(32)).open('totp', TANAKA, sealed)).toThrow();
    const bytes = Buffer.from(sealed, 'base64');
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(() => seal.open('totp', TANAKA, changed.toString('base64'))).toThrow();
    }
    expect(() => seal.open('totp', TANAKA, bytes.subarray(0, 8).toString('base64'))).toThrow();
  });

  it('is never sealed twice the same way', () => {
    const seal = new FactorSeal(randomBytes(32));
    expect(seal.seal('totp', TANAKA, Buffer.alloc(20))).not.toBe(seal.seal('totp', TANAKA, Buffer.alloc(20)));
  });
});
