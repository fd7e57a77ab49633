// Sign-in sessions. One per user: a new sign-in replaces the one before, whose cookie opens nothing from then on. Bound to
// the certificate of the TLS connection it was made on (F3, T05).
//
// A sign-in that carries a desktop session is kept beside the new one, for that session's sake alone, until the session
// ends or is taken over by a verified proof (F5): a second factor by itself must not end it (T01).
import { timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { type Limits, OVERALL_MAX_SECONDS } from '#platform/process/limits.ts';
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
  /** The user's newest desktop session went live on this sign-in. */
  carries: z.boolean(),
});
type Row = z.infer<typeof row>;

/** The authenticators that a sign-in rests on: it ends with them. */
export type Basis = Row['basis'];

export interface SignIn extends Owner {
  /** Hash of the cookie: names this sign-in, opens nothing. */
  id: string;
  thumbprint: string;
  factors: Factor[];
  /** ms */
  signedInAt: number;
  lastSignIn: number | null;
  basis: Basis;
  /** The user's newest desktop session went live on this sign-in. */
  carries: boolean;
  /** In force now. */
  limits: Limits;
  /** When the first of its limits strikes if nothing more is done, ms. */
  endsAt: number;
}

export class Sessions {
  readonly #store: Store;
  readonly #limitsOf: (municipality: string) => Promise<Limits>;
  readonly #now: () => number;

  /**
   * @param limitsOf looked at at every check, so that a policy that was tightened holds at once
   * @param now wall clock, ms
   */
  constructor(store: Store, limitsOf: (municipality: string) => Promise<Limits>, now: () => number) {
    this.#store = store;
    this.#limitsOf = limitsOf;
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
    const begun: Row = { hash: hashOf(secret), ...by, signedInAt: now, lastActiveAt: now, carries: false };
    const { municipality, user } = owner;
    await this.#store.put(OWNER_PREFIX + begun.hash, { municipality, user }, expiry(begun));
    for (;;) {
      const before = await this.#read(key(owner));
      if (before?.value.carries) await this.#store.put(replacedKey(owner), before.value, expiry(before.value));
      if (await this.#swap(key(owner), before, begun)) break;
    }
    return { secret, signIn: signInOf(owner, begun, await this.#limitsOf(municipality)) };
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
    const current = await this.#read(key(owner));
    if (!current) throw new Refusal('SESSION_MISSING', 'this user is not signed in');
    if (!sameHash(current.value.hash, id)) throw new Refusal('SESSION_MISSING', 'another sign-in took its place');
    return this.#checked(owner, thumbprint, current.value);
  }

  /**
   * The same for what runs on a sign-in, known by its id: one that was replaced still holds for its desktop session.
   * @throws SESSION_MISSING, SESSION_OTHER_CERTIFICATE, SESSION_IDLE, SESSION_TOO_OLD
   */
  async check(owner: Owner, thumbprint: string, id: string): Promise<SignIn> {
    const entry = await this.#byId(owner, id);
    if (!entry) throw new Refusal('SESSION_MISSING', 'signed out, or another sign-in took its place');
    return this.#checked(owner, thumbprint, entry.value);
  }

  /** Notes what a user did himself; polling and what the server sends are no activity (F1). */
  async noteActivity(signIn: SignIn, atMs: number): Promise<void> {
    for (;;) {
      const entry = await this.#byId(signIn, signIn.id);
      if (!entry || atMs <= entry.value.lastActiveAt) return;
      if (await this.#swap(entry.key, entry, { ...entry.value, lastActiveAt: atMs })) return;
    }
  }

  /** From now on this sign-in carries the user's desktop session: a later sign-in does not end it. */
  async carry(signIn: SignIn): Promise<void> {
    for (;;) {
      const entry = await this.#byId(signIn, signIn.id);
      if (!entry || entry.value.carries) return;
      if (await this.#swap(entry.key, entry, { ...entry.value, carries: true })) return;
    }
  }

  /** @returns when something was last done in the owner's desktop session, ms, as it was noted last; null if there is none */
  async lastActive(owner: Owner): Promise<number | null> {
    for (const where of [key(owner), replacedKey(owner)]) {
      const entry = await this.#read(where);
      if (entry?.value.carries) return entry.value.lastActiveAt;
    }
    return null;
  }

  /** The desktop session of the sign-in that was replaced has been taken over by this one's: nothing runs on it any more. */
  async dropReplaced(signIn: SignIn): Promise<void> {
    const entry = await this.#read(replacedKey(signIn));
    if (entry && entry.value.hash !== signIn.id) await this.#store.delete(entry.key, entry.version);
  }

  /** Ends this sign-in and no other one: a desktop session that an earlier one carries goes on (T01). */
  async signOut(signIn: SignIn): Promise<void> {
    for (;;) {
      const entry = await this.#byId(signIn, signIn.id);
      if (!entry || (await this.#store.delete(entry.key, entry.version))) return;
    }
  }

  /**
   * Ends whatever sign-in the user has.
   * @returns false if the user was not signed in
   */
  async end(owner: Owner): Promise<boolean> {
    const ended = [await this.#store.delete(replacedKey(owner)), await this.#store.delete(key(owner))];
    return ended.includes(true);
  }

  async #checked(owner: Owner, thumbprint: string, value: Row): Promise<SignIn> {
    if (value.thumbprint !== thumbprint) throw new Refusal('SESSION_OTHER_CERTIFICATE');
    const limits = await this.#limitsOf(owner.municipality);
    const now = this.#now();
    if (now >= value.signedInAt + limits.overallSeconds * 1000) throw new Refusal('SESSION_TOO_OLD');
    if (now >= value.lastActiveAt + limits.idleSeconds * 1000) throw new Refusal('SESSION_IDLE');
    return signInOf(owner, value, limits);
  }

  async #byId(owner: Owner, id: string): Promise<Entry<Row> | null> {
    for (const where of [key(owner), replacedKey(owner)]) {
      const entry = await this.#read(where);
      if (entry && sameHash(entry.value.hash, id)) return entry;
    }
    return null;
  }

  async #read(where: string): Promise<Entry<Row> | null> {
    const entry = await this.#store.get(where);
    const parsed = row.safeParse(entry?.value);
    if (entry && parsed.success) return { ...entry, value: parsed.data };
    // What an earlier release wrote is no sign-in: its user signs in anew.
    if (entry) await this.#store.delete(where, entry.version);
    return null;
  }

  /** @returns false if another write came first */
  async #swap(where: string, before: Entry<Row> | null, value: Row): Promise<boolean> {
    // Of what a user did: if a power cut takes it back, the sign-in ends earlier.
    const options = { ...expiry(value), durable: false };
    return (await this.#store.compareAndSwap(where, before?.version ?? 0, value, options)) !== null;
  }
}

function expiry({ signedInAt }: Row): { expiresAt: number } {
  return { expiresAt: signedInAt + OVERALL_MAX_SECONDS * 1000 + ROW_GRACE_MS };
}

function signInOf({ municipality, user }: Owner, { hash, lastActiveAt, ...rest }: Row, limits: Limits): SignIn {
  const idleEnd = lastActiveAt + limits.idleSeconds * 1000;
  const overallEnd = rest.signedInAt + limits.overallSeconds * 1000;
  return { id: hash, municipality, user, ...rest, limits, endsAt: Math.min(idleEnd, overallEnd) };
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

function replacedKey(owner: Owner): string {
  return `${key(owner)}/replaced`;
}
