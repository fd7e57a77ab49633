// All authenticators of a user besides the certificate, and what a sign-in rests on. Users and administrators have the same
// kinds; the policy says which of them count.
import type { Store } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import type { UserPolicy } from '../policies.ts';
import type { FactorSeal } from './factors.ts';
import type { Owner } from './owner.ts';
import { type Passkey, Passkeys, type RelyingParty } from './passkeys.ts';
import { Passwords } from './passwords.ts';
import { Recovery } from './recovery.ts';
import type { SignIn } from './sessions.ts';
import { Totp } from './totp.ts';

/** What is demanded of the owners of one municipality; "-" for administrators. */
export interface PolicyBook {
  of(municipality: string): Promise<UserPolicy>;
}

export class Authenticators {
  readonly totp: Totp;
  readonly passkeys: Passkeys;
  readonly passwords: Passwords;
  readonly recovery: Recovery;
  readonly #policies: PolicyBook;

  /**
   * @param relyingParty null: no passkeys
   * @param now wall clock, ms
   */
  constructor(
    { store, seal, now }: { store: Store; seal: FactorSeal; now: () => number },
    policies: PolicyBook,
    relyingParty: RelyingParty | null,
  ) {
    this.totp = new Totp(store, seal, now);
    this.passkeys = new Passkeys(store, seal, relyingParty, now);
    this.passwords = new Passwords(store, seal, now);
    this.recovery = new Recovery(store, now);
    this.#policies = policies;
  }

  /**
   * A sign-in ends with what it rests on: removed, reset, set anew, suspended, or no longer enough for the policy (E4).
   * @throws FACTOR_GONE
   */
  async requireHeld(signIn: SignIn): Promise<void> {
    const { factor, which, passwordSetAt } = signIn.basis;
    if (factor === 'recovery') return;
    const policy = await this.#policies.of(signIn.municipality);
    if (!policy.secondFactors.includes(factor)) throw new Refusal('FACTOR_GONE', `${factor} is no longer allowed`);
    if (factor === 'totp' && String(await this.totp.enrolledAt(signIn)) !== which) {
      throw new Refusal('FACTOR_GONE', 'totp');
    }
    if (factor === 'webauthn' && !counts(await this.passkeys.find(signIn, which), policy)) {
      throw new Refusal('FACTOR_GONE', 'passkey');
    }
    if (policy.password && (passwordSetAt === null || (await this.passwords.setAt(signIn)) !== passwordSetAt)) {
      throw new Refusal('FACTOR_GONE', 'password');
    }
  }

  /** @returns second factors that would let the owner in: "totp", or a passkey's id */
  async usable(owner: Owner): Promise<string[]> {
    const policy = await this.#policies.of(owner.municipality);
    const passkeys = policy.secondFactors.includes('webauthn') ? await this.passkeys.list(owner) : [];
    const totp = policy.secondFactors.includes('totp') && (await this.totp.isEnrolled(owner));
    return [...(totp ? ['totp'] : []), ...passkeys.filter((passkey) => counts(passkey, policy)).map(({ id }) => id)];
  }

  /** For somebody who left, or whose factors are all lost. */
  async removeAll(owner: Owner): Promise<void> {
    await this.totp.reset(owner);
    for (const { id } of await this.passkeys.list(owner)) await this.passkeys.remove(owner, id);
    await this.passwords.remove(owner);
    await this.recovery.forget(owner);
  }
}

function counts(passkey: Passkey | null, { hardwareBound }: UserPolicy): boolean {
  return passkey !== null && !passkey.suspended && (passkey.hardwareBound || !hardwareBound);
}
