// What an authenticator says about a ceremony (WebAuthn L3 §6.1): its flags and counter, and at create() the new
// credential. Only ES256, whose key has one canonical form (CTAP 2.1 §8), so that no general CBOR decoder is needed.
//
//   rpIdHash 32 ‖ flags u8 ‖ counter u32 ‖ [aaguid 16 ‖ credential id vector ‖ COSE key 77] ‖ [extensions: a CBOR map]
import { type Bytes, concat, equal, Reader } from '../bytes.ts';
import { Refusal } from '../codes.ts';
import { CREDENTIAL_ID_MAX_BYTES, CREDENTIAL_ID_MIN_BYTES } from '../limits.ts';

const Flag = {
  userPresent: 0x01,
  userVerified: 0x04,
  backupEligible: 0x08,
  backedUp: 0x10,
  credential: 0x40,
  extensions: 0x80,
};
const HASH_BYTES = 32;
const AAGUID_BYTES = 16;
const COORDINATE_BYTES = 32;
/** {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y} (RFC 9053 §§2.1, 7.1) */
const COSE_BEFORE_X = Uint8Array.of(0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20);
const COSE_BEFORE_Y = Uint8Array.of(0x22, 0x58, 0x20);
/** CTAP 2.1 §8: nested at most this deep. */
const CBOR_DEPTH = 4;

export interface AuthenticatorData {
  /** SHA-256 of the rpId, 32 bytes */
  rpIdHash: Bytes;
  userPresent: boolean;
  userVerified: boolean;
  /** The credential may be copied to other devices, and whether it was. */
  backupEligible: boolean;
  backedUp: boolean;
  /** 0 from an authenticator that does not count. */
  counter: number;
  /** At create() only. */
  credential: NewCredential | null;
}

export interface NewCredential {
  /** 16 to 1023 bytes */
  id: Bytes;
  /** 65 bytes; whether it is a point of the curve is not checked here */
  publicKey: Bytes;
}

/** Shape only: nothing of it is verified. @throws MALFORMED */
export function parseAuthenticatorData(bytes: Bytes): AuthenticatorData {
  const reader = new Reader(bytes, 'authenticator data');
  const rpIdHash = reader.bytes(HASH_BYTES);
  const flags = reader.u8();
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const counter = reader.u32();
  const credential = has(Flag.credential) ? readCredential(reader) : null;
  if (has(Flag.extensions)) skipMap(reader);
  reader.end();
  return {
    ...{ rpIdHash, counter, credential },
    userPresent: has(Flag.userPresent),
    userVerified: has(Flag.userVerified),
    backupEligible: has(Flag.backupEligible),
    backedUp: has(Flag.backedUp),
  };
}

function readCredential(reader: Reader): NewCredential {
  reader.bytes(AAGUID_BYTES);
  const id = readCredentialId(reader);
  requireBytes(reader, COSE_BEFORE_X);
  const x = reader.bytes(COORDINATE_BYTES);
  requireBytes(reader, COSE_BEFORE_Y);
  return { id, publicKey: concat(Uint8Array.of(0x04), x, reader.bytes(COORDINATE_BYTES)) };
}

/** @throws MALFORMED unless it is a vector of 16 to 1023 bytes (WebAuthn L3 §4, "Credential ID") */
export function readCredentialId(reader: Reader): Bytes {
  const id = reader.vector(CREDENTIAL_ID_MAX_BYTES);
  if (id.length < CREDENTIAL_ID_MIN_BYTES) throw new Refusal('MALFORMED', `credential id: ${id.length} bytes`);
  return id;
}

function requireBytes(reader: Reader, due: Uint8Array): void {
  if (!equal(reader.bytes(due.length), due)) throw new Refusal('MALFORMED', 'not an ES256 key in canonical form');
}

/** Nobody asks for extensions, but some authenticators add their own (credProtect); they are walked over, never used. */
function skipMap(reader: Reader): void {
  const { major, argument } = readHead(reader);
  if (major !== 5) throw new Refusal('MALFORMED', 'extensions: not a map');
  skipItems(reader, 2 * argument, CBOR_DEPTH - 1);
}

function skipItems(reader: Reader, count: number, depth: number): void {
  if (depth < 0) throw new Refusal('MALFORMED', 'extensions: nested too deep');
  // Each item takes at least a byte, so the message's length bounds the loop, whatever the count claims (T14)
  for (let i = 0; i < count; i++) {
    const { major, argument } = readHead(reader);
    if (major === 2 || major === 3) reader.bytes(argument);
    else if (major === 4) skipItems(reader, argument, depth - 1);
    else if (major === 5) skipItems(reader, 2 * argument, depth - 1);
    else if (major === 6) throw new Refusal('MALFORMED', 'extensions: a tag');
  }
}

/** The head of an item of definite length (RFC 8949 §3); of simple values only those of one byte. */
function readHead(reader: Reader): { major: number; argument: number } {
  const head = reader.u8();
  const [major, info] = [head >> 5, head & 31];
  if (info < 24) return { major, argument: info };
  if (major === 7 || info > 26) throw new Refusal('MALFORMED', 'extensions: a form that CTAP does not have');
  return { major, argument: info === 24 ? reader.u8() : info === 25 ? reader.u16() : reader.u32() };
}
