// Opening a desktop: the decision (PDP). It ends in a ticket for this gateway's own relay and a grant for the agent.
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { KeyedRate } from '#platform/hop/keyed-rate.ts';
import type { PeerIdentity } from '#platform/hop/tls.ts';
import { Refusal, refusalFrom } from '#protocol/codes.ts';
import type { Policy } from '#protocol/outer/grant.ts';
import type { BrokerLink } from './broker-link.ts';
import type { Entitlements } from './entitlements.ts';
import type { Grants } from './grants.ts';
import type { Journal, Visitor } from './journal.ts';
import type { Rights } from './rights.ts';
import type { Sessions, SignIn } from './sign-in/sessions.ts';
import type { Slots } from './slots.ts';
import type { Tickets } from './tickets.ts';

const SESSION_ID_BYTES = 16;

/** `desktop` is any short text here: a malformed id gets the same answer as an unknown one. */
export const openRequest = z.strictObject({
  desktop: z.string().min(1).max(128),
  mode: z.enum(['open', 'pair']),
  hello: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

export interface Opened {
  session: string;
  epoch: number;
  municipality: string;
  desktop: string;
  ticket: string;
  grant: string;
  policy: Policy;
  /** Until the client's certificate runs out, and the session with it (E6). */
  certificateSeconds: number;
}

export interface OpeningParts {
  rights: Rights;
  entitlements: Entitlements;
  slots: Slots;
  sessions: Sessions;
  tickets: Tickets;
  grants: Grants;
  broker: BrokerLink;
  journal: Journal;
  /** Of one user. */
  openings: KeyedRate;
  /** Wall clock, ms. */
  now(): number;
}

export interface Opener {
  peer: PeerIdentity;
  signIn: SignIn;
  visitor: Visitor;
}

/**
 * Checks in this order: audit, rights (entitlement last), rate, broker, presence, slots. Who may not open a desktop learns
 * nothing about it.
 * @throws AUDIT_UNWRITABLE, what Rights.check throws, RATE_EXCEEDED, BROKER_UNREACHABLE, AGENT_OFFLINE, DESKTOP_IN_USE
 */
export async function openDesktop(
  parts: OpeningParts,
  { peer, signIn, visitor }: Opener,
  { desktop, mode, hello }: z.infer<typeof openRequest>,
): Promise<Opened> {
  const { rights, openings, slots, sessions, tickets, grants, broker, journal, now } = parts;
  const { municipality, user } = signIn;
  try {
    journal.requireHealthy();
    await rights.check({ peer, signIn, desktop });
    if (!openings.admit(`${municipality}/${user}`)) throw new Refusal('RATE_EXCEEDED', 'openings of one user');
    if (!broker.isUp) throw new Refusal('BROKER_UNREACHABLE');
    if (!broker.isOnline(desktop)) throw new Refusal('AGENT_OFFLINE');
    await slots.requireAvailable({ municipality, user, desktop });
    await sessions.noteActivity(signIn, now());
    const session = randomBytes(SESSION_ID_BYTES).toString('hex');
    const grant = await grants.grant(signIn, { session, desktop, mode, hello });
    journal.opened(visitor, { desktop, session, mode });
    journal.requireHealthy(); // what could not be recorded does not begin (G4)
    const ticket = await tickets.issue(signIn, { session, desktop, grant });
    const certificateSeconds = Math.floor((peer.notAfter - now()) / 1000);
    return {
      session,
      epoch: 0,
      municipality,
      desktop,
      ticket,
      grant,
      policy: grants.policy(signIn),
      certificateSeconds,
    };
  } catch (error) {
    const refusal = refusalFrom(error);
    journal.openRefused(visitor, desktop, mode, refusal);
    throw refusal;
  }
}

export interface ListedDesktop {
  desktop: string;
  label: string;
  online: boolean;
}

/** The desktops that the user may open, and no other. */
export async function listDesktops(
  { entitlements, broker }: Pick<OpeningParts, 'entitlements' | 'broker'>,
  signIn: SignIn,
): Promise<ListedDesktop[]> {
  const entitled = await entitlements.list(signIn);
  return entitled.map(({ desktop, label }) => ({ desktop, label, online: broker.isOnline(desktop) }));
}
