// T07: guessing and replaying one-time codes, in parallel, from several processes, over a restart.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'otplib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FactorSeal } from '#gateway/sign-in/factors.ts';
import { Totp } from '#gateway/sign-in/totp.ts';
import { openSqliteStore } from '#platform/state/sqlite.ts';
import { refusalFrom } from '#protocol/codes.ts';
import { clockAt, openTestStore } from '#tests/support/clock-and-store.ts';
import { openGateway } from '#tests/support/gateway.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const TRIES = 1_000;

async function outcome(totp: Totp, code: string): Promise<string> {
  try {
    await totp.verify(TANAKA, code);
    return 'accepted';
  } catch (error) {
    return refusalFrom(error).reason;
  }
}

function secretOf(uri: string | null): string {
  return new URL(uri ?? '').searchParams.get('secret') ?? '';
}

describe('T07: one-time codes', () => {
  it('accepts the right code once of 1,000 parallel tries over two connections', async () => {
    const clock = clockAt();
    const { store, again } = openTestStore(clock);
    const seal = new FactorSeal(randomBytes(32));
    const here = new Totp(store, seal, clock.now);
    const there = new Totp(again(), seal, clock.now);
    const code = await generate({ secret: secretOf(await here.enrol(TANAKA)), epoch: clock.now() / 1000 });
    const outcomes = await Promise.all(Array.from({ length: TRIES }, (_, i) => outcome(i % 2 ? here : there, code)));
    expect(outcomes.filter((one) => one === 'accepted')).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set(['accepted', 'TOTP_REPLAYED', 'FACTOR_BACK_OFF']));
  });

  it('accepts it once when four processes try at the same moment, each 250 times', { timeout: 30_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'telework-t07-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'state.sqlite');
    const key = randomBytes(32);
    const now = 1_800_000_000_000;
    const store = openSqliteStore(path, { now: () => now });
    const secret = secretOf(await new Totp(store, new FactorSeal(key), () => now).enrol(TANAKA));
    await store.close();
    const given = { path, key: key.toString('hex'), now, code: await generate({ secret, epoch: now / 1000 }) };
    const counts = await Promise.all([1, 2, 3, 4].map(() => tryInProcess({ ...given, times: TRIES / 4 })));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1);
  });

  it('refuses a used code after a restart', async () => {
    const clock = clockAt();
    const { store, again } = openTestStore(clock);
    const seal = new FactorSeal(randomBytes(32));
    const before = new Totp(store, seal, clock.now);
    const code = await generate({ secret: secretOf(await before.enrol(TANAKA)), epoch: clock.now() / 1000 });
    expect(await outcome(before, code)).toBe('accepted');
    await store.close();
    expect(await outcome(new Totp(again(), seal, clock.now), code)).toBe('TOTP_REPLAYED');
  });

  it('counts failures over a restart', async () => {
    const clock = clockAt();
    const { store, again } = openTestStore(clock);
    const seal = new FactorSeal(randomBytes(32));
    const before = new Totp(store, seal, clock.now);
    const secret = secretOf(await before.enrol(TANAKA));
    for (let i = 0; i < 5; i++) await outcome(before, 'wrong');
    await store.close();
    const code = await generate({ secret, epoch: clock.now() / 1000 });
    expect(await outcome(new Totp(again(), seal, clock.now), code)).toBe('FACTOR_BACK_OFF');
  });

  it('keeps tries counted that were under way while another succeeded', async () => {
    const clock = clockAt();
    const { store } = openTestStore(clock);
    const totp = new Totp(store, new FactorSeal(randomBytes(32)), clock.now);
    const secret = secretOf(await totp.enrol(TANAKA));
    const code = await generate({ secret, epoch: clock.now() / 1000 });
    await Promise.all([outcome(totp, code), ...Array.from({ length: 4 }, () => outcome(totp, 'wrong'))]);
    clock.pass(30_000);
    // Four wrong ones are on the count: the next is the fifth.
    expect(await outcome(totp, 'wrong')).toBe('TOTP_WRONG');
    expect(await outcome(totp, 'wrong')).toBe('FACTOR_BACK_OFF');
  });

  it("refuses one user's right code over another user's certificate, and says so in the audit log", async () => {
    const test = await openGateway();
    onTestFinished(() => test.close());
    const code = await test.enrol(TANAKA);
    await test.enrol({ municipality: '131016', user: 'suzuki' });
    const body = { code: await code() };
    const answer = await test.ask(test.pki.users.suzuki, '/api/sign-in/totp', { method: 'POST', body });
    expect(answer.status).toBe(401);
    expect(answer.json?.code).toBe('SIGN_IN_REFUSED');
    expect(test.audit.of('sign-in-refused')).toMatchObject([{ reason: 'TOTP_WRONG', user: 'suzuki', factor: 'totp' }]);
    const owner = await test.ask(test.pki.users.tanaka, '/api/sign-in/totp', { method: 'POST', body });
    expect(owner.status).toBe(200);
  });

  it('answers a wrong code, a replayed one, an unknown and a disabled user with the same bytes', async () => {
    const test = await openGateway();
    onTestFinished(() => test.close());
    const { tanaka, suzuki, sato } = test.pki.users;
    const code = await test.enrol(TANAKA);
    const disabled = { municipality: '132012', user: 'sato' };
    await test.enrol(disabled);
    await test.admin('user.disable', disabled);
    const post = (tls: typeof tanaka, text: string) =>
      test.ask(tls, '/api/sign-in/totp', { method: 'POST', body: { code: text } });
    const used = await code();
    expect((await post(tanaka, used)).status).toBe(200);
    const answers = [await post(tanaka, 'xxxxxx'), await post(tanaka, used), await post(suzuki, '123456')];
    answers.push(await post(sato, '123456'));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(test.audit.of('sign-in-refused').map(({ reason }) => reason)).toEqual([
      'TOTP_WRONG',
      'TOTP_REPLAYED',
      'USER_UNKNOWN',
      'USER_DISABLED',
    ]);
  });
});

/** @returns how many of the tries were accepted */
async function tryInProcess(given: object): Promise<number> {
  const script = join(import.meta.dirname, '..', 'support', 'try-totp.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, JSON.stringify(given)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  return Number(text);
}
