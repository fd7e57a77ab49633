// A user's own factors: what there is, and changing it. Every change needs a sign-in of the last five minutes, happens one
// at a time, and is an audit event, the refused ones too (E4, T23).
import type { Store } from '#platform/state/store.ts';
import { Refusal, refusalFrom } from '#protocol/codes.ts';
import type { CountedFactor, Journal, Visitor } from '../journal.ts';
import type { Authenticators, PolicyBook } from './authenticators.ts';
import { type Owner, ownerPath } from './owner.ts';
import type { Ceremony } from './passkeys.ts';
import { requireFresh, type SignIn } from './sessions.ts';

/** Longer than any change takes; after a crash in the middle of one, the next is possible again. */
const LOCK_MS = 30_000;

export interface OwnFactorsParts {
  store: Store;
  authenticators: Authenticators;
  policies: PolicyBook;
  journal: Journal;
  /** Wall clock, ms. */
  now(): number;
}

/** Who asks: a live sign-in, and where it comes from. */
export interface Changer {
  signIn: SignIn;
  visitor: Visitor;
}

export class OwnFactors {
  readonly #parts: OwnFactorsParts;

  constructor(parts: OwnFactorsParts) {
    this.#parts = parts;
  }

  /** No secret and nothing that could be guessed from. Times in ms. */
  async describe(owner: Owner) {
    const { totp, passkeys, passwords, recovery } = this.#parts.authenticators;
    return {
      totp: await totp.enrolledAt(owner),
      passkeys: await passkeys.list(owner),
      password: await passwords.setAt(owner),
      recoveryCodesLeft: await recovery.codesLeft(owner),
    };
  }

  /** @param displayName what an authenticator shows beside the user id */
  async passkeyOptions(changer: Changer, displayName: string) {
    const { authenticators, policies } = this.#parts;
    const { signIn, visitor } = changer;
    return this.#change(changer, 'webauthn', async () => {
      const { hardwareBound } = await policies.of(signIn.municipality);
      return authenticators.passkeys.registrationOptions(signIn, visitor.thumbprint, displayName, hardwareBound);
    });
  }

  async addPasskey(changer: Changer, name: string, ceremony: Omit<Ceremony, 'thumbprint'>): Promise<void> {
    const { authenticators, policies, journal } = this.#parts;
    const { signIn, visitor } = changer;
    await this.#change(changer, 'webauthn', async () => {
      const { hardwareBound } = await policies.of(signIn.municipality);
      const from = { ...ceremony, thumbprint: visitor.thumbprint };
      await authenticators.passkeys.register(signIn, from, name, hardwareBound);
      journal.factorAdded(visitor, 'webauthn');
    });
  }

  /** @throws FACTOR_UNKNOWN, FACTOR_LAST */
  async removePasskey(changer: Changer, id: string): Promise<void> {
    const { passkeys } = this.#parts.authenticators;
    await this.#remove(changer, 'webauthn', id, () => passkeys.remove(changer.signIn, id));
  }

  /** @returns the otpauth URI */
  beginTotp(changer: Changer): Promise<string> {
    const { totp } = this.#parts.authenticators;
    return this.#change(changer, 'totp', () => totp.begin(changer.signIn));
  }

  /** @throws FACTOR_NOT_ADDED */
  async confirmTotp(changer: Changer, code: string): Promise<void> {
    const { authenticators, journal } = this.#parts;
    await this.#change(changer, 'totp', async () => {
      await authenticators.totp.confirm(changer.signIn, code);
      journal.factorAdded(changer.visitor, 'totp');
    });
  }

  /** @throws FACTOR_UNKNOWN, FACTOR_LAST */
  async removeTotp(changer: Changer): Promise<void> {
    const { totp } = this.#parts.authenticators;
    await this.#remove(changer, 'totp', 'totp', () => totp.reset(changer.signIn));
  }

  /** @throws PASSWORD_UNFIT */
  async setPassword(changer: Changer, password: string): Promise<void> {
    const { authenticators, journal } = this.#parts;
    await this.#change(changer, 'password', async () => {
      await authenticators.passwords.set(changer.signIn, password);
      journal.factorAdded(changer.visitor, 'password');
    });
  }

  /** @returns the codes, told only here */
  async makeRecoveryCodes(changer: Changer): Promise<string[]> {
    const { authenticators, journal } = this.#parts;
    return this.#change(changer, 'recovery', async () => {
      const codes = await authenticators.recovery.makeCodes(changer.signIn);
      journal.factorAdded(changer.visitor, 'recovery');
      return codes;
    });
  }

  /** Who could not sign in any more would have to ask an administrator. @param which as in Authenticators.usable */
  #remove(changer: Changer, factor: CountedFactor, which: string, remove: () => Promise<boolean>): Promise<void> {
    const { authenticators, journal } = this.#parts;
    return this.#change(changer, factor, async () => {
      const usable = await authenticators.usable(changer.signIn);
      if (usable.length === 1 && usable[0] === which) throw new Refusal('FACTOR_LAST');
      if (!(await remove())) throw new Refusal('FACTOR_UNKNOWN');
      journal.factorRemoved(changer.visitor, factor);
    });
  }

  async #change<T>({ signIn, visitor }: Changer, factor: CountedFactor, work: () => Promise<T>): Promise<T> {
    const { store, journal, now } = this.#parts;
    const key = `factors-changing/${ownerPath(signIn)}`;
    try {
      journal.requireHealthy(); // what could not be recorded does not happen (G4)
      requireFresh(signIn, now());
      const lock = await store.compareAndSwap(key, 0, {}, { expiresAt: now() + LOCK_MS });
      if (lock === null) throw new Refusal('FACTORS_CHANGING');
      try {
        return await work();
      } finally {
        await store.delete(key, lock);
      }
    } catch (error) {
      const refusal = refusalFrom(error);
      journal.factorRefused(visitor, factor, refusal);
      throw refusal;
    }
  }
}
