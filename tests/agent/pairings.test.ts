import { beforeEach, describe, expect, it } from 'vitest';
import { counterAdvances, Pairings } from '#agent/pairings.ts';
import type { Store } from '#platform/state/store.ts';
import { toHex } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { formatPairingCode, parsePairingCode } from '#protocol/inner/pairing-code.ts';
import type { ProvenKey } from '#protocol/inner/proof.ts';
import { PAIRING_LIFE_MS, PAIRING_TRIES } from '#protocol/limits.ts';
import { clockAt, DESKTOP, storeIn } from './parts.ts';

const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error) => (error as Refusal).reason,
  );
const key = () => ({ kind: 'device-key', publicKey: nodeCipher.random(65) }) as const;
const passkey = {
  kind: 'passkey',
  credentialId: nodeCipher.random(32),
  publicKey: nodeCipher.random(65),
  rpId: 'telework.example.jp',
  counter: 0,
  backupEligible: true,
  backedUp: false,
} as const;
const publicKeysOf = (keys: readonly { publicKey: Uint8Array }[]) =>
  keys.map(({ publicKey }) => toHex(publicKey)).sort();

describe('pairing', () => {
  const clock = clockAt(1_800_000_000_000);
  let store: Store;
  let pairings: Pairings;
  beforeEach(() => {
    store = storeIn(clock);
    pairings = new Pairings(store, nodeCipher, clock.now);
  });

  it('gives the PSK that the printed code stands for', async () => {
    const { code } = await pairings.issue('tanaka', DESKTOP, false);
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(toHex(await pairings.spendTry('tanaka', DESKTOP))).toBe(toHex(parsePairingCode(code)));
  });

  it('spends a code after five tries, also when they come at once (T12)', async () => {
    await pairings.issue('tanaka', DESKTOP, false);
    const tries = await Promise.all(Array.from({ length: 20 }, () => reasonOf(pairings.spendTry('tanaka', DESKTOP))));
    expect(tries.filter((reason) => reason === 'done')).toHaveLength(PAIRING_TRIES);
    expect(await reasonOf(pairings.spendTry('tanaka', DESKTOP))).toBe('PAIRING_CODE_SPENT');
  });

  it('ends a code with its time, and knows none for another user or desktop', async () => {
    await pairings.issue('tanaka', DESKTOP, false);
    expect(await reasonOf(pairings.spendTry('suzuki', DESKTOP))).toBe('PAIRING_CODE_MISSING');
    expect(await reasonOf(pairings.spendTry('tanaka', '131016/soumu/pc-02'))).toBe('PAIRING_CODE_MISSING');
    clock.ms += PAIRING_LIFE_MS;
    expect(await reasonOf(pairings.spendTry('tanaka', DESKTOP))).not.toBe('done');
  });

  it('learns one key for one code, replaces the old one, and keeps it with --add', async () => {
    const [first, second, third] = [key(), key(), key()];
    await pairings.issue('tanaka', DESKTOP, false);
    await pairings.learn('tanaka', DESKTOP, first);
    expect(await reasonOf(pairings.learn('tanaka', DESKTOP, second))).toBe('PAIRING_CODE_SPENT');
    await pairings.issue('tanaka', DESKTOP, true);
    await pairings.learn('tanaka', DESKTOP, second);
    expect(publicKeysOf(await pairings.keysOf('tanaka', DESKTOP))).toEqual(publicKeysOf([first, second]));
    await pairings.issue('tanaka', DESKTOP, false);
    await pairings.learn('tanaka', DESKTOP, third);
    expect(await pairings.keysOf('tanaka', DESKTOP)).toEqual([third]);
  });

  it('keeps the newest devices when one too many is added', async () => {
    const keys = Array.from({ length: 7 }, key);
    for (const one of keys) {
      clock.ms += 1_000;
      await pairings.issue('tanaka', DESKTOP, true);
      await pairings.learn('tanaka', DESKTOP, one);
    }
    expect(publicKeysOf(await pairings.keysOf('tanaka', DESKTOP))).toEqual(publicKeysOf(keys.slice(-4)));
  });

  it('pairs a user for one desktop and not for the neighbour whose name begins alike', async () => {
    await pairings.issue('tanaka', DESKTOP, false);
    await pairings.learn('tanaka', DESKTOP, key());
    expect(await pairings.keysOf('tanaka', `${DESKTOP}2`)).toEqual([]);
    expect(await pairings.keysOf('tana', DESKTOP)).toEqual([]);
  });

  it('keeps a passkey with all that later proofs are held against', async () => {
    await pairings.issue('tanaka', DESKTOP, false);
    await pairings.learn('tanaka', DESKTOP, passkey);
    const { backedUp: _, counter: __, ...paired } = passkey;
    expect(await pairings.keysOf('tanaka', DESKTOP)).toEqual([paired]);
    await pairings.noteUse('tanaka', DESKTOP, { ...passkey, counter: 9, backedUp: true });
    const [stored] = await pairings.list();
    expect(stored).toMatchObject({ kind: 'passkey', rpId: 'telework.example.jp', counter: 9, backedUp: true });
    expect(stored?.expiresAt, 'a use does not prolong it').toBe(clock.ms + 365 * 24 * 3_600_000);
    expect(await reasonOf(pairings.noteUse('tanaka', DESKTOP, { ...passkey, counter: 9 }))).toBe('PROOF_COUNTER');
    expect(await reasonOf(pairings.noteUse('suzuki', DESKTOP, { ...passkey, counter: 10 }))).toBe('USER_NOT_PAIRED');
  });

  it('writes nothing for a passkey that does not count, as long as nothing else changes', async () => {
    await pairings.issue('tanaka', DESKTOP, false);
    await pairings.learn('tanaka', DESKTOP, passkey);
    const before = await store.list('pairing/');
    await pairings.noteUse('tanaka', DESKTOP, passkey);
    expect(await store.list('pairing/')).toEqual(before);
  });

  it('replaces a device key by a passkey and the other way round, and keeps both with --add', async () => {
    const kinds = async () => (await pairings.keysOf('tanaka', DESKTOP)).map(({ kind }) => kind).sort();
    const device = key();
    const pair = async (proven: ProvenKey, add: boolean) => {
      await pairings.issue('tanaka', DESKTOP, add);
      await pairings.learn('tanaka', DESKTOP, proven);
    };
    await pair(device, false);
    await pair(passkey, true);
    expect(await kinds()).toEqual(['device-key', 'passkey']);
    expect(await reasonOf(pair(key(), true)), 'it could prove nothing').toBe('PROOF_NEEDS_PASSKEY');
    expect(await kinds()).toEqual(['device-key', 'passkey']);
    await pair(device, false);
    expect(await kinds()).toEqual(['device-key']);
    await pair(passkey, false);
    expect(await kinds()).toEqual(['passkey']);
  });

  it('reads what was paired before there were passkeys as a device key', async () => {
    const old = { user: 'tanaka', desktop: DESKTOP, publicKey: 'BA', pairedAt: 1, expiresAt: clock.ms + 1_000 };
    await store.put(`pairing/${DESKTOP}/tanaka/0123456789abcdef`, old);
    expect(await pairings.keysOf('tanaka', DESKTOP)).toEqual([{ kind: 'device-key', publicKey: Uint8Array.of(4) }]);
    expect(await pairings.list()).toEqual([{ kind: 'device-key', ...old }]);
  });

  it('revokes keys and the open code together', async () => {
    await pairings.issue('tanaka', DESKTOP, false);
    await pairings.learn('tanaka', DESKTOP, key());
    await pairings.issue('tanaka', DESKTOP, true);
    expect(await pairings.revoke('tanaka', DESKTOP)).toEqual({ devices: 1, code: true });
    expect(await pairings.keysOf('tanaka', DESKTOP)).toEqual([]);
    expect(await reasonOf(pairings.spendTry('tanaka', DESKTOP))).toBe('PAIRING_CODE_MISSING');
  });
});

describe('a counter', () => {
  it.each([
    [0, 0, true],
    [0, 1, true],
    [7, 8, true],
    [7, 4_294_967_295, true],
    [7, 7, false],
    [7, 6, false],
    [7, 0, false],
  ])('from %i to %i: %s', (stored, shown, advances) => {
    expect(counterAdvances(stored, shown)).toBe(advances);
  });
});

describe('a pairing code', () => {
  it('survives what people do to it', () => {
    const secret = nodeCipher.random(10);
    const code = formatPairingCode(secret);
    const typed = code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
    expect(parsePairingCode(typed)).toEqual(secret);
  });

  it('round-trips at both ends of its range', () => {
    for (const byte of [0, 255]) {
      const secret = new Uint8Array(10).fill(byte);
      expect(parsePairingCode(formatPairingCode(secret))).toEqual(secret);
    }
  });

  it('is refused in another length or with another character', () => {
    for (const wrong of ['', 'ABCD', 'U'.repeat(16), `${'A'.repeat(16)}A`]) {
      expect(() => parsePairingCode(wrong)).toThrow(Refusal);
    }
  });
});
