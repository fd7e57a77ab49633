// The gateway's JSON API as a client sees it (docs/api.md). No DOM: how a request travels is an argument, since the page
// uses fetch and the headless client node:https with its certificate.
import * as z from 'zod';
import { type Bytes, toBase64Url } from '#protocol/bytes.ts';
import { CODES, type Code } from '#protocol/codes.ts';
import { GRANT_MAX_BYTES } from '#protocol/limits.ts';
import { DESKTOP, MUNICIPALITY, SESSION } from '#protocol/names.ts';
import type { Mode } from '#protocol/outer/grant.ts';
import { RefusedByGateway } from './ends.ts';

/** Sends one request with the user's certificate and sign-in session on it. */
export type Request = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<Response>;

export interface Response {
  status: number;
  /** the parsed JSON, or null when there was none */
  body: unknown;
}

const refusal = z.object({
  code: z.enum(Object.keys(CODES) as [Code, ...Code[]]),
  detail: z.optional(z.string().max(1_000)),
});
export const signedIn = z.object({
  user: z.string(),
  municipality: z.string(),
  factors: z.array(z.string()),
  /** The sign-in before this one. */
  lastSignIn: z.nullable(z.string()),
  signedInAt: z.string(),
  idleSeconds: z.number(),
  overallSeconds: z.number(),
  /** By a recovery or activation code: no desktop can be opened. */
  managesFactorsOnly: z.boolean(),
  /** When the certificate of this connection ends; warning: 30, 7 or 1 days before. */
  certificateExpiresAt: z.optional(z.nullable(z.string())),
  certificateWarning: z.optional(z.nullable(z.number())),
  /** To a page of another origin only: its sign-in, instead of the cookie. */
  token: z.optional(z.string()),
});
const desktops = z.object({
  desktops: z.array(z.object({ desktop: z.string(), label: z.string(), online: z.boolean() })),
});
const opened = z.object({
  session: z.string().regex(SESSION),
  epoch: z.int().min(0),
  municipality: z.string().regex(MUNICIPALITY),
  desktop: z.string().regex(DESKTOP),
  ticket: z.string(),
  grant: z.string().max(GRANT_MAX_BYTES),
  /** Until the client's certificate runs out, and the session with it. */
  certificateSeconds: z.optional(z.number()),
});

export type SignedIn = z.infer<typeof signedIn>;
export type DesktopEntry = z.infer<typeof desktops>['desktops'][number];
export type Opened = z.infer<typeof opened>;

/** @throws RefusedByGateway with the code the gateway gave; it is not authenticated end to end */
export async function call<T>(
  request: Request,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  schema: z.ZodType<T>,
  body?: object,
) {
  const response = await request(method, path, body);
  if (response.status >= 400) {
    const told = refusal.safeParse(response.body);
    throw told.success ? new RefusedByGateway(told.data.code, told.data.detail) : new RefusedByGateway('UNAVAILABLE');
  }
  const answer = schema.safeParse(response.body);
  if (!answer.success) throw new RefusedByGateway('UNAVAILABLE');
  return answer.data;
}

export const signInWithTotp = (request: Request, code: string, password?: string): Promise<SignedIn> =>
  call(request, 'POST', '/api/sign-in/totp', signedIn, { code, password });

export const listDesktops = async (request: Request): Promise<DesktopEntry[]> =>
  (await call(request, 'GET', '/api/desktops', desktops)).desktops;

/** @param helloDigest 32 bytes; the grant will admit no other key shares */
export const askToOpen = (request: Request, desktop: string, mode: Mode, helloDigest: Bytes): Promise<Opened> =>
  call(request, 'POST', '/api/desktops/open', opened, { desktop, mode, hello: toBase64Url(helloDigest) });

export const signOut = (request: Request): Promise<unknown> => call(request, 'DELETE', '/api/session', z.unknown());
