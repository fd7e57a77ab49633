import { describe, expect, it } from 'vitest';
import { FAILURES_BEFORE_BACK_OFF } from '#gateway/sign-in/attempts.ts';
import { ACTIVATION_LIFE_MS, RECOVERY_CODES, Recovery } from '#gateway/sign-in/recovery.ts';
import { type Reason, refusalFrom } from '#protocol/codes.ts';
import { clockAt, openTestStore } from '#tests/support/clock-and-store.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const SUZUKI = { municipality: '131016', user: 'suzuki' };
const WRONG = '0000-0000-0000-0000';

function open() {
  const clock = clockAt();
  const { store, again } = openTestStore(clock);
  return { clock, store, recovery: new Recovery(store, clock.now), elsewhere: new Recovery(again(), clock.now) };
}

const outcome = async (work: Promise<string>): Promise<string | Reason> =>
  work.catch((error) => refusalFrom(error).reason);

describe('recovery codes', () => {
  it('are ten of 80 bits, each good once, however they are typed', async () => {
    const { recovery } = open();
    const codes = await recovery.makeCodes(TANAKA);
    expect(new Set(codes).size).toBe(RECOVERY_CODES);
    for (const [i, code] of codes.entries()) {
      expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
      expect(await recovery.codesLeft(TANAKA)).toBe(RECOVERY_CODES - i);
      expect(await outcome(recovery.spend(TANAKA, ` ${code.toLowerCase().replaceAll('-', ' ')} `))).toBe('recovery');
    }
    expect(await outcome(recovery.spend(TANAKA, codes[0] ?? ''))).toBe('RECOVERY_WRONG');
  });

  it('are worth nothing once new ones are made', async () => {
    const { recovery } = open();
    const [before = ''] = await recovery.makeCodes(TANAKA);
    const [after = ''] = await recovery.makeCodes(TANAKA);
    expect(await outcome(recovery.spend(TANAKA, before))).toBe('RECOVERY_WRONG');
    expect(await outcome(recovery.spend(TANAKA, after))).toBe('recovery');
  });

  it('are of one user', async () => {
    const { recovery } = open();
    const [code = ''] = await recovery.makeCodes(TANAKA);
    await recovery.makeCodes(SUZUKI);
    expect(await outcome(recovery.spend(SUZUKI, code))).toBe('RECOVERY_WRONG');
  });

  it('stand in the state as hashes only', async () => {
    const { store, recovery } = open();
    const codes = await recovery.makeCodes(TANAKA);
    const { code } = await recovery.issueActivation(TANAKA);
    const rows = JSON.stringify(await store.list(''));
    for (const one of [...codes, code]) {
      expect(rows).not.toContain(one);
      expect(rows).not.toContain(one.replaceAll('-', ''));
    }
  });

  it('are counted, also for a user who has none', async () => {
    const { clock, recovery } = open();
    const [code = ''] = await recovery.makeCodes(TANAKA);
    for (const owner of [TANAKA, SUZUKI]) {
      for (let i = 0; i < FAILURES_BEFORE_BACK_OFF; i++) {
        expect(await outcome(recovery.spend(owner, i % 2 ? WRONG : 'no code'))).toBe('RECOVERY_WRONG');
      }
      expect(await outcome(recovery.spend(owner, code))).toBe('FACTOR_BACK_OFF');
    }
    clock.pass(5 * 60_000);
    expect(await outcome(recovery.spend(TANAKA, code))).toBe('recovery');
  });
});

describe('an activation code', () => {
  it('is good once, for ten minutes, and takes the place of the one before', async () => {
    const { clock, recovery } = open();
    const first = await recovery.issueActivation(TANAKA);
    expect(first.expiresAt).toBe(clock.now() + ACTIVATION_LIFE_MS);
    const second = await recovery.issueActivation(TANAKA);
    expect(await outcome(recovery.spend(TANAKA, first.code))).toBe('RECOVERY_WRONG');
    clock.pass(ACTIVATION_LIFE_MS - 1);
    expect(await outcome(recovery.spend(TANAKA, second.code))).toBe('activation');
    expect(await outcome(recovery.spend(TANAKA, second.code))).toBe('RECOVERY_WRONG');
    const third = await recovery.issueActivation(TANAKA);
    clock.pass(ACTIVATION_LIFE_MS);
    expect(await outcome(recovery.spend(TANAKA, third.code))).toBe('RECOVERY_WRONG');
  });

  it('is of no use after five wrong ones, even once the back-off is over', async () => {
    const { clock, recovery } = open();
    const { code } = await recovery.issueActivation(TANAKA);
    for (let i = 0; i < 5; i++) expect(await outcome(recovery.spend(TANAKA, WRONG))).toBe('RECOVERY_WRONG');
    clock.pass(5 * 60_000);
    expect(await outcome(recovery.spend(TANAKA, code))).toBe('RECOVERY_WRONG');
  });

  it('can be used once failures have locked recovery: the administrator has looked who asks', async () => {
    const { recovery } = open();
    for (let i = 0; i < FAILURES_BEFORE_BACK_OFF; i++) await outcome(recovery.spend(TANAKA, WRONG));
    expect(await outcome(recovery.spend(TANAKA, WRONG))).toBe('FACTOR_BACK_OFF');
    const { code } = await recovery.issueActivation(TANAKA);
    expect(await outcome(recovery.spend(TANAKA, code))).toBe('activation');
  });

  it('leaves the recovery codes as they are', async () => {
    const { recovery } = open();
    const [code = ''] = await recovery.makeCodes(TANAKA);
    const activation = await recovery.issueActivation(TANAKA);
    expect(await outcome(recovery.spend(TANAKA, code))).toBe('recovery');
    expect(await outcome(recovery.spend(TANAKA, activation.code))).toBe('activation');
    expect(await recovery.codesLeft(TANAKA)).toBe(RECOVERY_CODES - 1);
  });
});

describe('one code, tried 1,000 times at once over two connections', () => {
  it.for(['recovery', 'activation'] as const)('lets in once: %s', async (kind) => {
    const { recovery, elsewhere } = open();
    const code =
      kind === 'recovery' ? (await recovery.makeCodes(TANAKA))[0] : (await recovery.issueActivation(TANAKA)).code;
    const tries = Array.from({ length: 1_000 }, (_, i) =>
      outcome((i % 2 ? recovery : elsewhere).spend(TANAKA, code ?? '')),
    );
    const outcomes = await Promise.all(tries);
    expect(outcomes.filter((one) => one === kind)).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set([kind, 'RECOVERY_WRONG', 'FACTOR_BACK_OFF']));
  });
});
