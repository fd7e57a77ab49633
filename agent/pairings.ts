// Who may prove what for which desktop: codes waiting to be used, and the proof keys learned with them (T12, B8).
import * as z from 'zod';
import type { Entry, Store } from '#platform/state/store.ts';
import { type Bytes, fromBase64Url, fromHex, toBase64Url, toHex } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import type { Cipher } from '#protocol/inner/cipher.ts';
import { formatPairingCode } from '#protocol/inner/pairing-code.ts';
import { PAIRING_CODE_BITS, PAIRING_LIFE_MS, PAIRING_TRIES } from '#protocol/limits.ts';

const codeRecord = z.strictObject({
  /** The PSK itself, hex; it has to be kept to be proven, for 15 minutes, in the agent's 0600 state. */
  secret: z.string(),
  triesLeft: z.int(),
  expiresAt: z.int(),
  add: z.boolean(),
});
const pairingRecord = z.strictObject({
  user: z.string(),
  desktop: z.string(),
  publicKey: z.string(),
  pairedAt: z.int(),
  expiresAt: z.int(),
});

export type Pairing = z.infer<typeof pairingRecord>;

/** A pairing holds for a year; then the user pairs again. */
const PAIRED_LIFE_MS = 365 * 24 * 3_600_000;
/** Devices of one user for one desktop, with --add. */
const KEYS_PER_USER_MAX = 4;

export class Pairings {
  readonly #store: Store;
  readonly #cipher: Cipher;
  readonly #wall: () => number;

  /** @param wall the wall clock in ms */
  constructor(store: Store, cipher: Cipher, wall: () => number) {
    this.#store = store;
    this.#cipher = cipher;
    this.#wall = wall;
  }

  /** Makes a code for this user and desktop; an earlier one is void. @param add keep the keys paired before */
  async issue(user: string, desktop: string, add: boolean): Promise<{ code: string; expiresAt: number }> {
    const secret = this.#cipher.random(PAIRING_CODE_BITS / 8);
    const expiresAt = this.#wall() + PAIRING_LIFE_MS;
    const record = { secret: toHex(secret), triesLeft: PAIRING_TRIES, expiresAt, add };
    await this.#store.put(codeKey(desktop, user), record, { expiresAt });
    return { code: formatPairingCode(secret), expiresAt };
  }

  /**
   * Takes one try of the code, before anything is answered, so that guessing in parallel gains nothing.
   * @returns the PSK, 10 bytes
   * @throws PAIRING_CODE_MISSING, PAIRING_CODE_SPENT
   */
  async spendTry(user: string, desktop: string): Promise<Bytes> {
    const key = codeKey(desktop, user);
    for (let turn = 0; turn <= PAIRING_TRIES; turn++) {
      const entry = await this.#store.get(key);
      if (!entry) throw new Refusal('PAIRING_CODE_MISSING');
      const record = codeRecord.parse(entry.value);
      if (record.expiresAt <= this.#wall() || record.triesLeft <= 0) throw new Refusal('PAIRING_CODE_SPENT');
      const next = { ...record, triesLeft: record.triesLeft - 1 };
      const swapped = await this.#store.compareAndSwap(key, entry.version, next, { expiresAt: record.expiresAt });
      if (swapped !== null) return fromHex(record.secret, PAIRING_CODE_BITS / 8);
    }
    throw new Refusal('PAIRING_CODE_SPENT', 'too many at once');
  }

  /**
   * Stores the key that was proven with the code and uses the code up. With a code that adds, the newest keys stay.
   * @throws PAIRING_CODE_SPENT if it just was
   */
  async learn(user: string, desktop: string, publicKey: Bytes): Promise<void> {
    const entry = await this.#store.get(codeKey(desktop, user));
    if (!entry || !(await this.#store.delete(entry.key, entry.version))) throw new Refusal('PAIRING_CODE_SPENT');
    const before = await this.#store.list(pairingPrefix(desktop, user));
    const newestFirst = before.toSorted((a, b) => pairedAtOf(b) - pairedAtOf(a));
    const kept = codeRecord.parse(entry.value).add ? newestFirst.slice(0, KEYS_PER_USER_MAX - 1) : [];
    const pairedAt = this.#wall();
    const expiresAt = pairedAt + PAIRED_LIFE_MS;
    const record: Pairing = { user, desktop, publicKey: toBase64Url(publicKey), pairedAt, expiresAt };
    const name = toHex(await this.#cipher.sha256(publicKey)).slice(0, 16);
    await this.#store.put(pairingPrefix(desktop, user) + name, record, { expiresAt });
    for (const old of before) {
      if (!kept.includes(old) && old.key !== pairingPrefix(desktop, user) + name) await this.#store.delete(old.key);
    }
  }

  /** The keys that may prove this user here; empty if none is paired. */
  async keysOf(user: string, desktop: string): Promise<Bytes[]> {
    const entries = await this.#store.list(pairingPrefix(desktop, user));
    return entries.map((entry) => fromBase64Url(pairingRecord.parse(entry.value).publicKey));
  }

  async list(): Promise<Pairing[]> {
    return (await this.#store.list('pairing/')).map((entry) => pairingRecord.parse(entry.value));
  }

  /** @returns how many keys were removed, and whether a code was waiting to be used */
  async revoke(user: string, desktop: string): Promise<{ devices: number; code: boolean }> {
    const code = await this.#store.delete(codeKey(desktop, user));
    const entries = await this.#store.list(pairingPrefix(desktop, user));
    for (const entry of entries) await this.#store.delete(entry.key);
    return { devices: entries.length, code };
  }
}

const pairedAtOf = ({ value }: Entry<unknown>) => pairingRecord.parse(value).pairedAt;
const codeKey = (desktop: string, user: string) => `pairing-code/${desktop}/${user}`;
const pairingPrefix = (desktop: string, user: string) => `pairing/${desktop}/${user}/`;
