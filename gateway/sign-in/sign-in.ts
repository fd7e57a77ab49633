// Signing in: the certificate says who it is, the second factor that the person is there (B1, B6).
import { type Refusal, refusalFrom } from '#protocol/codes.ts';
import type { Journal, Visitor } from '../journal.ts';
import type { Users } from '../users.ts';
import type { Factor, Sessions, SignIn } from './sessions.ts';
import type { Totp } from './totp.ts';

export interface SignInParts {
  users: Users;
  totp: Totp;
  sessions: Sessions;
  journal: Journal;
  /** Wall clock, ms. */
  now(): number;
}

/**
 * @param visitor from the TLS connection: a code of one user is of no use over another user's certificate
 * @returns the cookie's secret and the session
 * @throws AUDIT_UNWRITABLE, USER_*, TOTP_*, STATE_UNWRITABLE
 */
export async function signInWithTotp(
  { users, totp, sessions, journal, now }: SignInParts,
  visitor: Visitor,
  code: string,
): Promise<{ secret: string; signIn: SignIn }> {
  journal.requireHealthy();
  const { municipality, user, thumbprint, certificateExpiresAt } = visitor;
  const owner = { municipality, user };
  const factors: Factor[] = ['mtls', 'otp'];
  try {
    await users.requireEnabled(owner);
    await totp.verify(owner, code);
    const lastSignIn = await users.noteSignIn(owner, now(), certificateExpiresAt);
    journal.signedIn(visitor, factors);
    journal.requireHealthy(); // what could not be recorded does not begin (G4)
    return await sessions.begin(owner, { thumbprint, factors, lastSignIn });
  } catch (error) {
    const refusal: Refusal = refusalFrom(error);
    journal.signInRefused(visitor, refusal);
    throw refusal;
  }
}
