// An optional password beside certificate and second factor, where a municipality's policy wants knowledge besides two
// possessions (E2, SP 800-63B-4 §3.1.1). Any characters, no rules of composition, no expiry; a blocklist instead.
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import * as z from 'zod';
import type { Store } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import { Attempts } from './attempts.ts';
import { isGuessable } from './blocklist.ts';
import { FACTOR_PREFIX, type FactorSeal } from './factors.ts';
import { type Owner, ownerPath } from './owner.ts';

export const PASSWORD_PREFIX = `${FACTOR_PREFIX}password/`;

/** 63B-4 §3.1.1.2: at least 8 within multi-factor; at least 64 have to be allowed. */
const MIN_CHARACTERS = 8;
const MAX_CHARACTERS = 128;

/** Argon2id of RFC 9106 with the OWASP Password Storage Cheat Sheet's first choice: 19 MiB, 2 passes, 1 lane. */
export const COST = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
export const HASH_BYTES = 32;

const row = z.strictObject({
  setAt: z.number(),
  salt: z.string(),
  hash: z.string(),
  /** What it was hashed with: a later release may choose others for new ones. memory in KiB */
  cost: z.strictObject({ memory: z.int(), passes: z.int(), parallelism: z.int() }),
});
type Row = z.infer<typeof row>;

const hashWith = promisify(argon2);

export class Passwords {
  readonly #store: Store;
  readonly #seal: FactorSeal;
  readonly #attempts: Attempts;
  readonly #now: () => number;

  /** @param now wall clock, ms */
  constructor(store: Store, seal: FactorSeal, now: () => number) {
    this.#store = store;
    this.#seal = seal;
    this.#attempts = new Attempts(store, now);
    this.#now = now;
  }

  /** @throws PASSWORD_UNFIT: too short, too long, or guessable */
  async set(owner: Owner, password: string): Promise<void> {
    const normal = normalised(password);
    if (normal === null || [...normal].length < MIN_CHARACTERS) throw new Refusal('PASSWORD_UNFIT', 'length');
    if (isGuessable(normal, [owner.user, owner.municipality])) throw new Refusal('PASSWORD_UNFIT', 'guessable');
    const salt = randomBytes(SALT_BYTES).toString('base64');
    const unhashed = { setAt: this.#now(), salt, cost: COST };
    const hash = (await this.#hash(owner, normal, unhashed)).toString('base64');
    await this.#store.put(keyOf(owner), { ...unhashed, hash } satisfies Row);
    await this.#attempts.forget('password', owner);
  }

  /** @returns when it was set, ms, which tells it from an earlier or later one; null if there is none */
  async setAt(owner: Owner): Promise<number | null> {
    return (await this.#read(owner))?.setAt ?? null;
  }

  /** @returns false if there was none */
  async remove(owner: Owner): Promise<boolean> {
    await this.#attempts.forget('password', owner);
    return this.#store.delete(keyOf(owner));
  }

  /**
   * Takes the same time whether there is a password or not (E7).
   * @returns setAt
   * @throws FACTOR_LOCKED, FACTOR_BACK_OFF, PASSWORD_MISSING, PASSWORD_WRONG
   */
  async verify(owner: Owner, password: string | undefined): Promise<number> {
    const reserved = await this.#attempts.reserve('password', owner);
    const kept = await this.#read(owner);
    const normal = normalised(password ?? '');
    const hash = await this.#hash(owner, normal ?? '', kept ?? NOBODYS);
    if (password === undefined) throw new Refusal('PASSWORD_MISSING');
    if (!kept || normal === null || !timingSafeEqual(hash, Buffer.from(kept.hash, 'base64'))) {
      throw new Refusal('PASSWORD_WRONG', kept ? `${reserved.failures} in a row` : 'none is set');
    }
    await this.#attempts.succeeded(reserved);
    return kept.setAt;
  }

  /** The same work for nothing: what the second factor was worth does not show in the time. */
  async pretend(owner: Owner): Promise<void> {
    await this.#hash(owner, '', NOBODYS);
  }

  /** The factor key goes in as well: a copy of the state alone cannot be tried against a list of words. */
  #hash(owner: Owner, normal: string, { salt, cost }: Pick<Row, 'salt' | 'cost'>): Promise<Buffer> {
    return hashWith('argon2id', {
      message: Buffer.from(normal),
      nonce: Buffer.from(salt, 'base64'),
      secret: this.#seal.derive('password', owner),
      ...cost,
      tagLength: HASH_BYTES,
    });
  }

  async #read(owner: Owner): Promise<Row | null> {
    const entry = await this.#store.get(keyOf(owner));
    return entry && row.parse(entry.value);
  }
}

const NOBODYS = { salt: Buffer.alloc(SALT_BYTES).toString('base64'), cost: COST };

/** NFKC, so that every keyboard's spelling of a character is one (63B-4 §3.1.1.2). @returns null if it is too long */
function normalised(password: string): string | null {
  // Before the work: NFKC of one character can be eighteen.
  if (password.length > 2 * MAX_CHARACTERS) return null;
  const normal = password.normalize('NFKC');
  return [...normal].length > MAX_CHARACTERS ? null : normal;
}

function keyOf(owner: Owner): string {
  return PASSWORD_PREFIX + ownerPath(owner);
}
