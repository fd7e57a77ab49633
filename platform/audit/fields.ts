// Every field that an audit event may have: its form and its class. There are two classes, public and sensitive
// (personal data: kept, but not shown in a report that leaves the municipality). A secret has no class and so no field:
// no code, key, ticket, token, keystroke or pixel can be written here (G2, T16).
import * as z from 'zod';
import { CODES, type Code, isReason, type Reason } from '#protocol/codes.ts';
import { PUBLIC_KEY, SIGNATURE } from './checkpoint.ts';

export type FieldClass = 'public' | 'sensitive';

/** Text from anywhere: cut to a length, since an event that is refused for its form would be an event lost. */
const text = (max: number) => z.string().transform((value) => value.slice(0, max));
const count = z.int().min(0);
const time = z.iso.datetime();
const reason = z.custom<Reason>((value) => typeof value === 'string' && isReason(value));
const code = z.enum(Object.keys(CODES) as [Code, ...Code[]]);

const shown = <S extends z.ZodType>(schema: S) => ({ class: 'public' as const, schema });
const personal = <S extends z.ZodType>(schema: S) => ({ class: 'sensitive' as const, schema });

export const FIELDS = {
  // Who and where
  municipality: shown(text(6)),
  user: personal(text(64)),
  /** municipality/agent/name */
  desktop: shown(text(80)),
  /** municipality/name of the agent's certificate */
  agent: shown(text(64)),
  /** the gateway's name in its certificate */
  gateway: shown(text(64)),
  session: shown(text(32)),
  /** the peer's network address, without the port */
  address: personal(text(64)),
  /** who did it on this side: the administrator's name in a certificate, or the local account */
  by: personal(text(64)),
  /** who asked for a change that another approved */
  askedBy: personal(text(64)),
  /** which of a process's listeners */
  listener: shown(text(32)),
  // Certificates
  kind: shown(text(32)),
  name: personal(text(256)),
  serial: personal(text(64)),
  thumbprint: personal(text(64)),
  /** the number of an enrolment request */
  request: personal(text(32)),
  // Why and how
  reason: shown(reason),
  code: shown(code),
  /** Refusal.detail, which by its own contract holds no secret */
  detail: personal(text(300)),
  factor: shown(z.enum(['totp', 'webauthn', 'password', 'recovery', 'activation'])),
  factors: shown(z.array(z.enum(['mtls', 'otp', 'hwk', 'swk', 'user', 'pwd', 'recovery'])).max(4)),
  mode: shown(z.enum(['open', 'pair', 'resume'])),
  proof: shown(z.enum(['device-key', 'passkey'])),
  /** how many paired devices it was about */
  devices: shown(count),
  /** the name of a request header, never its value */
  header: shown(text(64)),
  seconds: shown(z.number().min(0)),
  /** of the contracted line; the one that holds now */
  tier: shown(text(16)),
  /** RFC 7638 thumbprint of the public half of a grant key */
  kid: shown(text(43)),
  /** the tier, or the key, that held before */
  before: shown(text(43)),
  /** of a municipality's policy: what holds now or is asked for, and what held; JSON */
  policy: shown(text(300)),
  policyBefore: shown(text(300)),
  /** names a change that waits for a second administrator */
  change: shown(text(32)),
  /** of an administrator */
  action: shown(text(40)),
  // The log about itself
  version: shown(text(32)),
  pid: shown(count),
  source: shown(text(80)),
  sequence: shown(count),
  digest: shown(z.string().regex(/^[0-9a-f]{64}$/)),
  lost: shown(count),
  since: shown(time),
  bytes: shown(count),
  event: shown(text(64)),
  /** the public key of a checkpoint to come, and the signature of one: checkpoint.ts */
  next: shown(z.string().regex(PUBLIC_KEY)),
  signature: shown(z.string().regex(SIGNATURE)),
  /** the name of a file of the log itself */
  file: shown(text(128)),
} as const satisfies Record<string, { class: FieldClass; schema: z.ZodType }>;

export type FieldName = keyof typeof FIELDS;
export type FieldValue<F extends FieldName> = z.input<(typeof FIELDS)[F]['schema']>;
