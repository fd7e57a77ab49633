// Who may prove what for which desktop: codes waiting to be used, and the proof keys learned with them (T12, B8). A key is
// a device key or a passkey; of a passkey the counter is kept too, so that a copy of it shows.
import * as z from 'zod';
import type { Entry, Store } from '#platform/state/store.ts';
import { type Bytes, fromBase64Url, fromHex, toBase64Url, toHex } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import type { Cipher } from '#protocol/inner/cipher.ts';
import { formatPairingCode } from '#protocol/inner/pairing-code.ts';
import type { PairedKey, ProvenKey } from '#protocol/inner/proof.ts';
import { PAIRING_CODE_BITS, PAIRING_LIFE_MS, PAIRING_TRIES } from '#protocol/limits.ts';

const codeRecord = z.strictObject({
  /** The PSK itself, hex; it has to be kept to be proven, for 15 minutes, in the agent's 0600 state. */
  secret: z.string(),
  triesLeft: z.int(),
  expiresAt: z.int(),
  add: z.boolean(),
});
const whose = { user: z.string(), desktop: z.string(), publicKey: z.string(), pairedAt: z.int(), expiresAt: z.int() };
const passkeyRecord = z.strictObject({
  kind: z.literal('passkey'),
  ...whose,
  credentialId: z.string(),
  rpId: z.string(),
  counter: z.int(),
  /** May be copied to other devices, and was when it was last seen. */
  backupEligible: z.boolean(),
  backedUp: z.boolean(),
});
/** Before there were passkeys a record had no kind. */
const deviceRecord = z.strictObject({ kind: z.literal('device-key').default('device-key'), ...whose });
const pairingRecord = z.union([passkeyRecord, deviceRecord]);

export const PAIRING_PREFIX = 'pairing/';

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
   * @throws PAIRING_CODE_SPENT if it just was, PROOF_NEEDS_PASSKEY for a device key beside a passkey, where it could
   * prove nothing
   */
  async learn(user: string, desktop: string, key: ProvenKey): Promise<void> {
    const entry = await this.#store.get(codeKey(desktop, user));
    if (!entry) throw new Refusal('PAIRING_CODE_SPENT');
    const before = await this.#store.list(pairingPrefix(desktop, user));
    const newestFirst = before.toSorted((a, b) => pairingOf(b).pairedAt - pairingOf(a).pairedAt);
    const kept = codeRecord.parse(entry.value).add ? newestFirst.slice(0, KEYS_PER_USER_MAX - 1) : [];
    if (key.kind === 'device-key' && kept.some((old) => pairingOf(old).kind === 'passkey')) {
      throw new Refusal('PROOF_NEEDS_PASSKEY', 'pairing a device key');
    }
    if (!(await this.#store.delete(entry.key, entry.version))) throw new Refusal('PAIRING_CODE_SPENT');
    const pairedAt = this.#wall();
    const expiresAt = pairedAt + PAIRED_LIFE_MS;
    const name = await this.#nameOf(user, desktop, key);
    await this.#store.put(name, recordOf(key, { user, desktop, pairedAt, expiresAt }), { expiresAt });
    for (const old of before) {
      if (!kept.includes(old) && old.key !== name) await this.#store.delete(old.key);
    }
  }

  /** The keys that may prove this user here; empty if none is paired. */
  async keysOf(user: string, desktop: string): Promise<PairedKey[]> {
    const entries = await this.#store.list(pairingPrefix(desktop, user));
    return entries.map((entry) => keyOf(pairingOf(entry)));
  }

  /**
   * Keeps what a passkey's verified proof showed. Of two proofs with the same count one is a copy's, however close together
   * they come.
   * @throws PROOF_COUNTER, USER_NOT_PAIRED if it was revoked meanwhile
   */
  async noteUse(user: string, desktop: string, key: ProvenKey): Promise<void> {
    if (key.kind === 'device-key') return;
    const name = await this.#nameOf(user, desktop, key);
    for (;;) {
      const entry = await this.#store.get(name);
      if (!entry) throw new Refusal('USER_NOT_PAIRED');
      const record = pairingOf(entry);
      if (record.kind !== 'passkey') throw new Refusal('USER_NOT_PAIRED');
      const { counter, backedUp } = key;
      if (!counterAdvances(record.counter, counter)) throw new Refusal('PROOF_COUNTER');
      if (record.counter === counter && record.backedUp === backedUp) return;
      const next: Pairing = { ...record, counter, backedUp };
      const { expiresAt } = record;
      if ((await this.#store.compareAndSwap(name, entry.version, next, { expiresAt })) !== null) return;
    }
  }

  async list(): Promise<Pairing[]> {
    return (await this.#store.list(PAIRING_PREFIX)).map(pairingOf);
  }

  /** @returns how many keys were removed, and whether a code was waiting to be used */
  async revoke(user: string, desktop: string): Promise<{ devices: number; code: boolean }> {
    const code = await this.#store.delete(codeKey(desktop, user));
    const entries = await this.#store.list(pairingPrefix(desktop, user));
    for (const entry of entries) await this.#store.delete(entry.key);
    return { devices: entries.length, code };
  }

  async #nameOf(user: string, desktop: string, { publicKey }: ProvenKey): Promise<string> {
    return pairingPrefix(desktop, user) + toHex(await this.#cipher.sha256(publicKey)).slice(0, 16);
  }
}

function recordOf(key: ProvenKey, of: Pick<Pairing, 'user' | 'desktop' | 'pairedAt' | 'expiresAt'>): Pairing {
  const publicKey = toBase64Url(key.publicKey);
  if (key.kind === 'device-key') return { kind: key.kind, ...of, publicKey };
  return { ...key, ...of, publicKey, credentialId: toBase64Url(key.credentialId) };
}

function keyOf(record: Pairing): PairedKey {
  const publicKey = fromBase64Url(record.publicKey);
  if (record.kind === 'device-key') return { kind: record.kind, publicKey };
  const { kind, rpId, backupEligible } = record;
  return { kind, publicKey, credentialId: fromBase64Url(record.credentialId), rpId, backupEligible };
}

/** A copy of the key would fall behind (WebAuthn L3 §6.1.1); authenticators that do not count always say 0. */
export function counterAdvances(stored: number, shown: number): boolean {
  return shown > stored || (shown === 0 && stored === 0);
}

const pairingOf = ({ value }: Entry<unknown>): Pairing => pairingRecord.parse(value);
const codeKey = (desktop: string, user: string) => `pairing-code/${desktop}/${user}`;
const pairingPrefix = (desktop: string, user: string) => `${PAIRING_PREFIX}${desktop}/${user}/`;

/** @param key of a pairing's row in the store */
export function ownerOfPairing(key: string): { user: string; desktop: string } {
  const parts = key.slice(PAIRING_PREFIX.length).split('/');
  return { desktop: parts.slice(0, 3).join('/'), user: parts[3] ?? '' };
}
