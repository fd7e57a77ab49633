// What a relying party has to check of a passkey's answer: WebAuthn Level 3 §7.2 for a sign-in, §7.1 for a registration, in
// their order (B3, T19). The library then looks at all of it once more; what rests on it alone is CBOR, COSE and signatures.
import { createHash, createPublicKey, type X509Certificate } from 'node:crypto';
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import {
  cose,
  decodeAttestationObject,
  decodeCredentialPublicKey,
  isoCBOR,
  parseAuthenticatorData,
} from '@simplewebauthn/server/helpers';
import * as z from 'zod';
import { type Bytes, equal, fromBase64Url, toBase64Url } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import { checkAttestationPath } from './attestation.ts';

/** What this ceremony was begun with. */
export interface Expected {
  /** 32 bytes */
  challenge: Bytes;
  /** Where the request came from; one of those allowed. */
  origin: string;
  rpId: string;
}

export interface Signed {
  /** signCount; 0 of authenticators that keep none */
  counter: number;
  /** BE: it may leave its authenticator. */
  backupEligible: boolean;
  /** BS: it has been copied. */
  backedUp: boolean;
}

export interface NewCredential extends Signed {
  /** base64url, at most 1,023 bytes */
  id: string;
  /** COSE_Key */
  publicKey: Bytes;
  /** An attestation that leads to a configured root shows that the key cannot leave its hardware. */
  hardwareBound: boolean;
}

const base64Url = (maxBytes: number) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .max(Math.ceil((maxBytes * 4) / 3));

/** L3 §7.1 step 25 */
const CREDENTIAL_ID_MAX_BYTES = 1_023;
const credential = {
  id: base64Url(CREDENTIAL_ID_MAX_BYTES),
  rawId: base64Url(CREDENTIAL_ID_MAX_BYTES),
  type: z.literal('public-key'),
};
// Members that a browser adds are left out, not refused: PublicKeyCredential.toJSON() is the browser's, and it grows.
const assertion = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: base64Url(2_048),
    authenticatorData: base64Url(1_024),
    signature: base64Url(1_024),
    userHandle: base64Url(64),
  }),
});
const registration = z.object({
  ...credential,
  response: z.object({ clientDataJSON: base64Url(2_048), attestationObject: base64Url(9_000) }),
});
export type Assertion = z.infer<typeof assertion>;
type Registration = z.infer<typeof registration>;

const clientData = z.object({
  type: z.string(),
  challenge: z.string(),
  origin: z.string(),
  crossOrigin: z.boolean().optional(),
  topOrigin: z.string().optional(),
});

/** @throws PASSKEY_MALFORMED, with no word of what was sent */
export function parseAssertion(value: unknown): Assertion {
  const parsed = assertion.safeParse(value);
  if (!parsed.success || parsed.data.id !== parsed.data.rawId) throw new Refusal('PASSKEY_MALFORMED', 'credential');
  return parsed.data;
}

/**
 * §7.2. Not yet verified: that the counter grew, and whose the credential is.
 * @throws PASSKEY_MALFORMED, PASSKEY_TYPE, PASSKEY_CHALLENGE, PASSKEY_ORIGIN, PASSKEY_CROSS_ORIGIN, PASSKEY_RP_ID,
 * PASSKEY_NOT_PRESENT, PASSKEY_NOT_VERIFIED, PASSKEY_BACKUP, PASSKEY_SIGNATURE
 */
export async function verifyAssertion(
  { id, rawId, type, response }: Assertion,
  publicKey: Bytes,
  expected: Expected,
): Promise<Signed> {
  checkClientData(response.clientDataJSON, 'webauthn.get', expected);
  const signed = checkAuthenticatorData(fromBase64Url(response.authenticatorData), expected);
  const { verified } = await attempt('PASSKEY_SIGNATURE', () =>
    verifyAuthenticationResponse({
      response: { id, rawId, type, response, clientExtensionResults: {} },
      ...asTheLibraryHasIt(expected),
      // Its own rule for counters comes before the signature; there a forger could suspend a passkey.
      credential: { id, publicKey, counter: 0 },
    }),
  );
  if (!verified) throw new Refusal('PASSKEY_SIGNATURE');
  return signed;
}

/**
 * §7.1. Not yet verified: that nobody has the credential already.
 * @param roots of attestation, if the policy wants a hardware-bound key; then an attestation is needed that leads to one
 * @throws as verifyAssertion, and FACTOR_NOT_ADDED for algorithm, attestation or policy
 */
export async function verifyRegistration(
  value: unknown,
  expected: Expected,
  roots: readonly X509Certificate[] | null,
  nowMs: number,
): Promise<NewCredential> {
  const { id, rawId, type, response } = parseRegistration(value);
  checkClientData(response.clientDataJSON, 'webauthn.create', expected);
  const { format, x5c, authenticatorData } = await openAttestation(fromBase64Url(response.attestationObject));
  const signed = checkAuthenticatorData(authenticatorData, expected);
  const { credentialID, credentialPublicKey } = await attempt('PASSKEY_MALFORMED', () =>
    parseAuthenticatorData(authenticatorData),
  );
  if (!credentialID || !credentialPublicKey) throw new Refusal('PASSKEY_MALFORMED', 'no credential in it');
  if (toBase64Url(credentialID) !== id) throw new Refusal('PASSKEY_MALFORMED', 'another credential id inside');
  await checkPublicKey(Uint8Array.from(credentialPublicKey));
  // "none" and "packed" are what security keys, platforms and virtual authenticators give who asks for none or for a hardware
  // key. Of other formats the library would go by roots, and to addresses, that nobody configured here.
  if (format !== 'none' && format !== 'packed') throw new Refusal('FACTOR_NOT_ADDED', 'attestation format');
  const { verified } = await attempt('PASSKEY_SIGNATURE', () =>
    verifyRegistrationResponse({
      response: { id, rawId, type, response, clientExtensionResults: {} },
      ...asTheLibraryHasIt(expected),
      supportedAlgorithmIDs: [...ALGORITHMS],
    }),
  );
  if (!verified) throw new Refusal('PASSKEY_SIGNATURE', 'of the attestation');
  if (roots) {
    if (format !== 'packed' || !x5c) throw new Refusal('FACTOR_NOT_ADDED', 'no attestation');
    checkAttestationPath(x5c, roots, nowMs);
    if (signed.backupEligible) throw new Refusal('FACTOR_NOT_ADDED', 'a key that may leave its authenticator');
  }
  return { ...signed, id, publicKey: Uint8Array.from(credentialPublicKey), hardwareBound: roots !== null };
}

function parseRegistration(value: unknown): Registration {
  const parsed = registration.safeParse(value);
  if (!parsed.success || parsed.data.id !== parsed.data.rawId) throw new Refusal('PASSKEY_MALFORMED', 'credential');
  return parsed.data;
}

/** §7.2 steps 9 to 14, §7.1 steps 5 to 11. */
function checkClientData(encoded: string, type: string, { challenge, origin }: Expected): void {
  const parsed = clientData.safeParse(parseJsonIn(fromBase64Url(encoded)));
  if (!parsed.success) throw new Refusal('PASSKEY_MALFORMED', 'client data');
  const said = parsed.data;
  if (said.type !== type) throw new Refusal('PASSKEY_TYPE');
  if (said.challenge !== toBase64Url(challenge)) throw new Refusal('PASSKEY_CHALLENGE', 'another one was signed');
  if (said.origin !== origin) throw new Refusal('PASSKEY_ORIGIN');
  // The page is framed by nobody, so no ceremony of it can be.
  if (said.crossOrigin || said.topOrigin !== undefined) throw new Refusal('PASSKEY_CROSS_ORIGIN');
}

function parseJsonIn(bytes: Bytes): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Refusal('PASSKEY_MALFORMED', 'client data');
  }
}

const RP_ID_HASH_BYTES = 32;
const FLAGS_AT = 32;
const COUNTER_AT = 33;
const AUTHENTICATOR_DATA_MIN_BYTES = 37;
const UP = 0x01;
const UV = 0x04;
const BE = 0x08;
const BS = 0x10;

/** §7.2 steps 15 to 19, §7.1 steps 12 to 17; of the fixed part (L3 §6.1). */
function checkAuthenticatorData(bytes: Bytes, { rpId }: Expected): Signed {
  if (bytes.length < AUTHENTICATOR_DATA_MIN_BYTES) throw new Refusal('PASSKEY_MALFORMED', 'authenticator data');
  const rpIdHash = createHash('sha256').update(rpId).digest();
  if (!equal(bytes.subarray(0, RP_ID_HASH_BYTES), rpIdHash)) throw new Refusal('PASSKEY_RP_ID');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const flags = view.getUint8(FLAGS_AT);
  if (!(flags & UP)) throw new Refusal('PASSKEY_NOT_PRESENT');
  if (!(flags & UV)) throw new Refusal('PASSKEY_NOT_VERIFIED');
  const signed = {
    counter: view.getUint32(COUNTER_AT),
    backupEligible: (flags & BE) !== 0,
    backedUp: (flags & BS) !== 0,
  };
  if (signed.backedUp && !signed.backupEligible) throw new Refusal('PASSKEY_BACKUP', 'copied, but cannot be');
  return signed;
}

async function openAttestation(
  bytes: Bytes,
): Promise<{ format: string; x5c: Uint8Array[] | null; authenticatorData: Bytes }> {
  const object = await attempt('PASSKEY_MALFORMED', () => decodeAttestationObject(bytes));
  // The decoder believes lengths beyond the end, and overlooks what follows it; its encoder has one spelling (T14).
  const spelled = await attempt('PASSKEY_MALFORMED', () => isoCBOR.encode(object as never));
  if (!equal(Uint8Array.from(spelled), bytes)) throw new Refusal('PASSKEY_MALFORMED', 'attestation object');
  const get = (map: unknown, name: string): unknown => (map instanceof Map ? map.get(name) : undefined);
  const format = get(object, 'fmt');
  const x5c = get(get(object, 'attStmt'), 'x5c');
  const authenticatorData = get(object, 'authData');
  if (typeof format !== 'string' || !(authenticatorData instanceof Uint8Array)) {
    throw new Refusal('PASSKEY_MALFORMED', 'attestation object');
  }
  const certificates = Array.isArray(x5c) && x5c.every((one) => one instanceof Uint8Array) ? x5c : null;
  return { format, x5c: certificates, authenticatorData: Uint8Array.from(authenticatorData) };
}

const { COSEALG, COSECRV, COSEKEYS, COSEKTY } = cose;
/** COSE; the same that the page asks for. */
const ALGORITHMS: readonly number[] = [COSEALG.ES256, COSEALG.EdDSA, COSEALG.RS256];
const RSA_MIN_BYTES = 256;
const RSA_MAX_BYTES = 512;

/** §7.1 step 18, and that it is a key at all: a point on its curve, a modulus of 2,048 to 4,096 bits. */
async function checkPublicKey(publicKey: Bytes): Promise<void> {
  const unfit = () => new Refusal('FACTOR_NOT_ADDED', 'public key');
  const key = await attempt('PASSKEY_MALFORMED', () => decodeCredentialPublicKey(publicKey));
  const bytes = (label: number, min: number, max = min): string => {
    const value: unknown = key.get(label as never);
    if (!(value instanceof Uint8Array) || value.length < min || value.length > max) throw unfit();
    return toBase64Url(value);
  };
  const is = (algorithm: number, type: number, curve?: number) =>
    key.get(COSEKEYS.alg) === algorithm &&
    key.get(COSEKEYS.kty) === type &&
    (curve === undefined || key.get(COSEKEYS.crv as never) === curve);
  const jwk = is(COSEALG.ES256, COSEKTY.EC2, COSECRV.P256)
    ? { kty: 'EC', crv: 'P-256', x: bytes(COSEKEYS.x, 32), y: bytes(COSEKEYS.y, 32) }
    : is(COSEALG.EdDSA, COSEKTY.OKP, COSECRV.ED25519)
      ? { kty: 'OKP', crv: 'Ed25519', x: bytes(COSEKEYS.x, 32) }
      : is(COSEALG.RS256, COSEKTY.RSA)
        ? { kty: 'RSA', n: bytes(COSEKEYS.n, RSA_MIN_BYTES, RSA_MAX_BYTES), e: bytes(COSEKEYS.e, 3) }
        : null;
  if (!jwk) throw unfit();
  try {
    createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    throw unfit();
  }
}

function asTheLibraryHasIt({ challenge, origin, rpId }: Expected) {
  return {
    expectedChallenge: toBase64Url(challenge),
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: true,
  };
}

/** The library's messages quote what was sent, so none of them goes on (G6). */
async function attempt<T>(
  reason: 'PASSKEY_MALFORMED' | 'PASSKEY_SIGNATURE',
  work: () => T | Promise<T>,
): Promise<Awaited<T>> {
  try {
    return await work();
  } catch {
    throw new Refusal(reason, 'by the library');
  }
}
