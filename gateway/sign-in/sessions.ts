// Sign-in sessions. One per user: a new sign-in replaces the one before, which is also how a user takes over after a
// lost connection (F5). Bound to the certificate of the TLS connection it was made on (F3, T05).
import { timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import type { Entry, Store } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import { AMR } from '#protocol/outer/grant.ts';
import { hashOf, newSecret } from './cookie.ts';
import { type Owner, ownerPath, ownerSchema } from './owner.ts';

export const SESSION_PREFIX = 'sign-in/';
/** Whose a cookie is, by its hash: only to notice that somebody else shows it. */
const OWNER_PREFIX = 'cookie/';

/** What a grant's amr can say, and a code in the place of a lost factor, which leads to no grant. */
export const FACTORS = [...AMR, 'recovery'] as const;
export type Factor = (typeof FACTORS)[number];

/** How old a sign-in may be where factors are changed, or something dangerous is done (E4, E9). */
const FRESH_MS = 5 * 60_000;

/** A row outlives its limit by this, so that the refusal can still say why. */
const ROW_GRACE_MS = 60_000;

export interface Limits {
  idleSeconds: number;
  overallSeconds: number;
}

const row = z.strictObject({
  /** of the cookie */
  hash: z.string(),
  thumbprint: z.string(),
  factors: z.array(z.enum(FACTORS)),
  signedInAt: z.number(),
  lastActiveAt: z.number(),
  /** Of the sign-in before this one. */
  lastSignIn: z.number().nullable(),
  basis: z.strictObject({
    factor: z.enum(['totp', 'webauthn', 'recovery']),
    /** Tells one passkey, or one TOTP secret, from another. */
    which: z.string(),
    /** When the password that was shown was set, ms; null if none was asked for. */
    passwordSetAt: z.number().nullable(),
  }),
});
type Row = z.infer<typeof row>;

/** The authenticators that a sign-in rests on: it ends with them. */
export type Basis = Row['basis'];

export interface SignIn extends Owner {
  /** Hash of the cookie: names this sign-in, opens nothing. */
  id: string;
  thumbprint: string;
  factors: Factor[];
  lastSignIn: number | null;
  /** ms */
  signedInAt: number;
  basis: Basis;
  /** When the first of its limits strikes if nothing more is done, ms. */
  endsAt: number;
}

export class Sessions {
  readonly #store: Store;
  readonly #limits: Limits;
  readonly #now: () => number;

  /** @param now wall clock, ms */
  constructor(store: Store, limits: Limits, now: () => number) {
    this.#store = store;
    this.#limits = limits;
    this.#now = now;
  }

  /**
   * Begins a session after every factor was verified; the caller vouches for that.
   * @returns the cookie's secret, which is new each time (F2), and the session
   */
  async begin(
    owner: Owner,
    by: { thumbprint: string; factors: Factor[]; lastSignIn: number | null; basis: Basis },
  ): Promise<{ secret: string; signIn: SignIn }> {
    const secret = newSecret();
    const now = this.#now();
    const begun: Row = { hash: hashOf(secret), ...by, signedInAt: now, lastActiveAt: now };
    const { municipality, user } = owner;
    await this.#store.put(OWNER_PREFIX + begun.hash, { municipality, user }, this.#expiry(begun));
    await this.#store.put(key(owner), begun, this.#expiry(begun));
    return { secret, signIn: this.#signIn(owner, begun) };
  }

  /**
   * The session that this cookie opens for this certificate.
   * @param owner and thumbprint come from the TLS connection, never from a header (B9)
   * @throws SESSION_MISSING, SESSION_OTHER_USER, SESSION_OTHER_CERTIFICATE, SESSION_IDLE, SESSION_TOO_OLD
   */
  async find(owner: Owner, thumbprint: string, secret: string | null): Promise<SignIn> {
    if (!secret) throw new Refusal('SESSION_MISSING', 'neither cookie nor token');
    const id = hashOf(secret);
    const entry = await this.#store.get(OWNER_PREFIX + id);
    const { municipality, user } = entry ? ownerSchema.parse(entry.value) : owner;
    if (municipality !== owner.municipality || user !== owner.user) {
      throw new Refusal('SESSION_OTHER_USER', `that of ${municipality}/${user}`);
    }
    return this.check(owner, thumbprint, id);
  }

  /**
   * The same for a session that is known by its id.
   * @throws SESSION_MISSING, SESSION_OTHER_CERTIFICATE, SESSION_IDLE, SESSION_TOO_OLD
   */
  async check(owner: Owner, thumbprint: string, id: string): Promise<SignIn> {
    const entry = await this.#read(owner);
    if (!entry) throw new Refusal('SESSION_MISSING', 'this user is not signed in');
    if (!sameHash(entry.value.hash, id)) throw new Refusal('SESSION_MISSING', 'another sign-in took its place');
    if (entry.value.thumbprint !== thumbprint) throw new Refusal('SESSION_OTHER_CERTIFICATE');
    const { lastActiveAt, signedInAt } = entry.value;
    const now = this.#now();
    if (now >= signedInAt + this.#limits.overallSeconds * 1000) throw new Refusal('SESSION_TOO_OLD');
    if (now >= lastActiveAt + this.#limits.idleSeconds * 1000) throw new Refusal('SESSION_IDLE');
    return this.#signIn(owner, entry.value);
  }

  /** Notes what a user did himself; polling and what the server sends are no activity (F1). */
  async noteActivity(signIn: SignIn, atMs: number): Promise<void> {
    for (;;) {
      const entry = await this.#read(signIn);
      if (!entry || entry.value.hash !== signIn.id || atMs <= entry.value.lastActiveAt) return;
      const active: Row = { ...entry.value, lastActiveAt: atMs };
      const version = await this.#store.compareAndSwap(key(signIn), entry.version, active, this.#expiry(active));
      if (version !== null) return;
    }
  }

  get limits(): Limits {
    return this.#limits;
  }

  /** @returns false if the user was not signed in */
  end(owner: Owner): Promise<boolean> {
    return this.#store.delete(key(owner));
  }

  async #read(owner: Owner): Promise<Entry<Row> | null> {
    const entry = await this.#store.get(key(owner));
    // What an earlier release wrote is no sign-in: its user signs in anew.
    const parsed = row.safeParse(entry?.value);
    return entry && parsed.success ? { ...entry, value: parsed.data } : null;
  }

  #expiry({ signedInAt }: Row): { expiresAt: number } {
    return { expiresAt: signedInAt + this.#limits.overallSeconds * 1000 + ROW_GRACE_MS };
  }

  #signIn({ municipality, user }: Owner, { hash, lastActiveAt, ...kept }: Row): SignIn {
    const idleEnd = lastActiveAt + this.#limits.idleSeconds * 1000;
    const overallEnd = kept.signedInAt + this.#limits.overallSeconds * 1000;
    return { id: hash, municipality, user, ...kept, endsAt: Math.min(idleEnd, overallEnd) };
  }
}

/** Both are hashes of equal length; compared without an early exit (D10). */
function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

/** @throws SIGN_IN_NOT_FRESH */
export function requireFresh({ signedInAt }: SignIn, nowMs: number): void {
  if (nowMs - signedInAt >= FRESH_MS) throw new Refusal('SIGN_IN_NOT_FRESH');
}

/** By a recovery or activation code: it may manage the own factors, and nothing else (E3). */
export function managesFactorsOnly({ basis }: SignIn): boolean {
  return basis.factor === 'recovery';
}

function key(owner: Owner): string {
  return SESSION_PREFIX + ownerPath(owner);
}
