// Codes for who has lost the second factor (E3): ten that the user made and keeps, and one that an administrator issues after
// having looked who asks (T23). Either lets in once, to set up factors, and to nothing else.
import { timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import type { Entry, Store } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import { hashOfTyped, newCode } from '../one-time-code.ts';
import { Attempts } from './attempts.ts';
import { FACTOR_PREFIX } from './factors.ts';
import { type Owner, ownerPath } from './owner.ts';

const RECOVERY_PREFIX = `${FACTOR_PREFIX}recovery/`;
const ACTIVATION_PREFIX = `${FACTOR_PREFIX}activation/`;

export const RECOVERY_CODES = 10;
export const ACTIVATION_LIFE_MS = 10 * 60_000;
/** Wrong ones while it lives; then another has to be issued. */
const ACTIVATION_TRIES = 5;

const recoveryRow = z.strictObject({ madeAt: z.number(), hashes: z.array(z.string()).max(RECOVERY_CODES) });
const activationRow = z.strictObject({ hash: z.string(), triesLeft: z.int().min(1), expiresAt: z.number() });

export class Recovery {
  readonly #store: Store;
  readonly #attempts: Attempts;
  readonly #now: () => number;

  /** @param now wall clock, ms */
  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#attempts = new Attempts(store, now);
    this.#now = now;
  }

  /** @returns ten new codes, told only here; those before are worth nothing from now on */
  async makeCodes(owner: Owner): Promise<string[]> {
    const made = Array.from({ length: RECOVERY_CODES }, newCode);
    await this.#store.put(recoveryKey(owner), { madeAt: this.#now(), hashes: made.map(({ hash }) => hash) });
    await this.#attempts.forget('recovery', owner);
    return made.map(({ code }) => code);
  }

  async codesLeft(owner: Owner): Promise<number> {
    const entry = await this.#store.get(recoveryKey(owner));
    return entry ? recoveryRow.parse(entry.value).hashes.length : 0;
  }

  /** @returns the code, told only here, which takes the place of one before it; and when it ends, ms */
  async issueActivation(owner: Owner): Promise<{ code: string; expiresAt: number }> {
    const { code, hash } = newCode();
    const expiresAt = this.#now() + ACTIVATION_LIFE_MS;
    const issued = { hash, triesLeft: ACTIVATION_TRIES, expiresAt };
    await this.#store.put(activationKey(owner), issued, { expiresAt });
    await this.#attempts.forget('recovery', owner);
    return { code, expiresAt };
  }

  /** @returns false if there was no code of either kind */
  async forget(owner: Owner): Promise<boolean> {
    const were = [await this.#store.delete(recoveryKey(owner)), await this.#store.delete(activationKey(owner))];
    await this.#attempts.forget('recovery', owner);
    return were.includes(true);
  }

  /**
   * Accepts one code once.
   * @param typed any text; one that is no code is a failed try as well
   * @returns which kind it was
   * @throws FACTOR_LOCKED, FACTOR_BACK_OFF, RECOVERY_WRONG
   */
  async spend(owner: Owner, typed: string): Promise<'recovery' | 'activation'> {
    const reserved = await this.#attempts.reserve('recovery', owner);
    // What is no code is looked for all the same: it takes the same time, and a try.
    const hash = hashOfTyped(typed) ?? newCode().hash;
    const kind = (await this.#spendActivation(owner, hash)) ?? (await this.#spendRecovery(owner, hash));
    if (kind === null) throw new Refusal('RECOVERY_WRONG', `${reserved.failures} in a row`);
    await this.#attempts.succeeded(reserved);
    return kind;
  }

  async #spendActivation(owner: Owner, hash: string): Promise<'activation' | null> {
    for (;;) {
      const entry = await this.#store.get(activationKey(owner));
      if (!entry) return null;
      const issued = activationRow.parse(entry.value);
      const isIt = same(issued.hash, hash);
      const spent = isIt || issued.triesLeft === 1;
      if (spent ? await this.#delete(entry) : await this.#countWrong(entry, issued)) return isIt ? 'activation' : null;
    }
  }

  #countWrong({ key, version }: Entry<unknown>, issued: z.infer<typeof activationRow>): Promise<boolean> {
    const counted = { ...issued, triesLeft: issued.triesLeft - 1 };
    return this.#store
      .compareAndSwap(key, version, counted, { expiresAt: issued.expiresAt })
      .then((swapped) => swapped !== null);
  }

  #delete({ key, version }: Entry<unknown>): Promise<boolean> {
    return this.#store.delete(key, version);
  }

  async #spendRecovery(owner: Owner, hash: string): Promise<'recovery' | null> {
    for (;;) {
      const entry = await this.#store.get(recoveryKey(owner));
      if (!entry) return null;
      const kept = recoveryRow.parse(entry.value);
      const hashes = kept.hashes.filter((one) => !same(one, hash));
      if (hashes.length === kept.hashes.length) return null;
      if ((await this.#store.compareAndSwap(entry.key, entry.version, { ...kept, hashes })) !== null) return 'recovery';
    }
  }
}

function same(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function recoveryKey(owner: Owner): string {
  return RECOVERY_PREFIX + ownerPath(owner);
}

function activationKey(owner: Owner): string {
  return ACTIVATION_PREFIX + ownerPath(owner);
}
