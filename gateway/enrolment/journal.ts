// What the audit log learns of enrolment: who asked, who decided, what was carried where. Never a code (G2, T16).
import type { Audit } from '#platform/audit/chain.ts';
import { requireHealthy } from '#platform/audit/chain.ts';
import { Ration } from '#platform/audit/ration.ts';
import type { PeerIdentity } from '#platform/hop/tls.ts';
import type { Refusal } from '#protocol/codes.ts';
import type { UserId } from '../users.ts';

const REFUSALS = { perSecond: 2, burst: 50 };

/** A request and whose it is. */
interface Which extends UserId {
  request: string;
}

export class EnrolmentJournal {
  readonly #audit: Audit;
  readonly #refusals: Ration;

  /** @param now a monotonic clock, ms */
  constructor(audit: Audit, now: () => number) {
    this.#audit = audit;
    this.#refusals = new Ration({ ...REFUSALS, now });
  }

  /** @throws AUDIT_UNWRITABLE: nothing new begins unrecorded (G4) */
  requireHealthy(): void {
    requireHealthy(this.#audit);
  }

  codeIssued({ municipality, user }: UserId, by: string): void {
    this.#audit.record('enrolment-code-issued', { municipality, user, by });
  }

  requested({ municipality, user, request }: Which, address: string): void {
    this.#audit.record('enrolment-requested', { municipality, user, request, address });
  }

  /** Somebody at the listener. */
  refused({ reason, detail }: Refusal, address: string): void {
    this.#refusals.spend((more) => {
      this.#audit.record('enrolment-refused', { reason, address, detail: `${detail}${more}` });
    });
  }

  exported({ municipality, user, request }: Which, by: string): void {
    this.#audit.record('enrolment-exported', { municipality, user, request, by });
  }

  declined({ municipality, user, request }: Which, by: string): void {
    this.#audit.record('enrolment-declined', { municipality, user, request, by });
  }

  certified({ municipality, user, request }: Which, { serial, thumbprint }: PeerIdentity, by: string): void {
    this.#audit.record('enrolment-certified', { municipality, user, request, serial, thumbprint, by });
  }

  /** A certificate that an administrator brought and that fits no request. */
  importRefused({ reason, detail }: Refusal, request: string, by: string): void {
    this.#audit.record('enrolment-refused', { reason, request, detail, by });
  }

  collected({ municipality, user, request }: Which, address: string): void {
    this.#audit.record('enrolment-collected', { municipality, user, request, address });
  }
}
