// An administrator's sign-in: certificate of the administrators' own authority, a row that says so, and a second factor.
import { refusalFrom } from '#protocol/codes.ts';
import type { Journal, Visitor } from '../journal.ts';
import type { Factor, Sessions, SignIn } from '../sign-in/sessions.ts';
import type { Totp } from '../sign-in/totp.ts';
import type { Administrator } from './action.ts';
import type { Administrators } from './administrators.ts';

export interface AdministratorSignInParts {
  administrators: Administrators;
  totp: Totp;
  sessions: Sessions;
  journal: Journal;
  /** Wall clock, ms. */
  now(): number;
}

/**
 * @param certified what the certificate says
 * @throws AUDIT_UNWRITABLE, ADMINISTRATOR_*, TOTP_*, STATE_UNWRITABLE
 */
export async function signInAdministrator(
  { administrators, totp, sessions, journal, now }: AdministratorSignInParts,
  certified: Administrator,
  visitor: Visitor,
  code: string,
): Promise<{ secret: string; signIn: SignIn }> {
  journal.requireHealthy();
  const { municipality, user, thumbprint, certificateExpiresAt } = visitor;
  const owner = { municipality, user };
  const factors: Factor[] = ['mtls', 'otp'];
  try {
    await administrators.require(certified);
    await totp.verify(owner, code);
    const lastSignIn = await administrators.noteSignIn(user, now(), certificateExpiresAt);
    journal.signedIn(visitor, factors);
    journal.requireHealthy(); // what could not be recorded does not begin (G4)
    return await sessions.begin(owner, { thumbprint, factors, lastSignIn });
  } catch (error) {
    const refusal = refusalFrom(error);
    journal.signInRefused(visitor, refusal);
    throw refusal;
  }
}
