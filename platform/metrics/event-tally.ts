// What the audit log has recorded, counted: the one place that every refusal and every end of a session passes anyway.

import { CODES, type Code, codeOf, isReason } from '#protocol/codes.ts';
import type { EventName } from '../audit/events.ts';
import type { Metrics } from './metrics.ts';

/** Counts by code. Every code has a sample from the start, so that a monitor sees the first one as a rise. */
export class CodeTally {
  readonly #counts = new Map<Code, number>();

  add(code: Code): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
  }

  samples(): { code: string; value: number }[] {
    return (Object.keys(CODES) as Code[]).map((code) => ({ code, value: this.#counts.get(code) ?? 0 }));
  }
}

const REFUSALS: ReadonlySet<EventName> = new Set<EventName>([
  'certificate-refused',
  'collector-refused',
  'bypass-attempt',
  'sign-in-refused',
  'factor-refused',
  'enrolment-refused',
  'administration-refused',
  'open-refused',
  'ticket-refused',
  'agent-refused',
  'gateway-refused',
  'lane-violation',
  'offer-refused',
  'handshake-refused',
  'pairing-refused',
  'input-refused',
]);
const ENDS: ReadonlySet<EventName> = new Set<EventName>(['relay-ended', 'session-ended']);

const OUTCOMES = ['succeeded', 'refused', 'later', 'failed'] as const;
type Outcome = (typeof OUTCOMES)[number];
/** The second factor that was shown; "password" where it held and the password on top of it did not. */
const FACTORS = ['webauthn', 'totp', 'recovery', 'password'] as const;
type Factor = (typeof FACTORS)[number];
/** What a sign-in that succeeded calls them (RFC 8176). */
const FACTOR_BY_METHOD: Readonly<Record<string, Factor>> = {
  hwk: 'webauthn',
  swk: 'webauthn',
  otp: 'totp',
  recovery: 'recovery',
};

interface Fields {
  readonly reason?: unknown;
  readonly code?: unknown;
  readonly factor?: unknown;
  readonly factors?: unknown;
}

export class EventTally {
  readonly #refusals = new CodeTally();
  readonly #ends = new CodeTally();
  readonly #signIns = FACTORS.flatMap((factor) => OUTCOMES.map((outcome) => ({ factor, outcome, value: 0 })));

  /** To be given to openAudit. */
  readonly recorded = (event: EventName, fields: Fields): void => {
    const code = codeIn(fields);
    if (code && REFUSALS.has(event)) this.#refusals.add(code);
    if (code && ENDS.has(event)) this.#ends.add(code);
    if (event === 'sign-in-succeeded') this.#signedIn(factorIn(fields), 'succeeded');
    if (code && event === 'sign-in-refused') this.#signedIn(factorIn(fields), outcomeOf(code));
  };

  expose(metrics: Metrics): void {
    metrics.counter('telework_refusals_total', () => this.#refusals.samples());
    metrics.counter('telework_session_ends_total', () => this.#ends.samples());
  }

  /** At the gateway, where people sign in. */
  exposeSignIns(metrics: Metrics): void {
    metrics.counter('telework_sign_ins_total', () => this.#signIns);
  }

  #signedIn(factor: Factor | null, outcome: Outcome): void {
    const tallied = this.#signIns.find((one) => one.factor === factor && one.outcome === outcome);
    if (tallied) tallied.value++;
  }
}

function codeIn({ reason, code }: Fields): Code | null {
  if (typeof code === 'string' && Object.hasOwn(CODES, code)) return code as Code;
  return typeof reason === 'string' && isReason(reason) ? codeOf(reason) : null;
}

function factorIn({ factor, factors }: Fields): Factor | null {
  const methods: readonly unknown[] = Array.isArray(factors) ? factors : [];
  const succeeded = methods.flatMap((method) => FACTOR_BY_METHOD[String(method)] ?? []);
  return succeeded[0] ?? FACTORS.find((one) => one === factor) ?? null;
}

function outcomeOf(code: Code): Outcome {
  if (code === 'SIGN_IN_REFUSED') return 'refused';
  return code === 'SIGN_IN_LATER' ? 'later' : 'failed';
}
