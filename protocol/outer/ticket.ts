// The text messages on a data WebSocket before it carries records. The ticket travels in the first message, never in a URL (T05).
//
//   client  → gateway   {"type":"ticket","ticket":"<43 base64url>"}          and "token", as long, of a page elsewhere
//   gateway → broker    {"type":"session","session":"<32 hex>"}
//   agent   → broker    {"type":"session","session":"<32 hex>"}
//   broker  → gateway → client   {"type":"paired","session":"<32 hex>"}     broker → agent the same
//
// After paired: binary records only.
import * as z from 'zod';
import { SESSION } from '../names.ts';
import { parseJson } from './json.ts';

const secret = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const ticketMessage = z.strictObject({ type: z.literal('ticket'), ticket: secret, token: secret.optional() });
const sessionMessage = z.strictObject({ type: z.literal('session'), session: z.string().regex(SESSION) });
const pairedMessage = z.strictObject({ type: z.literal('paired'), session: z.string().regex(SESSION) });

/** All that may be said on a data WebSocket before its records. */
export const OPENING_SCHEMAS = {
  'client → gateway': ticketMessage,
  'gateway, agent → broker': sessionMessage,
  'broker → gateway, agent': pairedMessage,
} as const;

export const OPENING_MESSAGE_MAX_BYTES = 256;

export type TicketMessage = z.infer<typeof ticketMessage>;
export type SessionMessage = z.infer<typeof sessionMessage>;
export type PairedMessage = z.infer<typeof pairedMessage>;

/** @throws MALFORMED */
export const parseTicketMessage = (text: string): TicketMessage =>
  parseJson(text, OPENING_MESSAGE_MAX_BYTES, ticketMessage);
/** @throws MALFORMED */
export const parseSessionMessage = (text: string): SessionMessage =>
  parseJson(text, OPENING_MESSAGE_MAX_BYTES, sessionMessage);
/** @throws MALFORMED */
export const parsePairedMessage = (text: string): PairedMessage =>
  parseJson(text, OPENING_MESSAGE_MAX_BYTES, pairedMessage);
