// Sign-in and the own factors, as a client sees them (docs/api.md). The challenge of every passkey ceremony with the gateway
// is computed here, from a nonce: a page never passes bytes of the gateway's choice to an authenticator (T19).
import * as z from 'zod';
import { type Bytes, fromBase64Url } from '#protocol/bytes.ts';
import { ceremonyInput } from '#protocol/outer/ceremony.ts';
import { call, type Request, type SignedIn, signedIn } from './gateway-api.ts';

/** base64url of 32 bytes */
const nonce = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const base64Url = z.string().regex(/^[A-Za-z0-9_-]+$/);
const time = z.string();
const done = z.unknown();

const methods = z.object({
  municipality: z.string(),
  user: z.string(),
  /** The municipality's policy, in the order to be offered; the same for every user of it. */
  methods: z.array(z.enum(['webauthn', 'totp'])),
  /** A password is asked for besides. */
  password: z.boolean(),
  /** null where no passkeys are set up; then they are no method either. */
  rpId: z.nullable(z.string()),
});
const signInOptions = z.object({ nonce, rpId: z.string(), timeoutMs: z.number() });
const creationOptions = z.object({
  nonce,
  rpId: z.string(),
  rpName: z.string(),
  userHandle: base64Url,
  userName: z.string(),
  displayName: z.string(),
  exclude: z.array(base64Url),
  attestation: z.enum(['none', 'direct']),
});
const factors = z.object({
  totp: z.nullable(z.object({ enrolledAt: time })),
  passkeys: z.array(
    z.object({
      id: base64Url,
      name: z.string(),
      createdAt: time,
      lastUsedAt: z.nullable(time),
      backedUp: z.boolean(),
      /** Shown by a verified attestation. */
      hardwareBound: z.boolean(),
      /** Its counter went backwards: there may be a copy, and it signs nobody in. */
      suspended: z.boolean(),
    }),
  ),
  password: z.nullable(z.object({ setAt: time })),
  recoveryCodesLeft: z.number(),
});
const history = z.object({
  signIns: z.array(z.object({ at: time, address: z.string(), factors: z.array(z.string()), succeeded: z.boolean() })),
});
const live = z.object({
  session: z.nullable(z.object({ session: z.string(), desktop: z.string(), startedAt: time })),
});

export type SignInMethods = z.infer<typeof methods>;
export type Factors = z.infer<typeof factors>;
export type History = z.infer<typeof history>['signIns'];
export type Live = z.infer<typeof live>['session'];

/** As PublicKeyCredentialRequestOptions; any of the user's passkeys, so no list. */
export interface PasskeyQuestion {
  challenge: Bytes;
  rpId: string;
  timeout: number;
  userVerification: 'required';
}

/** As PublicKeyCredentialCreationOptions. */
export interface NewPasskey {
  challenge: Bytes;
  rp: { id: string; name: string };
  user: { id: Bytes; name: string; displayName: string };
  pubKeyCredParams: { type: 'public-key'; alg: number }[];
  excludeCredentials: { type: 'public-key'; id: Bytes }[];
  authenticatorSelection: { residentKey: 'required'; requireResidentKey: true; userVerification: 'required' };
  attestation: 'none' | 'direct';
}

/** navigator.credentials in a page. Each gives PublicKeyCredential.toJSON(). */
export interface Authenticator {
  get(question: PasskeyQuestion): Promise<object>;
  create(options: NewPasskey): Promise<object>;
}

/** COSE: ES256, EdDSA (Ed25519), RS256, in this order of preference. */
export const PASSKEY_ALGORITHMS = [-7, -8, -257];

/** @param nonce base64url of 32 bytes. @returns 32 bytes. @throws MALFORMED */
export async function ceremonyChallenge(nonce: string): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', ceremonyInput(fromBase64Url(nonce))));
}

export const askMethods = (request: Request): Promise<SignInMethods> => call(request, 'GET', '/api/sign-in', methods);

/** Asks the authenticator once and signs in. @throws RefusedByGateway, and what the authenticator throws */
export async function signInWithPasskey(
  request: Request,
  authenticator: Pick<Authenticator, 'get'>,
  password?: string,
): Promise<SignedIn> {
  const options = await call(request, 'POST', '/api/sign-in/webauthn/options', signInOptions, {});
  const credential = await authenticator.get({
    challenge: await ceremonyChallenge(options.nonce),
    rpId: options.rpId,
    timeout: options.timeoutMs,
    userVerification: 'required',
  });
  return call(request, 'POST', '/api/sign-in/webauthn', signedIn, { nonce: options.nonce, credential, password });
}

/** @param code a recovery code, or the administrator's activation code; the sign-in then manages factors only */
export const signInWithRecoveryCode = (request: Request, code: string, password?: string): Promise<SignedIn> =>
  call(request, 'POST', '/api/sign-in/recovery', signedIn, { code, password });

export const askSession = (request: Request): Promise<SignedIn> => call(request, 'GET', '/api/session', signedIn);

export const askFactors = (request: Request): Promise<Factors> => call(request, 'GET', '/api/factors', factors);

/** Makes a passkey for this gateway and registers it. @param name what its user calls it, 1 to 64 characters */
export async function addPasskey(
  request: Request,
  authenticator: Pick<Authenticator, 'create'>,
  name: string,
): Promise<void> {
  const options = await call(request, 'POST', '/api/factors/webauthn/options', creationOptions, {});
  const credential = await authenticator.create({
    challenge: await ceremonyChallenge(options.nonce),
    rp: { id: options.rpId, name: options.rpName },
    user: { id: fromBase64Url(options.userHandle), name: options.userName, displayName: options.displayName },
    pubKeyCredParams: PASSKEY_ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    excludeCredentials: options.exclude.map((id) => ({ type: 'public-key', id: fromBase64Url(id) })),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    attestation: options.attestation,
  });
  await call(request, 'POST', '/api/factors/webauthn', done, { nonce: options.nonce, name, credential });
}

export const removePasskey = (request: Request, id: string): Promise<unknown> =>
  call(request, 'POST', '/api/factors/webauthn/remove', done, { id });

/** @returns the otpauth URI; it is in force once a code of it was confirmed */
export const beginTotp = async (request: Request): Promise<string> =>
  (await call(request, 'POST', '/api/factors/totp/begin', z.object({ uri: z.string() }), {})).uri;

export const confirmTotp = (request: Request, code: string): Promise<unknown> =>
  call(request, 'POST', '/api/factors/totp/confirm', done, { code });

export const removeTotp = (request: Request): Promise<unknown> =>
  call(request, 'POST', '/api/factors/totp/remove', done, {});

export const setPassword = (request: Request, password: string): Promise<unknown> =>
  call(request, 'POST', '/api/factors/password', done, { password });

/** @returns ten new codes, shown this once; those before are of no use any more */
export const makeRecoveryCodes = async (request: Request): Promise<string[]> =>
  (await call(request, 'POST', '/api/factors/recovery', z.object({ codes: z.array(z.string()) }), {})).codes;

export const askHistory = async (request: Request): Promise<History> =>
  (await call(request, 'GET', '/api/history', history)).signIns;

export const askLive = async (request: Request): Promise<Live> =>
  (await call(request, 'GET', '/api/live', live)).session;

/** Ends the own desktop session, wherever it runs. */
export const endLive = (request: Request): Promise<unknown> => call(request, 'POST', '/api/live/end', done, {});
