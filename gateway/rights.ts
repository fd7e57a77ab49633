// What must hold for a user at a desktop, in one place: asked when a desktop is opened, when its relay begins, at every
// lease, and whenever something about the user changes (C6).
import type { RevocationList } from '#platform/hop/revocation.ts';
import type { PeerIdentity } from '#platform/hop/tls.ts';
import { type Reason, Refusal } from '#protocol/codes.ts';
import type { Entitlements } from './entitlements.ts';
import type { Authenticators } from './sign-in/authenticators.ts';
import { managesFactorsOnly, type Sessions, type SignIn } from './sign-in/sessions.ts';
import type { Users } from './users.ts';

export interface Claimant {
  peer: PeerIdentity;
  signIn: SignIn;
  desktop: string;
}

export interface RightsParts {
  users: Users;
  authenticators: Pick<Authenticators, 'requireHeld'>;
  sessions: Sessions;
  entitlements: Entitlements;
  /** The newest lists of the user authorities; null while they cannot be read. */
  revocations(): RevocationList | null;
  /** Wall clock, ms. */
  now(): number;
}

export class Rights {
  readonly #parts: RightsParts;

  constructor(parts: RightsParts) {
    this.#parts = parts;
  }

  /**
   * Certificate, account, factor, sign-in, entitlement: in this order, so that the first reason is the gravest.
   * @returns when the first time limit strikes, ms; nothing else ends by itself
   * @throws REVOCATION_UNREADABLE, REVOCATION_UNKNOWN, CERTIFICATE_REVOKED, CERTIFICATE_EXPIRED, USER_*, FACTOR_GONE, SIGN_IN_BY_RECOVERY, SESSION_*,
   * DESKTOP_UNKNOWN, ENTITLEMENT_MISSING
   */
  async check({ peer, signIn, desktop }: Claimant): Promise<number> {
    const { users, authenticators, sessions, entitlements, now } = this.#parts;
    const revocations = this.#parts.revocations();
    if (!revocations) throw new Refusal('REVOCATION_UNREADABLE');
    // A list that has run out proves nothing: hard fail, also for who is in already (D9).
    if (!revocations.isCurrent(now())) throw new Refusal('REVOCATION_UNKNOWN', 'the revocation list has run out');
    if (revocations.isRevoked(peer.serial)) throw new Refusal('CERTIFICATE_REVOKED');
    if (now() >= peer.notAfter) throw new Refusal('CERTIFICATE_EXPIRED');
    await users.requireEnabled(signIn);
    await authenticators.requireHeld(signIn);
    if (managesFactorsOnly(signIn)) throw new Refusal('SIGN_IN_BY_RECOVERY');
    const { endsAt } = await sessions.check(signIn, peer.thumbprint, signIn.id);
    await entitlements.require(signIn, desktop);
    return Math.min(endsAt, peer.notAfter);
  }
}

/** Why a running session ends when `check` refuses it: the user reads "signed out" or "idle", not "please sign in". */
export function endOfRights(refusal: Refusal): Refusal {
  const reasons: Partial<Record<Reason, Reason>> = {
    REVOCATION_UNKNOWN: 'RIGHTS_UNCONFIRMED',
    CERTIFICATE_REVOKED: 'CERTIFICATE_ENDED',
    CERTIFICATE_EXPIRED: 'CERTIFICATE_ENDED',
    SESSION_MISSING: 'SIGNED_OUT',
    SESSION_IDLE: 'IDLE_LIMIT',
    SESSION_TOO_OLD: 'OVERALL_LIMIT',
    ENDED_BY_USER: 'ENDED_BY_USER',
    ENDED_BY_ADMINISTRATOR: 'ENDED_BY_ADMINISTRATOR',
    TAKEN_OVER: 'TAKEN_OVER',
  };
  const reason = reasons[refusal.reason];
  if (!reason) return new Refusal('RIGHTS_REVOKED', refusal.message);
  return new Refusal(reason, reason === 'CERTIFICATE_ENDED' ? refusal.message : refusal.detail);
}
