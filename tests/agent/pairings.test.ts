import { beforeEach, describe, expect, it } from 'vitest';
import { Pairings } from '#agent/pairings.ts';
import { toHex } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { nodeCipher } from '#protocol/inner/cipher-node.ts';
import { formatPairingCode, parsePairingCode } from '#protocol/inner/pairing-code.ts';
import { PAIRING_LIFE_MS, PAIRING_TRIES } from '#protocol/limits.ts';
import { clockAt, DESKTOP, storeIn } from './parts.ts';

const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error) => (error as Refusal).reason,
  );
const key = () => ({ kind: 'device-key', publicKey: nodeCipher.random(65) }) as const;
const publicKeysOf = (keys: readonly { publicKey: Uint8Array }[]) =>
  keys.map(({ publicKey }) => toHex(publicKey)).sort();

describe('pairing', () => {
  const clock = clockAt(1_800_000_000_000);
  let pairings: Pairings;
  beforeEach(() => {
    pairings = new Pairings(storeIn(clock), nodeCipher, clock.now);
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

  it('revokes keys and the open code together', async () => {
    await pairings.issue('tanaka', DESKTOP, false);
    await pairings.learn('tanaka', DESKTOP, key());
    await pairings.issue('tanaka', DESKTOP, true);
    expect(await pairings.revoke('tanaka', DESKTOP)).toEqual({ devices: 1, code: true });
    expect(await pairings.keysOf('tanaka', DESKTOP)).toEqual([]);
    expect(await reasonOf(pairings.spendTry('tanaka', DESKTOP))).toBe('PAIRING_CODE_MISSING');
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
