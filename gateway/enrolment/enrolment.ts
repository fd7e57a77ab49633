// Enrolment at the gateway, put together: the codes, the queue, the listener for users and the commands for administrators.
import type { Audit } from '#platform/audit/chain.ts';
import { loadTrust, type TlsFiles } from '#platform/hop/tls-files.ts';
import type { LocalHandlers } from '#platform/process/local-socket.ts';
import type { Store } from '#platform/state/store.ts';
import type { Refusal } from '#protocol/codes.ts';
import type { Users } from '../users.ts';
import { enrolmentHandlers } from './admin.ts';
import { EnrolmentCodes } from './codes.ts';
import { EnrolmentJournal } from './journal.ts';
import { type EnrolmentConfig, openEnrolment } from './listener.ts';
import { Nonces } from './nonces.ts';
import { EnrolmentRequests } from './requests.ts';

export interface EnrolmentOptions {
  store: Store;
  users: Users;
  audit: Audit;
  /** The user authority and its list, as the gateway's own listener takes them. */
  trust: Pick<TlsFiles, 'authorities' | 'revocations'>;
  /** Every refusal at the listener. */
  refused(refusal: Refusal): void;
  /** Wall clock, ms. */
  now(): number;
  monotonic(): number;
}

export interface Enrolment {
  /** null: there is no listener. */
  readonly port: number | null;
  /** For the administrator's Unix socket; the queue can be looked at without a listener, too. */
  readonly admin: LocalHandlers;
  close(): void;
}

/** @throws Failure in one line: a file that cannot be used, a port in use */
export async function startEnrolment(
  config: EnrolmentConfig | undefined,
  options: EnrolmentOptions,
): Promise<Enrolment> {
  const { store, users, audit, trust, refused, now, monotonic } = options;
  const parts = {
    users,
    codes: new EnrolmentCodes(store, now),
    requests: new EnrolmentRequests(store, now),
    journal: new EnrolmentJournal(audit, monotonic),
  };
  const listener = config
    ? await openEnrolment(config, { ...parts, nonces: new Nonces(monotonic), monotonic, refused })
    : null;
  return {
    port: listener?.port ?? null,
    admin: enrolmentHandlers({ ...parts, isListening: listener !== null, trust: () => loadTrust(trust), now }),
    close: () => listener?.close(),
  };
}
