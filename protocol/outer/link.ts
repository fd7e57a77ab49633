// The control links: one WebSocket per agent (agent ↔ broker) and one per gateway (gateway ↔ broker). One JSON text a
// message, closed schemas: no message has a place for an address, a port or a URL (C3, T08).
//
//   agent → broker    presence, nonce, ended, anchor      broker → agent     offer, lease, revoke, anchor
//   gateway → broker  open, lease, revoke, anchor         broker → gateway   presence, nonce, ended, anchor
//
// A session on the links: open → offer → (data WebSockets, outer/ticket.ts) → nonce/lease every 10 s → ended or revoke.
import * as z from 'zod';
import { CODES, type Code } from '../codes.ts';
import { DESKTOPS_PER_AGENT_MAX, GRANT_MAX_BYTES, LINK_MESSAGE_MAX_BYTES } from '../limits.ts';
import { AGENT, DESKTOP, SESSION } from '../names.ts';
import { parseJson } from './json.ts';

const session = z.string().regex(SESSION);
const desktop = z.string().regex(DESKTOP);
const grant = z.string().min(1).max(GRANT_MAX_BYTES);
const code = z.enum(Object.keys(CODES) as [Code, ...Code[]]);
const nonce = z.string().regex(/^[A-Za-z0-9_-]{22}$/);

/** agent → broker: every desktop this agent serves now; replaces what it said before. */
const agentPresence = z.strictObject({
  type: z.literal('presence'),
  desktops: z.array(desktop).max(DESKTOPS_PER_AGENT_MAX),
});
/** broker → gateway: the same, for the agent that the certificate names ("municipality/agent"). */
const brokerPresence = z.strictObject({
  type: z.literal('presence'),
  agent: z.string().regex(AGENT),
  desktops: z.array(desktop).max(DESKTOPS_PER_AGENT_MAX),
});
/** gateway → broker. */
const open = z.strictObject({ type: z.literal('open'), session, desktop, grant });
/** broker → agent. */
const offer = z.strictObject({ type: z.literal('offer'), session, grant });
/** agent → broker → gateway: prove that the session may go on. 16 bytes, base64url. */
const leaseNonce = z.strictObject({ type: z.literal('nonce'), session, nonce });
/** gateway → broker → agent: the JWS over that nonce. */
const lease = z.strictObject({ type: z.literal('lease'), session, lease: z.string().min(1).max(GRANT_MAX_BYTES) });
/** gateway → broker → agent: end it. */
const revoke = z.strictObject({ type: z.literal('revoke'), session, code });
/** agent → broker → gateway: the offer was refused, or it came to nothing. A paired session ends with its data link. */
const ended = z.strictObject({ type: z.literal('ended'), session, code });
/** Either way: the newest checkpoint of the sender's audit chain, kept by the receiver as an anchor (G3). */
const anchor = z.strictObject({
  type: z.literal('anchor'),
  /** Such as "broker" or "agent/131016/soumu": names, and no place for a path or an address (T08). */
  source: z.string().regex(/^[a-z]{1,16}(?:\/[a-z0-9_-][a-z0-9._-]{0,31}){0,2}$/),
  sequence: z.int().min(0),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});

const fromAgent = z.discriminatedUnion('type', [agentPresence, leaseNonce, ended, anchor]);
const toAgent = z.discriminatedUnion('type', [offer, lease, revoke, anchor]);
const fromGateway = z.discriminatedUnion('type', [open, lease, revoke, anchor]);
const toGateway = z.discriminatedUnion('type', [brokerPresence, leaseNonce, ended, anchor]);

/** All that may be said on a link, for whoever looks for a place that could hold an address. */
export const LINK_SCHEMAS = {
  'agent → broker': fromAgent,
  'broker → agent': toAgent,
  'gateway → broker': fromGateway,
  'broker → gateway': toGateway,
} as const;

export type FromAgent = z.infer<typeof fromAgent>;
export type ToAgent = z.infer<typeof toAgent>;
export type FromGateway = z.infer<typeof fromGateway>;
export type ToGateway = z.infer<typeof toGateway>;

/** @throws MALFORMED */
export const parseFromAgent = (text: string): FromAgent => parseJson(text, LINK_MESSAGE_MAX_BYTES, fromAgent);
/** @throws MALFORMED */
export const parseToAgent = (text: string): ToAgent => parseJson(text, LINK_MESSAGE_MAX_BYTES, toAgent);
/** @throws MALFORMED */
export const parseFromGateway = (text: string): FromGateway => parseJson(text, LINK_MESSAGE_MAX_BYTES, fromGateway);
/** @throws MALFORMED */
export const parseToGateway = (text: string): ToGateway => parseJson(text, LINK_MESSAGE_MAX_BYTES, toGateway);
