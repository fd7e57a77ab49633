// TOTP (RFC 6238: HMAC-SHA-1, 6 digits, 30 s) as the second factor. Guessing is stopped by attempts.ts, replay here (T07):
//
//   reserve   the try counts as failed                                ← before the code is looked at
//   compare   the current step, or the one before it (network delay, RFC 6238 §5.2), never one ahead
//   accept    store the step; only a later step than the last accepted one can be (RFC 6238 §5.2, B5)
import { generateSecret, generateURI, verify } from 'otplib';
import * as z from 'zod';
import type { Entry, Store } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import { Attempts } from './attempts.ts';
import { FACTOR_PREFIX, type FactorSeal } from './factors.ts';
import { type Owner, ownerPath } from './owner.ts';

export const TOTP_PREFIX = `${FACTOR_PREFIX}totp/`;
const BEGUN_PREFIX = 'factor-begun/totp/';

export const STEP_SECONDS = 30;
/** 160 bits, the length of the HMAC's output (RFC 4226 §4 R6). */
export const SECRET_BYTES = 20;
const ISSUER = 'LGWAN Telework';
/** For scanning the code, and typing the first one. */
const BEGUN_LIFE_MS = 10 * 60_000;
/** Who types that many wrong ones scans anew. */
const CONFIRM_TRIES = 5;

// Rows of the first release counted their failures themselves; those members are left out here.
const row = z.object({
  sealed: z.string(),
  enrolledAt: z.number(),
  /** The last accepted time step; -1 before the first. */
  lastStep: z.int().min(-1),
});
type Row = z.infer<typeof row>;

/** Of no certificate. */
const NOBODY: Owner = { municipality: '-', user: 'nobody' };

const begunRow = z.strictObject({ sealed: z.string(), triesLeft: z.int(), expiresAt: z.number() });

export class Totp {
  readonly #store: Store;
  readonly #seal: FactorSeal;
  readonly #attempts: Attempts;
  readonly #now: () => number;
  /** Sealed once: to make one at each try took a third longer than to look at one that is there. */
  readonly #nobodys: Row;

  /** @param now wall clock, ms */
  constructor(store: Store, seal: FactorSeal, now: () => number) {
    this.#store = store;
    this.#seal = seal;
    this.#attempts = new Attempts(store, now);
    this.#now = now;
    this.#nobodys = { sealed: this.#makeSecret(NOBODY).sealed, enrolledAt: 0, lastStep: -1 };
  }

  /**
   * Makes the secret, for an administrator to hand over. This is the only time it leaves the process.
   * @returns the otpauth URI for the user's authenticator, or null if one is enrolled already: it must be reset first
   */
  async enrol(owner: Owner): Promise<string | null> {
    const { sealed, uri } = this.#makeSecret(owner);
    const fresh: Row = { sealed, enrolledAt: this.#now(), lastStep: -1 };
    if ((await this.#store.compareAndSwap(keyOf(owner), 0, fresh)) === null) return null;
    await this.#attempts.forget('totp', owner);
    return uri;
  }

  /**
   * Makes a secret that its user scans. It is in force once the user has confirmed it with a code; until then one that is
   * enrolled stays.
   * @returns the otpauth URI
   */
  async begin(owner: Owner): Promise<string> {
    const { sealed, uri } = this.#makeSecret(owner);
    const expiresAt = this.#now() + BEGUN_LIFE_MS;
    await this.#store.put(begunKey(owner), { sealed, triesLeft: CONFIRM_TRIES, expiresAt }, { expiresAt });
    return uri;
  }

  /**
   * The first code of the secret that was begun puts it in force, in the place of one before it, and is used up by that.
   * @throws FACTOR_NOT_ADDED
   */
  async confirm(owner: Owner, code: string): Promise<void> {
    const key = begunKey(owner);
    const entry = await this.#store.get(key);
    if (!entry) throw new Refusal('FACTOR_NOT_ADDED', 'nothing begun');
    const { triesLeft, ...begun } = begunRow.parse(entry.value);
    const counted = { ...begun, triesLeft: triesLeft - 1 };
    const reserved =
      triesLeft > 1
        ? await this.#store.compareAndSwap(key, entry.version, counted, { expiresAt: begun.expiresAt })
        : await this.#store.delete(key, entry.version);
    if (reserved === null || reserved === false) throw new Refusal('FACTOR_NOT_ADDED', 'two at once');
    const step = await matchingStep(this.#secretIn(begun.sealed, owner), code, this.#now());
    if (step === null) throw new Refusal('FACTOR_NOT_ADDED', 'wrong code');
    await this.#store.delete(key);
    await this.#attempts.forget('totp', owner);
    const fresh: Row = { sealed: begun.sealed, enrolledAt: this.#now(), lastStep: step };
    await this.#store.put(keyOf(owner), fresh);
  }

  /** @returns false if none was enrolled */
  async reset(owner: Owner): Promise<boolean> {
    await this.#store.delete(begunKey(owner));
    await this.#attempts.forget('totp', owner);
    return this.#store.delete(keyOf(owner));
  }

  async isEnrolled(owner: Owner): Promise<boolean> {
    return (await this.enrolledAt(owner)) !== null;
  }

  /** @returns ms, which tells this secret from an earlier or later one; null if there is none */
  async enrolledAt(owner: Owner): Promise<number | null> {
    return (await this.#read(owner))?.value.enrolledAt ?? null;
  }

  /**
   * Accepts one code once.
   * @param code six digits; any other text is a failed try like a wrong code
   * @returns enrolledAt of the secret that it is of
   * @throws TOTP_NOT_ENROLLED, FACTOR_LOCKED, FACTOR_BACK_OFF, TOTP_WRONG, TOTP_REPLAYED
   */
  async verify(owner: Owner, code: string): Promise<number> {
    const reserved = await this.#attempts.reserve('totp', owner);
    const enrolled = (await this.#read(owner))?.value;
    // Without one, the secret that nobody has: the same work takes the same time (E7).
    const { sealed } = enrolled ?? row.parse(this.#nobodys);
    const secret = this.#secretIn(sealed, enrolled ? owner : NOBODY);
    const step = await matchingStep(secret, code, this.#now());
    if (!enrolled) throw new Refusal('TOTP_NOT_ENROLLED');
    if (step === null) throw new Refusal('TOTP_WRONG', `${reserved.failures} in a row`);
    await this.#accept(owner, sealed, step);
    await this.#attempts.succeeded(reserved);
    return enrolled.enrolledAt;
  }

  async #accept(owner: Owner, sealed: string, step: number): Promise<void> {
    for (;;) {
      const entry = await this.#read(owner);
      // Reset, or enrolled anew in between: the code belonged to the old secret.
      if (entry?.value.sealed !== sealed) throw new Refusal('TOTP_WRONG', 'enrolled anew meanwhile');
      if (step <= entry.value.lastStep) throw new Refusal('TOTP_REPLAYED');
      const accepted: Row = { ...entry.value, lastStep: step };
      if ((await this.#store.compareAndSwap(keyOf(owner), entry.version, accepted)) !== null) return;
    }
  }

  #makeSecret(owner: Owner): { sealed: string; uri: string } {
    const secret = generateSecret({ length: SECRET_BYTES });
    return {
      sealed: this.#seal.seal('totp', owner, Buffer.from(secret)),
      uri: generateURI({ issuer: ISSUER, label: ownerPath(owner), secret }),
    };
  }

  #secretIn(sealed: string, owner: Owner): string {
    return Buffer.from(this.#seal.open('totp', owner, sealed)).toString();
  }

  async #read(owner: Owner): Promise<Entry<Row> | null> {
    const entry = await this.#store.get(keyOf(owner));
    return entry && { ...entry, value: row.parse(entry.value) };
  }
}

/** @returns the time step that the code belongs to, or null */
async function matchingStep(secret: string, code: string, nowMs: number): Promise<number | null> {
  if (!/^[0-9]{6}$/.test(code)) return null;
  const result = await verify({
    secret,
    token: code,
    epoch: Math.floor(nowMs / 1000),
    period: STEP_SECONDS,
    epochTolerance: [STEP_SECONDS, 0],
  });
  return result.valid && 'timeStep' in result ? result.timeStep : null;
}

function keyOf(owner: Owner): string {
  return TOTP_PREFIX + ownerPath(owner);
}

function begunKey(owner: Owner): string {
  return BEGUN_PREFIX + ownerPath(owner);
}
