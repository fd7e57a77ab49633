// Signing in: the certificate says who it is, the second factor that the person is there (B1, B6), a password, where the
// policy wants one, that it is the person. The one place that decides it, for users and administrators alike.
//
// Every way to fail has one answer, and each does the same work: which accounts and factors exist shows neither in what is
// answered nor in how long it takes (E7).
import { Refusal, refusalFrom } from '#protocol/codes.ts';
import type { Journal, Visitor } from '../journal.ts';
import type { UserPolicy } from '../policies.ts';
import type { Authenticators, PolicyBook } from './authenticators.ts';
import type { History } from './history.ts';
import type { Owner } from './owner.ts';
import type { Ceremony } from './passkeys.ts';
import type { Basis, Factor, Sessions, SignIn } from './sessions.ts';

/** Who may sign in at all. */
export interface Accounts {
  /** @throws USER_UNKNOWN, USER_DISABLED */
  requireEnabled(owner: Owner): Promise<unknown>;
  /** @returns the time of the sign-in before this one, ms */
  noteSignIn(owner: Owner, nowMs: number, certificateExpiresAt: number): Promise<number | null>;
}

export interface SignInParts {
  accounts: Accounts;
  authenticators: Authenticators;
  policies: PolicyBook;
  sessions: Sessions;
  history: History;
  journal: Journal;
  /** Wall clock, ms. */
  now(): number;
}

/** The second factor that is shown; its form is looked at where the try is counted. */
export type Shown =
  | { factor: 'totp'; code: string }
  | ({ factor: 'webauthn' } & Pick<Ceremony, 'origin' | 'nonce' | 'credential'>)
  | { factor: 'recovery'; code: string };

/** What held: the names for the grant and the log, and what the sign-in rests on. */
interface Held {
  factors: Factor[];
  basis: Basis;
}

/**
 * @param visitor from the TLS connection: a factor of one user is of no use over another user's certificate
 * @returns the secret of cookie or token, and the session
 * @throws AUDIT_UNWRITABLE, USER_*, FACTOR_*, TOTP_*, PASSKEY_*, PASSWORD_*, RECOVERY_WRONG, STATE_UNWRITABLE
 */
export async function signIn(
  parts: SignInParts,
  visitor: Visitor,
  shown: Shown,
  password: string | undefined,
): Promise<{ secret: string; signIn: SignIn }> {
  const { accounts, sessions, history, journal, now } = parts;
  journal.requireHealthy();
  const { municipality, user, thumbprint, certificateExpiresAt, address } = visitor;
  const owner = { municipality, user };
  try {
    const { factors, basis } = await verify(parts, owner, visitor, shown, password);
    const lastSignIn = await accounts.noteSignIn(owner, now(), certificateExpiresAt);
    journal.signedIn(visitor, factors);
    if (basis.factor === 'recovery') journal.recoveryUsed(visitor, basis.which);
    journal.requireHealthy(); // what could not be recorded does not begin (G4)
    await history.add(owner, { at: now(), address, factors, succeeded: true });
    return await sessions.begin(owner, { thumbprint, factors, lastSignIn, basis });
  } catch (error) {
    const refusal = refusalFrom(error);
    journal.signInRefused(visitor, shown.factor, refusal);
    const past = { at: now(), address, factors: TRIED[shown.factor], succeeded: false };
    if (isOfSignIn(refusal)) await history.add(owner, past).catch((failed) => journal.troubled(failed));
    throw refusal;
  }
}

const TRIED: Readonly<Record<Shown['factor'], Factor[]>> = {
  totp: ['mtls', 'otp'],
  webauthn: ['mtls', 'swk', 'user'],
  recovery: ['mtls', 'recovery'],
};

async function verify(
  { accounts, authenticators, policies }: SignInParts,
  owner: Owner,
  visitor: Visitor,
  shown: Shown,
  password: string | undefined,
): Promise<Held> {
  const policy = await policies.of(owner.municipality);
  const account = await settled(() => accounts.requireEnabled(owner));
  const second = await settled(() => verifySecond(authenticators, owner, visitor, shown, policy));
  // A password is looked at only behind a second factor that held: no oracle for who has just the certificate. Otherwise the
  // work is done for nothing. Who has an activation code may have lost the password, too.
  const asked = policy.password && !(second instanceof Refusal) && second.basis.which !== 'activation';
  if (policy.password && !asked && !isSameForAll(second)) await authenticators.passwords.pretend(owner);
  const known = asked ? await settled(() => authenticators.passwords.verify(owner, password)) : null;
  const refusals = [account, second, known].filter((one) => one instanceof Refusal);
  // The gravest is for the log. Outside "later" comes first, or it would show for enabled accounts only.
  const refusal = refusals.find(({ code }) => code === 'SIGN_IN_LATER') ?? refusals[0];
  if (refusal || second instanceof Refusal || known instanceof Refusal) throw refusal;
  if (known === null) return second;
  return { factors: [...second.factors, 'pwd'], basis: { ...second.basis, passwordSetAt: known } };
}

async function verifySecond(
  { totp, passkeys, recovery }: Authenticators,
  owner: Owner,
  { thumbprint }: Visitor,
  shown: Shown,
  { secondFactors, hardwareBound }: UserPolicy,
): Promise<Held> {
  const held = (factors: Factor[], factor: Basis['factor'], which: string): Held => ({
    factors: ['mtls', ...factors],
    basis: { factor, which, passwordSetAt: null },
  });
  if (shown.factor === 'recovery') return held(['recovery'], 'recovery', await recovery.spend(owner, shown.code));
  if (!secondFactors.includes(shown.factor)) throw new Refusal('FACTOR_NOT_ALLOWED', 'by the policy');
  if (shown.factor === 'totp') return held(['otp'], 'totp', String(await totp.verify(owner, shown.code)));
  const { hash, passkey } = await passkeys.verify(owner, { ...shown, thumbprint }, hardwareBound);
  return held([passkey.hardwareBound ? 'hwk' : 'swk', 'user'], 'webauthn', hash);
}

/** Known or not: no hash hides anything then, and nobody shall keep a core busy with hashing for nothing (F8, T13). */
function isSameForAll(second: Held | Refusal): boolean {
  return second instanceof Refusal && (second.code === 'SIGN_IN_LATER' || second.reason === 'FACTOR_NOT_ALLOWED');
}

/** A refusal as a value, so that the rest of the work is done as well; anything else is thrown. */
async function settled<T>(work: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal && isOfSignIn(error)) return error;
    throw error;
  }
}

function isOfSignIn({ code }: Refusal): boolean {
  return code === 'SIGN_IN_REFUSED' || code === 'SIGN_IN_LATER';
}
