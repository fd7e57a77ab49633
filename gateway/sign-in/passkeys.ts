// Passkeys: WebAuthn credentials that sign in, discoverable and with user verification (B2, B3). Rows:
//
//   factor/passkey/MUNICIPALITY/USER/HASH   one passkey; HASH is of its credential id
//   passkey/HASH                            whose it is: no credential belongs to two (L3 §7.1 step 26)
import { createHash, type X509Certificate } from 'node:crypto';
import * as z from 'zod';
import type { Entry, Store } from '#platform/state/store.ts';
import { equal, fromBase64Url, toBase64Url } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { Attempts } from './attempts.ts';
import { CHALLENGE_LIFE_MS, Challenges } from './challenges.ts';
import { FACTOR_PREFIX, type FactorSeal } from './factors.ts';
import { type Owner, ownerPath, ownerSchema } from './owner.ts';
import { type Expected, parseAssertion, type Signed, verifyAssertion, verifyRegistration } from './webauthn.ts';

export const PASSKEY_PREFIX = `${FACTOR_PREFIX}passkey/`;

/** Of one owner. */
export const PASSKEYS_MAX = 10;

export interface RelyingParty {
  /** The host name that passkeys are bound to, of every page that uses them. */
  rpId: string;
  rpName: string;
  /** Makers of hardware authenticators; without one no passkey counts as hardware-bound. */
  attestationRoots: readonly X509Certificate[];
}

const row = z.strictObject({
  id: z.string(),
  /** COSE_Key, base64url */
  publicKey: z.string(),
  name: z.string(),
  createdAt: z.number(),
  lastUsedAt: z.number().nullable(),
  counter: z.int().min(0),
  backupEligible: z.boolean(),
  backedUp: z.boolean(),
  hardwareBound: z.boolean(),
  /** Its counter went backwards. */
  suspended: z.boolean(),
});
export type Passkey = z.infer<typeof row>;

/** Of which visit a ceremony is: the certificate, and the page's origin as the request says. */
export interface Ceremony {
  thumbprint: string;
  /** null: no page; then there is no passkey either */
  origin: string | null;
  nonce: string;
  /** PublicKeyCredential.toJSON() as it came */
  credential: unknown;
}

export class Passkeys {
  readonly #store: Store;
  readonly #seal: FactorSeal;
  readonly #relyingParty: RelyingParty | null;
  readonly #challenges: Challenges;
  readonly #attempts: Attempts;
  readonly #now: () => number;

  /**
   * @param relyingParty null if none is configured: then every ceremony is refused
   * @param now wall clock, ms
   */
  constructor(store: Store, seal: FactorSeal, relyingParty: RelyingParty | null, now: () => number) {
    this.#store = store;
    this.#seal = seal;
    this.#relyingParty = relyingParty;
    this.#challenges = new Challenges(store, now);
    this.#attempts = new Attempts(store, now);
    this.#now = now;
  }

  get rpId(): string | null {
    return this.#relyingParty?.rpId ?? null;
  }

  /** @throws FACTOR_NOT_ALLOWED */
  async signInOptions(thumbprint: string): Promise<{ nonce: string; rpId: string; timeoutMs: number }> {
    const { rpId } = this.#required();
    return { nonce: await this.#challenges.issue('sign-in', thumbprint), rpId, timeoutMs: CHALLENGE_LIFE_MS };
  }

  /**
   * @param hardwareBound the policy admits no other passkey
   * @returns which passkey it was
   * @throws FACTOR_*, PASSKEY_*
   */
  async verify(owner: Owner, ceremony: Ceremony, hardwareBound: boolean): Promise<{ hash: string; passkey: Passkey }> {
    const assertion = await this.#counted(owner, '-', async () => parseAssertion(ceremony.credential));
    const hash = hashOf(assertion.id);
    const entry = await this.#read(owner, hash);
    const reserved = await this.#attempts.reserve('webauthn', owner, entry ? hash : '-');
    const expected = await this.#expected('sign-in', ceremony);
    if (!entry) throw await this.#unknown(hash);
    const { value } = entry;
    if (value.suspended) throw new Refusal('PASSKEY_SUSPENDED');
    const handle = fromBase64Url(assertion.response.userHandle);
    if (!equal(handle, this.#seal.derive('user-handle', owner))) {
      throw new Refusal('PASSKEY_OTHER_USER', 'user handle');
    }
    const signed = await verifyAssertion(assertion, fromBase64Url(value.publicKey), expected);
    if (signed.backupEligible !== value.backupEligible) throw new Refusal('PASSKEY_BACKUP', 'eligibility has changed');
    if (hardwareBound && !value.hardwareBound) throw new Refusal('PASSKEY_NOT_HARDWARE');
    const passkey = await this.#used(owner, hash, signed);
    await this.#attempts.succeeded(reserved);
    return { hash, passkey };
  }

  /** @throws FACTOR_NOT_ALLOWED, FACTOR_NOT_ADDED if hardware is wanted and no root is configured to show it */
  async registrationOptions(owner: Owner, thumbprint: string, displayName: string, hardwareBound: boolean) {
    const { rpId, rpName, attestationRoots } = this.#required();
    if (hardwareBound && attestationRoots.length === 0) throw new Refusal('FACTOR_NOT_ADDED', 'no attestation roots');
    return {
      nonce: await this.#challenges.issue('registration', thumbprint),
      ...{ rpId, rpName, userName: owner.user, displayName },
      userHandle: toBase64Url(this.#seal.derive('user-handle', owner)),
      exclude: (await this.list(owner)).map(({ id }) => id),
      attestation: hardwareBound ? 'direct' : 'none',
    };
  }

  /** @throws FACTOR_NOT_ALLOWED, FACTOR_NOT_ADDED with the reason of the check that failed */
  async register(owner: Owner, ceremony: Ceremony, name: string, hardwareBound: boolean): Promise<Passkey> {
    const { attestationRoots } = this.#required();
    if (hardwareBound && attestationRoots.length === 0) throw new Refusal('FACTOR_NOT_ADDED', 'no attestation roots');
    const made = await asNotAdded(async () => {
      const expected = await this.#expected('registration', ceremony);
      return verifyRegistration(ceremony.credential, expected, hardwareBound ? attestationRoots : null, this.#now());
    });
    if ((await this.list(owner)).length >= PASSKEYS_MAX) throw new Refusal('FACTOR_NOT_ADDED', 'too many passkeys');
    const passkey: Passkey = {
      ...{ ...made, publicKey: toBase64Url(made.publicKey) },
      ...{ name, createdAt: this.#now(), lastUsedAt: null, suspended: false },
    };
    const hash = hashOf(passkey.id);
    const { municipality, user } = owner;
    if ((await this.#store.compareAndSwap(ownerKey(hash), 0, { municipality, user })) === null) {
      throw new Refusal('FACTOR_NOT_ADDED', 'registered already');
    }
    await this.#store.put(keyOf(owner, hash), passkey);
    return passkey;
  }

  async list(owner: Owner): Promise<Passkey[]> {
    const entries = await this.#store.list(`${PASSKEY_PREFIX}${ownerPath(owner)}/`);
    return entries.map(({ value }) => row.parse(value)).sort((a, b) => a.createdAt - b.createdAt);
  }

  async find(owner: Owner, hash: string): Promise<Passkey | null> {
    return (await this.#read(owner, hash))?.value ?? null;
  }

  /** @returns false if the owner has none of that id */
  async remove(owner: Owner, id: string): Promise<boolean> {
    const hash = hashOf(id);
    if (!(await this.#store.delete(keyOf(owner, hash)))) return false;
    await this.#store.delete(ownerKey(hash));
    await this.#attempts.forget('webauthn', owner, hash);
    return true;
  }

  #required(): RelyingParty {
    if (!this.#relyingParty) throw new Refusal('FACTOR_NOT_ALLOWED', 'no relying party is configured');
    return this.#relyingParty;
  }

  /** The challenge is spent before anything of the answer is looked at. */
  async #expected(purpose: 'sign-in' | 'registration', { thumbprint, origin, nonce }: Ceremony): Promise<Expected> {
    const { rpId } = this.#required();
    const challenge = await this.#challenges.spend(purpose, thumbprint, nonce);
    if (origin === null) throw new Refusal('PASSKEY_ORIGIN', 'a request without an origin');
    return { challenge, origin, rpId };
  }

  /** A failure here counts at an authenticator that is none. */
  async #counted<T>(owner: Owner, which: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.#attempts.reserve('webauthn', owner, which);
      throw error;
    }
  }

  async #unknown(hash: string): Promise<Refusal> {
    const whose = await this.#store.get(ownerKey(hash));
    if (!whose) return new Refusal('PASSKEY_UNKNOWN');
    return new Refusal('PASSKEY_OTHER_USER', `the passkey of ${ownerPath(ownerSchema.parse(whose.value))}`);
  }

  /** L3 §7.2 steps 22 and 23; looked at only once the signature holds, so that no forger can suspend a passkey. */
  async #used(owner: Owner, hash: string, { counter, backedUp }: Signed): Promise<Passkey> {
    for (;;) {
      const entry = await this.#read(owner, hash);
      if (!entry) throw new Refusal('PASSKEY_UNKNOWN', 'removed meanwhile');
      if (entry.value.suspended) throw new Refusal('PASSKEY_SUSPENDED');
      const grew = counter > entry.value.counter || (counter === 0 && entry.value.counter === 0);
      const changed: Passkey = grew
        ? { ...entry.value, counter, backedUp, lastUsedAt: this.#now() }
        : { ...entry.value, suspended: true };
      if ((await this.#store.compareAndSwap(entry.key, entry.version, changed)) === null) continue;
      if (!grew) throw new Refusal('PASSKEY_COUNTER', `${counter} after ${entry.value.counter}`);
      return changed;
    }
  }

  async #read(owner: Owner, hash: string): Promise<Entry<Passkey> | null> {
    const entry = await this.#store.get(keyOf(owner, hash));
    return entry && { ...entry, value: row.parse(entry.value) };
  }
}

/** Of one registration the user learns only that it failed; which check it was, the audit log. */
async function asNotAdded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'SIGN_IN_REFUSED') throw error;
    throw new Refusal('FACTOR_NOT_ADDED', error.message);
  }
}

/** Ids have up to 1,023 bytes, keys of the state at most 256 characters. */
function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}

function keyOf(owner: Owner, hash: string): string {
  return `${PASSKEY_PREFIX}${ownerPath(owner)}/${hash}`;
}

function ownerKey(hash: string): string {
  return `passkey/${hash}`;
}
