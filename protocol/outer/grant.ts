// The gateway's two signed statements: a grant lets one hello in, a lease lets a running session go on. JWS, ES256, with
// different typ, so that neither passes for the other (T06). The agent pins the key; no broker delivers it.
import { type CryptoKey, decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';
import { Refusal } from '../codes.ts';
import { CLOCK_SKEW_SECONDS, GRANT_LIFE_SECONDS, GRANT_MAX_BYTES } from '../limits.ts';
import { DESKTOP, MUNICIPALITY, NAME, SESSION } from '../names.ts';

const GRANT_TYPE = 'tw-grant+jwt';
const LEASE_TYPE = 'tw-lease+jwt';
const ISSUER = 'telework-gateway';
/**
 * How the user signed in, by the names of RFC 8176 (mtls is RFC 8705's): hwk a key shown to be bound to hardware, swk any
 * other passkey, user its user's presence.
 */
export const AMR = ['mtls', 'otp', 'hwk', 'swk', 'user', 'pwd'] as const;
const digest = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** Three parts of base64url, the last of 64 bytes, in their only spelling: jose would overlook blanks and spare bits. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]{85}[AQgw]$/;

/** The agent's own limits are the ceiling: a grant only tightens. */
const policy = z.strictObject({ idleSeconds: z.int().min(1), overallSeconds: z.int().min(1) });

const grantClaims = z.strictObject({
  iss: z.literal(ISSUER),
  /** desktop id */
  aud: z.string().regex(DESKTOP),
  /** user id */
  sub: z.string().regex(NAME),
  municipality: z.string().regex(MUNICIPALITY),
  /** SHA-256 of the client certificate, base64url (RFC 8705 §3.1) */
  cnf: z.strictObject({ 'x5t#S256': digest }),
  /** factors used, as in RFC 8176 where it has a name */
  amr: z.array(z.enum(AMR)).min(2).max(4),
  session: z.string().regex(SESSION),
  epoch: z.int().min(0),
  mode: z.enum(['open', 'pair', 'resume']),
  policy,
  /** SHA-256(version ‖ suite ‖ mode ‖ nonce ‖ ECDH share ‖ ML-KEM key) of the hello it admits */
  hello: digest,
  jti: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  iat: z.int(),
  exp: z.int(),
});

const leaseClaims = z.strictObject({
  iss: z.literal(ISSUER),
  session: z.string().regex(SESSION),
  epoch: z.int().min(0),
  nonce: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  iat: z.int(),
  exp: z.int(),
});

export type Policy = z.infer<typeof policy>;
export type GrantClaims = z.infer<typeof grantClaims>;
export type LeaseClaims = z.infer<typeof leaseClaims>;
export type Mode = GrantClaims['mode'];

/** A grant key: a private half in the gateway, a public half pinned in the agent. kid chooses among two pins at a roll-over. */
export interface GrantKey {
  kid: string;
  key: CryptoKey;
}

type Unsigned<T> = Omit<T, 'iss' | 'iat' | 'exp'>;

function sign(signer: GrantKey, typ: string, claims: Record<string, unknown>, nowMs: number): Promise<string> {
  const iat = Math.floor(nowMs / 1000);
  return new SignJWT({ ...claims, iss: ISSUER, iat, exp: iat + GRANT_LIFE_SECONDS })
    .setProtectedHeader({ alg: 'ES256', typ, kid: signer.kid })
    .sign(signer.key);
}

export const signGrant = (signer: GrantKey, claims: Unsigned<GrantClaims>, nowMs: number): Promise<string> =>
  sign(signer, GRANT_TYPE, claims, nowMs);

export const signLease = (signer: GrantKey, claims: Unsigned<LeaseClaims>, nowMs: number): Promise<string> =>
  sign(signer, LEASE_TYPE, claims, nowMs);

async function verify<T>(
  pins: readonly GrantKey[],
  typ: string,
  schema: z.ZodType<T>,
  jws: string,
  nowMs: number,
): Promise<T> {
  if (jws.length > GRANT_MAX_BYTES) throw new Refusal('GRANT_MALFORMED', 'too long');
  if (!COMPACT.test(jws)) throw new Refusal('GRANT_MALFORMED', 'not a compact JWS');
  try {
    const { payload } = await jwtVerify(
      jws,
      (header) => {
        const pin = pins.find((candidate) => candidate.kid === header.kid);
        if (!pin) throw new Refusal('GRANT_SIGNATURE', 'signed by a key that is not pinned');
        return pin.key;
      },
      {
        algorithms: ['ES256'],
        typ,
        issuer: ISSUER,
        currentDate: new Date(nowMs),
        clockTolerance: CLOCK_SKEW_SECONDS,
        maxTokenAge: GRANT_LIFE_SECONDS + CLOCK_SKEW_SECONDS,
        requiredClaims: ['iat', 'exp'],
      },
    );
    const claims = schema.safeParse(payload);
    if (!claims.success) throw new Refusal('GRANT_MALFORMED', claims.error.issues[0]?.path.join('.') ?? 'claims');
    return claims.data;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if (error instanceof errors.JWTExpired) throw new Refusal('GRANT_EXPIRED');
    if (error instanceof errors.JWSSignatureVerificationFailed) throw new Refusal('GRANT_SIGNATURE');
    throw new Refusal('GRANT_MALFORMED', error instanceof errors.JOSEError ? error.code : 'unreadable');
  }
}

/**
 * Signature, typ, issuer, times and shape. Not yet verified: aud, jti, session, epoch, mode and the hello digest.
 * @throws GRANT_MALFORMED, GRANT_SIGNATURE, GRANT_EXPIRED
 */
export const verifyGrant = (pins: readonly GrantKey[], jws: string, nowMs: number): Promise<GrantClaims> =>
  verify(pins, GRANT_TYPE, grantClaims, jws, nowMs);

/**
 * Signature, typ, issuer, times and shape. Not yet verified: that session, epoch and nonce are the expected ones.
 * @throws GRANT_MALFORMED, GRANT_SIGNATURE, GRANT_EXPIRED
 */
export const verifyLease = (pins: readonly GrantKey[], jws: string, nowMs: number): Promise<LeaseClaims> =>
  verify(pins, LEASE_TYPE, leaseClaims, jws, nowMs);

/** @param jws one that verified. @returns the kid of the key that signed it */
export const signerOf = (jws: string): string => decodeProtectedHeader(jws).kid ?? '';
