import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAILURES_BEFORE_BACK_OFF } from '#gateway/sign-in/attempts.ts';
import { isGuessable } from '#gateway/sign-in/blocklist.ts';
import { FactorSeal } from '#gateway/sign-in/factors.ts';
import { Passwords } from '#gateway/sign-in/passwords.ts';
import { clockAt, openTestStore } from '#tests/support/clock-and-store.ts';
import { reasonOf } from '#tests/support/reason-of.ts';

const TANAKA = { municipality: '131016', user: 'tanaka' };
const GOOD = '港町の朝焼けを見た';

function open() {
  const clock = clockAt();
  const { store, again } = openTestStore(clock);
  const key = randomBytes(32);
  return { clock, store, again, key, passwords: new Passwords(store, new FactorSeal(key), clock.now) };
}

describe('a password', () => {
  it('is accepted as it was set, and no other', async () => {
    const { clock, passwords } = open();
    await passwords.set(TANAKA, GOOD);
    expect(await passwords.verify(TANAKA, GOOD)).toBe(clock.now());
    expect(await reasonOf(passwords.verify(TANAKA, `${GOOD} `))).toBe('PASSWORD_WRONG');
    expect(await reasonOf(passwords.verify(TANAKA, undefined))).toBe('PASSWORD_MISSING');
  });

  it('is one in every spelling of its characters', async () => {
    const { passwords } = open();
    await passwords.set(TANAKA, 'ﾃﾚﾋﾞを見る夜ABC');
    expect(await reasonOf(passwords.verify(TANAKA, 'テレビを見る夜ＡＢＣ'))).toBeNull();
    await passwords.set(TANAKA, 'café au lait bitte');
    expect(await reasonOf(passwords.verify(TANAKA, 'cafe\u0301 au lait bitte'))).toBeNull();
  });

  it.for([
    ['7 characters', '港町の朝焼け見', 'PASSWORD_UNFIT'],
    ['8 characters', '港町の朝焼け見た', null],
    ['8 of them beyond 16 bits', '𠮷𠮷𩸽𠀋𡈽𡌛𡑮𡢽', null],
    ['128 characters', 'ab1!港'.repeat(25).concat('xyz'), null],
    ['129 characters', 'ab1!港'.repeat(25).concat('wxyz'), 'PASSWORD_UNFIT'],
    ['blanks inside', 'correct horse battery', null],
    ['a million characters', 'x'.repeat(1_000_000), 'PASSWORD_UNFIT'],
  ] as const)('of %s', async ([, password, expected]) => {
    expect(await reasonOf(open().passwords.set(TANAKA, password))).toBe(expected);
  });

  it('is kept as a salted slow hash, with what it was made with, and never twice the same', async () => {
    const { store, passwords } = open();
    const rows: string[] = [];
    for (const user of ['tanaka', 'suzuki']) {
      await passwords.set({ ...TANAKA, user }, GOOD);
      const entry = await store.get(`factor/password/131016/${user}`);
      expect(entry?.value).toMatchObject({ cost: { memory: 19_456, passes: 2, parallelism: 1 } });
      rows.push(JSON.stringify(entry?.value));
    }
    expect(rows[0]).not.toBe(rows[1]);
    expect(JSON.stringify(await store.list(''))).not.toContain(GOOD);
  });

  it('cannot be tried with a copy of the state alone, nor moved to another user', async () => {
    const { clock, store, again, passwords } = open();
    await passwords.set(TANAKA, GOOD);
    const thief = new Passwords(again(), new FactorSeal(randomBytes(32)), clock.now);
    expect(await reasonOf(thief.verify(TANAKA, GOOD))).toBe('PASSWORD_WRONG');
    const entry = await store.get('factor/password/131016/tanaka');
    await store.put('factor/password/131016/suzuki', entry?.value);
    expect(await reasonOf(passwords.verify({ ...TANAKA, user: 'suzuki' }, GOOD))).toBe('PASSWORD_WRONG');
  });

  it('is counted: five wrong ones, then later, over a restart', async () => {
    const { clock, again, key, passwords } = open();
    await passwords.set(TANAKA, GOOD);
    for (let i = 0; i < FAILURES_BEFORE_BACK_OFF; i++) {
      expect(await reasonOf(passwords.verify(TANAKA, 'wrong'))).toBe('PASSWORD_WRONG');
    }
    const restarted = new Passwords(again(), new FactorSeal(key), clock.now);
    expect(await reasonOf(restarted.verify(TANAKA, GOOD))).toBe('FACTOR_BACK_OFF');
    clock.pass(5 * 60_000);
    expect(await reasonOf(restarted.verify(TANAKA, GOOD))).toBeNull();
  });

  it('that nobody set is counted the same', async () => {
    const { passwords } = open();
    for (let i = 0; i < FAILURES_BEFORE_BACK_OFF; i++) {
      expect(await reasonOf(passwords.verify(TANAKA, 'wrong'))).toBe('PASSWORD_WRONG');
    }
    expect(await reasonOf(passwords.verify(TANAKA, 'wrong'))).toBe('FACTOR_BACK_OFF');
  });
});

describe('the blocklist', () => {
  it.for([
    ...['password', 'Password2026!', '!!P@ssw0rd', 'passw0rd123', 'p4ssw0rd', '12345678', '87654321', 'qwertyuiop'],
    ...[
      'asdfghjkl',
      '1qaz2wsx',
      'aaaaaaaa',
      'abcabcabc',
      '11223344',
      'iloveyou1',
      'パスワード12',
      'Sakura2024',
      'lgwan2026',
    ],
    ...['tanaka12345', 'TANAKA-tanaka', '131016131016', 'telework-2026', 'tanaka131016'],
  ])('has %s', (password) => {
    expect(isGuessable(password.normalize('NFKC'), ['tanaka', '131016'])).toBe(true);
  });

  it.for([
    'correct horse battery',
    GOOD,
    'tanaka likes long walks',
    'v7#kQ-pz',
    'umi to yama 44',
    'password manager rules ok',
  ])('leaves %s alone', (password) => {
    expect(isGuessable(password, ['tanaka', '131016'])).toBe(false);
  });

  it('leaves random passwords alone', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        fc.pre(new Set(bytes).size > 8);
        expect(isGuessable(Buffer.from(bytes).toString('base64'), ['tanaka', '131016'])).toBe(false);
      }),
    );
  });

  it('is quick for any text', () => {
    fc.assert(fc.property(fc.string({ maxLength: 128 }), (text) => typeof isGuessable(text, ['tanaka']) === 'boolean'));
  });
});
