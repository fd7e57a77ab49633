// A ticket lets one WebSocket in, once, within 30 s: it carries what the HTTPS request decided over to the upgrade
// (F4). Bound to the sign-in and the certificate, and spent before anything about it is looked at (T05).
import * as z from 'zod';
import type { Store } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import { TICKET_LIFE_MS } from '#protocol/limits.ts';
import { DESKTOP, SESSION } from '#protocol/names.ts';
import { hashOf, newSecret } from './sign-in/cookie.ts';
import type { SignIn } from './sign-in/sessions.ts';

const TICKET_PREFIX = 'ticket/';

const row = z.strictObject({
  session: z.string().regex(SESSION),
  desktop: z.string().regex(DESKTOP),
  /** The JWS that the client got too; the broker is told exactly these bytes. */
  grant: z.string(),
  signIn: z.string(),
  thumbprint: z.string(),
  expiresAt: z.number(),
});

/** What a redeemed ticket admits. */
export interface Admission {
  session: string;
  desktop: string;
  grant: string;
}

export class Tickets {
  readonly #store: Store;
  readonly #now: () => number;

  /** @param now wall clock, ms */
  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** @returns the ticket, 43 characters of base64url; only its hash is stored */
  async issue(signIn: SignIn, admission: Admission): Promise<string> {
    const ticket = newSecret();
    const expiresAt = this.#now() + TICKET_LIFE_MS;
    const issued = { ...admission, signIn: signIn.id, thumbprint: signIn.thumbprint, expiresAt };
    // Kept a little longer than it lives, so that a late one is told apart from an unknown one in the audit log.
    await this.#store.put(key(ticket), issued, { expiresAt: expiresAt + TICKET_LIFE_MS });
    return ticket;
  }

  /**
   * Spends the ticket, whatever comes of it: who presents a stolen one burns it, and its owner opens again.
   * @throws TICKET_UNKNOWN, TICKET_EXPIRED, TICKET_OTHER_SESSION
   */
  async redeem(ticket: string, signIn: SignIn): Promise<Admission> {
    const entry = await this.#store.get(key(ticket));
    // Of several that read the entry, one deletes that version.
    if (!entry || !(await this.#store.delete(entry.key, entry.version))) throw new Refusal('TICKET_UNKNOWN');
    const { session, desktop, grant, ...bound } = row.parse(entry.value);
    if (this.#now() >= bound.expiresAt) throw new Refusal('TICKET_EXPIRED');
    if (bound.signIn !== signIn.id || bound.thumbprint !== signIn.thumbprint) {
      throw new Refusal('TICKET_OTHER_SESSION');
    }
    return { session, desktop, grant };
  }
}

function key(ticket: string): string {
  return `${TICKET_PREFIX}${hashOf(ticket)}`;
}
