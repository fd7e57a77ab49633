// The closed list of audit events (G1). A row is an event's schema: the fields that it must have, then those that it may
// have. What is not in the list cannot be recorded, and a field that is not in the row neither.
import * as z from 'zod';
import { FIELDS, type FieldName, type FieldValue } from './fields.ts';

interface Row {
  readonly must: readonly FieldName[];
  readonly may: readonly FieldName[];
}

const row = <const M extends FieldName, const O extends FieldName = never>(
  must: readonly M[],
  may: readonly O[] = [],
) => ({ must, may }) as const;

export const EVENTS = {
  // Every process
  'process-started': row(['version', 'pid']),
  'process-stopped': row([]),
  /** From here on checkpoints are signed; `next` verifies the first. Once in a log, since a forger would begin anew. */
  'signing-started': row(['next']),
  /** The heartbeat: that nothing happened is also something to prove. Signed, and shipped to another zone (T15). */
  checkpoint: row(['next', 'signature']),
  /** The first line of a file that goes on where `file` was closed; `next` verifies its first checkpoint. */
  'log-continued': row(['file', 'next']),
  /** `file`, whose last event is `sequence`, goes to the archive. */
  'log-archived': row(['file', 'sequence', 'digest']),
  /** `file` is beyond the time for which logs are kept (G5), and is removed. */
  'log-removed': row(['file', 'sequence', 'digest']),
  /** The newest checkpoint of another zone's log, kept here so that its tail cannot be cut unseen (T15). */
  anchor: row(['source', 'sequence', 'digest']),
  /** Events could not be written between `since` and now. */
  'events-lost': row(['lost', 'since']),
  /** The process died inside a write; the half line was removed at the next start. */
  'torn-write-removed': row(['bytes']),
  /** A fault of the program: it tried to record this event with fields outside the row. */
  'event-malformed': row(['event'], ['detail']),
  /** The collector's certificate does not hold. Once for each reason in a row. */
  'collector-refused': row(['reason'], ['detail']),
  /** The collector is further behind this log than allowed: no new session starts (G4). */
  'shipping-overdue': row(['seconds', 'bytes']),
  /** It has caught up. `seconds`: how long nothing new could start. */
  'shipping-resumed': row(['seconds']),

  /** Cut at a listener's edge, before anybody was known: too many, too fast, too slow (T25). */
  'connection-refused': row(['reason', 'listener'], ['address', 'detail']),

  // The certificate gate: on every listener, and at a dial about the server's own
  'certificate-refused': row(
    ['reason'],
    ['kind', 'municipality', 'name', 'serial', 'thumbprint', 'address', 'detail', 'user'],
  ),
  /** A request carried a header that would name a user behind other proxies. It was not looked at (B9). */
  'identity-header-ignored': row(['header'], ['municipality', 'user', 'address']),
  /** Something no client of ours does: a wrong origin, a route or upgrade out of order. */
  'bypass-attempt': row(['reason'], ['municipality', 'user', 'session', 'address', 'detail']),

  // Sign-in
  'sign-in-succeeded': row(['municipality', 'user', 'factors'], ['thumbprint', 'address']),
  'sign-in-refused': row(['reason'], ['municipality', 'user', 'factor', 'thumbprint', 'address', 'detail']),
  'signed-out': row(['municipality', 'user'], ['reason', 'thumbprint', 'address']),
  /** So many failures in a row that it is of no use until it is set up anew. */
  'factor-locked': row(['municipality', 'user', 'factor']),
  /** By its user with an address, by an administrator with a name. */
  'factor-added': row(['municipality', 'user', 'factor'], ['by', 'thumbprint', 'address', 'detail']),
  'factor-removed': row(['municipality', 'user', 'factor'], ['by', 'thumbprint', 'address', 'detail']),
  'factor-refused': row(['municipality', 'user', 'reason'], ['factor', 'thumbprint', 'address', 'detail']),
  /** Its counter went backwards: there may be a copy of it. */
  'passkey-suspended': row(['municipality', 'user'], ['thumbprint', 'address', 'detail']),
  /** A user was let in without the second factor, to set up another one. */
  'recovery-used': row(['municipality', 'user', 'factor'], ['thumbprint', 'address']),
  'activation-issued': row(['municipality', 'user'], ['by']),
  'user-created': row(['municipality', 'user'], ['by']),
  'user-disabled': row(['municipality', 'user'], ['by']),
  'user-enabled': row(['municipality', 'user'], ['by']),
  'entitlement-granted': row(['municipality', 'user', 'desktop'], ['by']),
  'entitlement-withdrawn': row(['municipality', 'user', 'desktop'], ['by']),

  // Enrolment, at the gateway. `request` names the key: its own digest
  'enrolment-code-issued': row(['municipality', 'user'], ['by']),
  'enrolment-requested': row(['municipality', 'user', 'request'], ['address']),
  'enrolment-refused': row(['reason'], ['municipality', 'user', 'request', 'by', 'address', 'detail']),
  /** Carried out of the gateway towards the authority. */
  'enrolment-exported': row(['municipality', 'user', 'request'], ['by']),
  'enrolment-declined': row(['municipality', 'user', 'request'], ['by']),
  'enrolment-certified': row(['municipality', 'user', 'request', 'serial', 'thumbprint'], ['by']),
  'enrolment-collected': row(['municipality', 'user', 'request'], ['address']),

  // Administration: `by` is "local" for the Unix socket, else the administrator's name
  'administrator-added': row(['name'], ['municipality', 'by']),
  'administrator-enabled': row(['name'], ['by']),
  'administrator-disabled': row(['name'], ['by']),
  /** All second factors removed. */
  'administrator-reset': row(['name'], ['by']),
  /** An administrator may not do that, or not yet. */
  'administration-refused': row(['action', 'reason', 'by'], ['detail']),
  'policy-changed': row(['municipality', 'policy', 'policyBefore', 'by'], ['change', 'askedBy']),
  /** It loosens, so it waits for a second administrator (E9). */
  'policy-change-held': row(['municipality', 'change', 'policy', 'policyBefore', 'by']),
  'policy-change-withdrawn': row(['municipality', 'change', 'by']),
  /** The user has to sign in again. */
  'sign-in-ended': row(['municipality', 'user', 'by']),
  'session-end-asked': row(['session'], ['municipality', 'user', 'desktop', 'by']),

  // Opening and relaying, at the gateway
  /** Ticket and grant were issued. */
  'desktop-opened': row(['municipality', 'user', 'desktop', 'session', 'mode'], ['thumbprint', 'address']),
  'open-refused': row(['reason'], ['municipality', 'user', 'desktop', 'session', 'mode', 'address', 'detail']),
  'ticket-refused': row(['reason'], ['municipality', 'user', 'desktop', 'session', 'address', 'detail']),
  'relay-started': row(['session'], ['municipality', 'user', 'desktop']),
  'relay-ended': row(['session', 'code'], ['municipality', 'user', 'desktop', 'reason', 'detail', 'seconds']),
  /** Grants and leases are signed by another key from now on. */
  'grant-key-changed': row(['kid', 'before']),
  'session-revoked': row(['session', 'reason'], ['municipality', 'user', 'desktop', 'by', 'detail']),

  // The broker
  'agent-connected': row(['municipality', 'agent'], ['serial', 'thumbprint', 'address']),
  'agent-disconnected': row(['municipality', 'agent'], ['code', 'reason', 'detail', 'address']),
  'agent-refused': row(['reason'], ['municipality', 'agent', 'session', 'desktop', 'address', 'detail']),
  'gateway-connected': row(['gateway'], ['serial', 'thumbprint', 'address']),
  'gateway-disconnected': row(['gateway'], ['code', 'reason', 'detail', 'address']),
  'gateway-refused': row(['reason'], ['gateway', 'session', 'desktop', 'address', 'detail']),
  'session-paired': row(['session'], ['municipality', 'desktop', 'agent', 'gateway']),
  /** Tier or shares of the contracted line were changed while the broker ran. */
  'line-changed': row(['tier', 'before']),
  /** broker.json had changed and could not be used; the line stays as it is. */
  'line-kept': row(['tier', 'detail']),
  'lane-violation': row(['session', 'reason'], ['municipality', 'user', 'desktop', 'agent', 'detail']),

  // The agent, the second trust boundary
  'broker-connected': row([], ['address']),
  'broker-disconnected': row(['code'], ['reason', 'detail', 'address']),
  'offer-accepted': row(['municipality', 'user', 'desktop', 'session', 'mode']),
  'offer-refused': row(['session', 'reason'], ['municipality', 'user', 'desktop', 'mode', 'detail']),
  'handshake-refused': row(['session', 'reason'], ['municipality', 'user', 'desktop', 'mode', 'detail']),
  'user-verified': row(['municipality', 'user', 'desktop', 'mode', 'proof'], ['session']),
  'session-started': row(['municipality', 'user', 'desktop', 'session']),
  /** At the agent with a reason, at the broker with the code that it heard or said. */
  'session-ended': row(
    ['session'],
    ['municipality', 'user', 'desktop', 'agent', 'reason', 'code', 'detail', 'seconds'],
  ),
  'pairing-code-issued': row(['municipality', 'user', 'desktop'], ['by']),
  /** A try was used up, by a pair hello. */
  'pairing-code-spent': row(['municipality', 'user', 'desktop'], ['session', 'reason']),
  'pairing-code-revoked': row(['municipality', 'user', 'desktop'], ['by', 'reason']),
  'pairing-made': row(['municipality', 'user', 'desktop'], ['session', 'proof']),
  'pairing-revoked': row(['municipality', 'user', 'desktop'], ['by', 'reason', 'devices']),
  'pairing-refused': row(['reason'], ['municipality', 'user', 'desktop', 'session', 'detail']),
  'input-refused': row(['session', 'reason'], ['municipality', 'user', 'desktop', 'detail']),
  'desktop-lost': row(['desktop', 'reason'], ['municipality', 'user', 'session', 'detail']),
  /** agent.json has changed while the agent ran. */
  'desktop-offered': row(['municipality', 'desktop']),
  'desktop-withdrawn': row(['municipality', 'desktop']),
  'grant-pin-added': row(['kid']),
  'grant-pin-withdrawn': row(['kid']),
  /** It had changed and cannot be used: nobody new gets in, and sessions end with their leases. */
  'settings-unusable': row(['detail']),
  /** The session is over, and its desktop may stand open. */
  'desktop-lock-failed': row(['desktop', 'reason'], ['municipality', 'user', 'session', 'detail']),
} as const satisfies Record<string, Row>;

export type EventName = keyof typeof EVENTS;

type FieldsOf<R extends Row> = { readonly [F in R['must'][number]]: FieldValue<F> } & {
  readonly [F in R['may'][number]]?: FieldValue<F> | undefined;
};

export type EventFields = { [E in EventName]: FieldsOf<(typeof EVENTS)[E]> };

function schemaOf({ must, may }: Row): z.ZodType<Record<string, unknown>> {
  return z.strictObject({
    ...Object.fromEntries(must.map((field) => [field, FIELDS[field].schema])),
    ...Object.fromEntries(may.map((field) => [field, FIELDS[field].schema.optional()])),
  });
}

const SCHEMAS = Object.fromEntries(Object.entries(EVENTS).map(([name, row]) => [name, schemaOf(row)])) as Record<
  EventName,
  z.ZodType<Record<string, unknown>>
>;

export type FittedEvent = { event: EventName; fields: Record<string, unknown> };

/** Brings an event into the form of its row; one that does not fit becomes `event-malformed`, so that it still shows. */
export function fitEvent(event: EventName, fields: unknown): FittedEvent {
  const parsed = Object.hasOwn(SCHEMAS, event) ? SCHEMAS[event].safeParse(fields) : null;
  if (parsed?.success) return { event, fields: parsed.data };
  const issue = parsed?.error.issues[0];
  const field = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path.join('.');
  const detail = `${field ?? 'event'}: ${issue?.code ?? 'unknown'}`.slice(0, 300);
  return { event: 'event-malformed', fields: { event: String(event).slice(0, 64), detail } };
}
