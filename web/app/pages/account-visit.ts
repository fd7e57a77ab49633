// What the parts of the account page share.
import type { Factors, History, Live } from '#web/core/gateway-ceremony.ts';
import type { Bilingual } from '../language.ts';
import type { SignedInVisit } from '../shell.ts';

/** What the page shows. What is shown only once stands here until the user says to have it. */
export interface Account {
  factors: Factors;
  history: History;
  live: Live;
  /** Told at the top after a change. */
  note: Bilingual | null;
  /** otpauth URI of an authenticator app that is being set up */
  totpUri: string | null;
  recoveryCodes: readonly string[] | null;
}

export interface AccountVisit extends SignedInVisit {
  /** Draws what changed here and nowhere else. */
  change(account: Partial<Account>): void;
  /** Asks the gateway again. @param note what has been done */
  done(note: Bilingual | null): Promise<void>;
}
