// What the gateway tells the audit log and the operators' log: one function per event, so that who reads the code sees
// which facts leave it. Never a code, a secret, a ticket, a cookie or a grant (G2, T16).

import { type Audit, requireHealthy } from '#platform/audit/chain.ts';
import type { EventFields } from '#platform/audit/events.ts';
import { Ration, Rations } from '#platform/audit/ration.ts';
import { type PeerIdentity, refusalOfTls } from '#platform/hop/tls.ts';
import { CodeTally } from '#platform/metrics/event-tally.ts';
import { lineOf } from '#platform/process/exit.ts';
import type { Log } from '#platform/process/log.ts';
import type { Code, Refusal } from '#protocol/codes.ts';
import type { Mode } from '#protocol/outer/grant.ts';
import type { Factor } from './sign-in/sessions.ts';
import type { Slot } from './slots.ts';
import type { UserId } from './users.ts';

const STRANGERS = { perSecond: 20, burst: 20 };
const CONNECTIONS = { perSecond: 0.2, burst: 5 };

/** Who asks from where: the certificate's identity and the network address. */
export interface Visitor extends UserId {
  thumbprint: string;
  /** When the certificate ends, ms. */
  certificateExpiresAt: number;
  address: string;
}

/** Of which the tries are counted (attempts.ts); the log has the same names. */
export type CountedFactor = 'totp' | 'webauthn' | 'password' | 'recovery';

export function visitorOf(peer: PeerIdentity, address: string | undefined): Visitor {
  const { municipality, name: user, thumbprint, notAfter } = peer;
  // Administrators have one name each, whatever they are in charge of; no user has this municipality.
  const owner = { municipality: peer.kind === 'admin' ? '-' : municipality, user };
  return { ...owner, thumbprint, certificateExpiresAt: notAfter, address: address ?? '' };
}

export class Journal {
  readonly #audit: Audit;
  readonly #log: Log;
  readonly #now: () => number;
  /** Requests and upgrades, also those that are not worth an audit event. */
  readonly refusedAtDoors = new CodeTally();
  readonly #strangers: Ration;
  readonly #connections: Rations;

  /**
   * @param now wall clock, ms
   * @param monotonic ms
   */
  constructor(audit: Audit, log: Log, now: () => number, monotonic: () => number) {
    this.#audit = audit;
    this.#log = log;
    this.#now = now;
    this.#strangers = new Ration({ ...STRANGERS, now: monotonic });
    this.#connections = new Rations({ ...CONNECTIONS, now: monotonic });
  }

  get isHealthy(): boolean {
    return this.#audit.healthy;
  }

  /** @throws AUDIT_UNWRITABLE: nothing new begins unrecorded (G4) */
  requireHealthy(): void {
    requireHealthy(this.#audit);
  }

  /** Something of our own failed; the operators must know, the user only learns UNAVAILABLE. */
  troubled(error: unknown): void {
    this.#log.error({ err: error }, 'something failed that is not the client’s doing');
  }

  certificateRefused({ reason, detail }: Refusal, address: string | undefined): void {
    this.#strangers.spend((more) => {
      this.#audit.record('certificate-refused', { reason, address, detail: `${detail}${more}` });
    });
  }

  /** Cut at the edge. @param listener whose connections they were */
  connectionRefused(listener: string, { code, reason, detail }: Refusal, address: string): void {
    this.refusedAtDoors.add(code);
    this.#connections.spend(`${listener}/${reason}`, (more) => {
      this.#audit.record('connection-refused', { reason, listener, address, detail: `${detail}${more}` });
    });
  }

  identityHeader(header: string, { municipality, user, address }: Visitor): void {
    this.#audit.record('identity-header-ignored', { header, municipality, user, address });
  }

  /** @param who null if the certificate gate was not even passed */
  bypassAttempt({ reason, detail }: Refusal, who: Visitor | null, address: string | undefined): void {
    const { municipality, user } = who ?? {};
    this.#audit.record('bypass-attempt', { reason, detail, municipality, user, address });
  }

  signedIn({ municipality, user, thumbprint, address }: Visitor, factors: Factor[]): void {
    this.#audit.record('sign-in-succeeded', { municipality, user, factors, thumbprint, address });
  }

  signInRefused(
    { municipality, user, thumbprint, address }: Visitor,
    shown: CountedFactor,
    { reason, detail }: Refusal,
  ): void {
    const factor = reason.startsWith('PASSWORD_') ? 'password' : shown;
    const who = { municipality, user, thumbprint, address };
    if (reason === 'FACTOR_LOCKED') this.#audit.record('factor-locked', { municipality, user, factor });
    if (reason === 'PASSKEY_COUNTER') this.#audit.record('passkey-suspended', { ...who, detail });
    this.#audit.record('sign-in-refused', { reason, detail, factor, ...who });
  }

  /** @param kind "recovery" or "activation" */
  recoveryUsed({ municipality, user, thumbprint, address }: Visitor, kind: string): void {
    const factor = kind === 'activation' ? 'activation' : 'recovery';
    this.#audit.record('recovery-used', { municipality, user, factor, thumbprint, address });
  }

  /** By its user. */
  factorAdded({ municipality, user, thumbprint, address }: Visitor, factor: CountedFactor): void {
    this.#audit.record('factor-added', { municipality, user, factor, thumbprint, address });
  }

  factorRemoved({ municipality, user, thumbprint, address }: Visitor, factor: CountedFactor): void {
    this.#audit.record('factor-removed', { municipality, user, factor, thumbprint, address });
  }

  factorRefused(
    { municipality, user, thumbprint, address }: Visitor,
    factor: CountedFactor,
    { reason, detail }: Refusal,
  ): void {
    this.#audit.record('factor-refused', { reason, detail, municipality, user, factor, thumbprint, address });
  }

  signedOut({ municipality, user, thumbprint, address }: Visitor): void {
    this.#audit.record('signed-out', { municipality, user, thumbprint, address });
  }

  opened(who: Visitor, opening: { desktop: string; session: string; mode: Mode }): void {
    const { municipality, user, thumbprint, address } = who;
    this.#audit.record('desktop-opened', { municipality, user, ...opening, thumbprint, address });
  }

  openRefused(who: Visitor, desktop: string, mode: Mode, { reason, detail }: Refusal): void {
    const { municipality, user, address } = who;
    this.#audit.record('open-refused', { reason, detail, municipality, user, desktop, mode, address });
  }

  relayStarted({ session, municipality, user, desktop }: Slot): void {
    this.#audit.record('relay-started', { session, municipality, user, desktop });
  }

  /** It ended before records flowed. @param slot null if not even a slot was held */
  relayRefused(who: UserId, slot: Slot | null, { reason, detail }: Refusal): void {
    const { municipality, user } = who;
    const fields = { reason, detail, municipality, user, desktop: slot?.desktop, session: slot?.session };
    if (reason.startsWith('TICKET_')) this.#audit.record('ticket-refused', fields);
    else this.#audit.record('open-refused', fields);
  }

  /** @param refusal what this gateway found; null if another ended it and said `code` */
  relayEnded(slot: Slot, code: Code, refusal: Refusal | null): void {
    const { session, municipality, user, desktop } = slot;
    const who = { municipality, user, desktop };
    const why = refusal ? { reason: refusal.reason, detail: refusal.detail } : {};
    if (refusal?.code === 'PROTOCOL_ERROR') {
      this.#audit.record('lane-violation', { session, reason: refusal.reason, detail: refusal.detail, ...who });
    }
    const seconds = Math.max(0, (this.#now() - slot.startedAt) / 1000);
    this.#audit.record('relay-ended', { session, code, ...who, ...why, seconds });
  }

  sessionRevoked({ session, municipality, user, desktop }: Slot, { reason, detail }: Refusal): void {
    this.#audit.record('session-revoked', { session, reason, municipality, user, desktop, detail });
  }

  /** @param kid of the key that signs now, and @param before: of the one that did */
  grantKeyChanged(kid: string, before: string): void {
    this.#log.info({ kid, before }, 'grants and leases are signed by another key');
    this.#audit.record('grant-key-changed', { kid, before });
  }

  grantKeyKept(error: unknown): void {
    this.#log.error(`the grant key stays as it was: ${lineOf(error)}`);
  }

  /** What an administrator did. */
  administered(event: AdministrativeEvent, fields: EventFields[AdministrativeEvent]): void {
    this.#audit.record(event, fields);
  }

  /** @param by name of the administrator */
  actionRefused(action: string, by: string, { reason, detail }: Refusal): void {
    this.#audit.record('administration-refused', { action, by, reason, detail });
  }

  brokerDown(error: unknown, waitMs: number): void {
    const refusal = refusalOfTls(error);
    if (refusal?.code === 'CERTIFICATE_REFUSED') {
      this.#audit.record('certificate-refused', { reason: refusal.reason, detail: refusal.detail, kind: 'hop' });
    }
    this.#log.warn({ err: error, waitMs: Math.round(waitMs) }, 'no link to the broker; every desktop is offline');
  }

  brokerUp(): void {
    this.#log.info('linked to the broker');
  }
}

type AdministrativeEvent =
  | 'user-created'
  | 'user-enabled'
  | 'user-disabled'
  | 'factor-added'
  | 'factor-removed'
  | 'activation-issued'
  | 'entitlement-granted'
  | 'entitlement-withdrawn'
  | 'sign-in-ended'
  | 'session-end-asked'
  | 'policy-changed'
  | 'policy-change-held'
  | 'policy-change-withdrawn'
  | 'administrator-added'
  | 'administrator-enabled'
  | 'administrator-disabled'
  | 'administrator-reset';
