// TOTP (RFC 6238: HMAC-SHA-1, 6 digits, 30 s) as the second factor. Guessing and replay (T07) are stopped by one row per
// authenticator, changed only by compare-and-swap, so that the rules hold across processes and restarts:
//
//   reserve   count the try as a failure, refused while backing off or locked   ← before the code is looked at
//   compare   the current step, or the one before it (network delay, RFC 6238 §5.2), never one ahead
//   accept    store the step; only a later step than the last accepted one can be (RFC 6238 §5.2, B5)
//
// A crash between reserve and accept leaves a failure counted: it fails closed.
import { generateSecret, generateURI, verify } from 'otplib';
import * as z from 'zod';
import type { Entry, Store } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import type { UserId } from '../users.ts';
import { FACTOR_PREFIX, type FactorSeal } from './factors.ts';

export const TOTP_PREFIX = `${FACTOR_PREFIX}totp/`;

export const STEP_SECONDS = 30;
/** 160 bits, the length of the HMAC's output (RFC 4226 §4 R6). */
const SECRET_BYTES = 20;
const ISSUER = 'LGWAN Telework';

/** Back-off begins with this many failures in a row … */
export const FAILURES_BEFORE_BACK_OFF = 5;
const BACK_OFF_FIRST_MS = 5 * 60_000;
/** … doubles with each more up to this … */
const BACK_OFF_MAX_MS = 60 * 60_000;
/** … and at this many the authenticator is of no use until it is enrolled anew (SP 800-63B-4 §3.2.2). */
export const FAILURES_MAX = 100;

const row = z.strictObject({
  sealed: z.string(),
  enrolledAt: z.number(),
  /** Tries in a row that were not accepted, including those still being compared. */
  failures: z.int().min(0),
  /** No try before this time, ms. */
  notBefore: z.number(),
  /** The last accepted time step; -1 before the first. */
  lastStep: z.int().min(-1),
});
type Row = z.infer<typeof row>;

export class Totp {
  readonly #store: Store;
  readonly #seal: FactorSeal;
  readonly #now: () => number;

  /** @param now wall clock, ms */
  constructor(store: Store, seal: FactorSeal, now: () => number) {
    this.#store = store;
    this.#seal = seal;
    this.#now = now;
  }

  /**
   * Makes the secret. This is the only time it leaves the process.
   * @returns the otpauth URI for the user's authenticator, or null if one is enrolled already: it must be reset first
   */
  async enrol(owner: UserId): Promise<string | null> {
    const secret = generateSecret({ length: SECRET_BYTES });
    const fresh: Row = {
      sealed: this.#seal.seal('totp', owner, Buffer.from(secret)),
      enrolledAt: this.#now(),
      failures: 0,
      notBefore: 0,
      lastStep: -1,
    };
    if ((await this.#store.compareAndSwap(key(owner), 0, fresh)) === null) return null;
    return generateURI({ issuer: ISSUER, label: `${owner.municipality}/${owner.user}`, secret });
  }

  /** @returns false if none was enrolled */
  reset(owner: UserId): Promise<boolean> {
    return this.#store.delete(key(owner));
  }

  async isEnrolled(owner: UserId): Promise<boolean> {
    return (await this.#store.get(key(owner))) !== null;
  }

  /**
   * Accepts one code once.
   * @param code six digits; any other text is a failed try like a wrong code
   * @throws TOTP_NOT_ENROLLED, TOTP_LOCKED, TOTP_BACK_OFF, TOTP_WRONG, TOTP_REPLAYED
   */
  async verify(owner: UserId, code: string): Promise<void> {
    const reserved = await this.#reserve(owner);
    const secret = Buffer.from(this.#seal.open('totp', owner, reserved.sealed)).toString();
    const step = await matchingStep(secret, code, this.#now());
    if (step === null) throw new Refusal('TOTP_WRONG', `${reserved.failures} in a row`);
    await this.#accept(owner, reserved, step);
  }

  async #reserve(owner: UserId): Promise<Row> {
    for (;;) {
      const entry = await this.#read(owner);
      const { value } = entry;
      if (value.failures >= FAILURES_MAX) throw new Refusal('TOTP_LOCKED', `${value.failures} failures in a row`);
      if (this.#now() < value.notBefore) throw new Refusal('TOTP_BACK_OFF', `${value.failures} failures in a row`);
      const failures = value.failures + 1;
      const reserved: Row = { ...value, failures, notBefore: this.#now() + backOffMs(failures) };
      if ((await this.#store.compareAndSwap(key(owner), entry.version, reserved)) !== null) return reserved;
    }
  }

  /** Takes back this try and the failures before it; tries that were reserved meanwhile stay counted. */
  async #accept(owner: UserId, reserved: Row, step: number): Promise<void> {
    for (;;) {
      const entry = await this.#read(owner);
      const { value } = entry;
      // Reset and enrolled anew in between: the code belonged to the old secret.
      if (value.sealed !== reserved.sealed) throw new Refusal('TOTP_WRONG', 'enrolled anew meanwhile');
      if (step <= value.lastStep) throw new Refusal('TOTP_REPLAYED', `${value.failures} in a row`);
      const failures = Math.max(0, value.failures - reserved.failures);
      const accepted: Row = { ...value, failures, notBefore: 0, lastStep: step };
      if ((await this.#store.compareAndSwap(key(owner), entry.version, accepted)) !== null) return;
    }
  }

  async #read(owner: UserId): Promise<Entry<Row>> {
    const entry = await this.#store.get(key(owner));
    if (!entry) throw new Refusal('TOTP_NOT_ENROLLED');
    return { ...entry, value: row.parse(entry.value) };
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

function backOffMs(failures: number): number {
  if (failures < FAILURES_BEFORE_BACK_OFF) return 0;
  return Math.min(BACK_OFF_MAX_MS, BACK_OFF_FIRST_MS * 2 ** (failures - FAILURES_BEFORE_BACK_OFF));
}

function key({ municipality, user }: UserId): string {
  return `${TOTP_PREFIX}${municipality}/${user}`;
}
