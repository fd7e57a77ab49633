// A passkey's part of a proof, checked as WebAuthn L3 §§7.1, 7.2 say. The challenge is the hash of the very input that a
// device key would sign, so an assertion holds for one transcript, one label and nothing else: not for another session,
// and never for a sign-in at the gateway, whose challenges begin otherwise (T04).
import * as z from 'zod';
import { type Bytes, concat, equal, Reader, toBase64Url, utf8 } from '../bytes.ts';
import { Refusal } from '../codes.ts';
import { type AuthenticatorData, type NewCredential, parseAuthenticatorData } from './authenticator-data.ts';
import type { Cipher } from './cipher.ts';
import type { MaybePromise } from './maybe-promise.ts';
import { SIGNATURE_BYTES } from './suites.ts';

/** What get() gives. */
export interface Assertion {
  /** 16 to 1023 bytes */
  credentialId: Bytes;
  authenticatorData: Bytes;
  clientDataJson: Bytes;
  /** ECDSA P-256 in DER, at most 72 bytes */
  signature: Bytes;
}

/** What create() gives, attestation "none": the credential stands in the authenticator data, and nothing is signed. */
export interface Attestation {
  authenticatorData: Bytes;
  clientDataJson: Bytes;
}

/** From the agent's own configuration; no relay can change it. */
export interface WebAuthnPins {
  rpId: string;
  /** Where the page may come from, as browsers write an origin. */
  origins: readonly string[];
}

export interface PairedPasskey {
  kind: 'passkey';
  credentialId: Bytes;
  /** 65 bytes */
  publicKey: Bytes;
  /** For which it was made. */
  rpId: string;
  backupEligible: boolean;
}

/** A passkey as a verified ceremony showed it. */
export interface ProvenPasskey extends PairedPasskey {
  backedUp: boolean;
  /** Whether it has advanced is not known here; 0 from an authenticator that does not count. */
  counter: number;
}

/** @param signed the signature input. @returns the challenge for create() or get(), 32 bytes */
export const passkeyChallenge = (cipher: Cipher, signed: Bytes): MaybePromise<Bytes> => cipher.sha256(signed);

/**
 * @param signed the signature input of "tw/proof/1"
 * @throws PROOF_PASSKEY_WRONG with the check that failed, MALFORMED
 */
export async function verifyAssertion(
  cipher: Cipher,
  pins: WebAuthnPins,
  paired: PairedPasskey,
  assertion: Assertion,
  signed: Bytes,
): Promise<ProvenPasskey> {
  const { authenticatorData, clientDataJson } = assertion;
  const data = await checkCeremony(cipher, pins, 'webauthn.get', assertion, signed);
  if (data.credential) throw wrong('a new credential in an assertion');
  if (data.backupEligible !== paired.backupEligible) throw wrong('backup eligibility has changed');
  const covered = concat(authenticatorData, await cipher.sha256(clientDataJson));
  if (!(await cipher.verify(paired.publicKey, rawSignature(assertion.signature), covered))) throw wrong('signature');
  return { ...paired, counter: data.counter, backedUp: data.backedUp };
}

/**
 * Without a statement of the authenticator only the pairing code vouches for the credential (T12).
 * @param signed the signature input of "tw/pair/1"
 * @throws PROOF_PASSKEY_WRONG with the check that failed, MALFORMED
 */
export async function verifyAttestation(
  cipher: Cipher,
  pins: WebAuthnPins,
  attestation: Attestation,
  signed: Bytes,
): Promise<ProvenPasskey> {
  const data = await checkCeremony(cipher, pins, 'webauthn.create', attestation, signed);
  const { id: credentialId, publicKey } = requireCredential(data);
  const { backupEligible, backedUp, counter } = data;
  return { kind: 'passkey', credentialId, publicKey, rpId: pins.rpId, backupEligible, backedUp, counter };
}

/** The new credential's id, for the client that made it. @throws MALFORMED, PROOF_PASSKEY_WRONG */
export const createdCredentialId = ({ authenticatorData }: Attestation): Bytes =>
  requireCredential(parseAuthenticatorData(authenticatorData)).id;

const clientDataSchema = z.looseObject({
  type: z.string(),
  challenge: z.string(),
  origin: z.string(),
  crossOrigin: z.boolean().optional(),
});

/** Everything that create() and get() have in common. Browsers may add members to the client data. */
async function checkCeremony(
  cipher: Cipher,
  pins: WebAuthnPins,
  due: 'webauthn.create' | 'webauthn.get',
  { authenticatorData, clientDataJson }: Attestation,
  signed: Bytes,
): Promise<AuthenticatorData> {
  const { type, challenge, origin, crossOrigin } = readClientData(clientDataJson);
  if (type !== due) throw wrong('type');
  const expected = toBase64Url(await passkeyChallenge(cipher, signed));
  if (!equal(utf8(challenge), utf8(expected))) throw wrong('challenge');
  if (!pins.origins.includes(origin)) throw wrong('origin');
  if (crossOrigin === true) throw wrong('cross origin');

  const data = parseAuthenticatorData(authenticatorData);
  if (!equal(data.rpIdHash, await cipher.sha256(utf8(pins.rpId)))) throw wrong('rpId');
  if (!data.userPresent) throw wrong('user present');
  if (!data.userVerified) throw wrong('user verified');
  if (data.backedUp && !data.backupEligible) throw wrong('backed up, and not eligible');
  return data;
}

/** Shape only. @throws MALFORMED */
export function readClientData(json: Bytes): z.infer<typeof clientDataSchema> {
  try {
    return clientDataSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json)));
  } catch {
    throw new Refusal('MALFORMED', 'client data');
  }
}

function requireCredential({ credential }: AuthenticatorData): NewCredential {
  if (!credential) throw wrong('no new credential');
  return credential;
}

/** ECDSA-Sig-Value (RFC 3279 §2.2.3) in DER and nothing else. @returns r ‖ s, 64 bytes. @throws MALFORMED */
export function rawSignature(der: Bytes): Bytes {
  const reader = new Reader(der, 'signature');
  if (reader.u8() !== 0x30 || reader.u8() !== reader.left) throw new Refusal('MALFORMED', 'signature: not a sequence');
  const raw = new Uint8Array(SIGNATURE_BYTES);
  const half = SIGNATURE_BYTES / 2;
  for (const end of [half, SIGNATURE_BYTES]) {
    const integer = readInteger(reader);
    if (integer.length > half) throw new Refusal('MALFORMED', 'signature: a number too large');
    raw.set(integer, end - integer.length);
  }
  reader.end();
  return raw;
}

/** A positive INTEGER in its shortest form (X.690 §8.3), without the zero that keeps it positive. */
function readInteger(reader: Reader): Bytes {
  if (reader.u8() !== 0x02) throw new Refusal('MALFORMED', 'signature: not an integer');
  const bytes = reader.bytes(reader.u8());
  const [first = 0x80, second = 0] = bytes;
  if (first >= 0x80) throw new Refusal('MALFORMED', 'signature: not positive');
  if (first !== 0) return bytes;
  if (second < 0x80) throw new Refusal('MALFORMED', 'signature: not in its shortest form');
  return bytes.slice(1);
}

const wrong = (check: string) => new Refusal('PROOF_PASSKEY_WRONG', check);
