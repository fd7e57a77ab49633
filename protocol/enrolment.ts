// Enrolment: what the user's device, the gateway's enrolment listener and the authority must make and read alike
// (docs/decisions/0016-enrolment.md).
import * as z from 'zod';
import { type Bytes, utf8, Writer } from './bytes.ts';
import { formatCrockford, parseCrockford } from './crockford.ts';
import { ENROLMENT_REQUEST_MAX_CHARACTERS } from './limits.ts';
import { MUNICIPALITY, NAME } from './names.ts';

const NUMBER_BYTES = 10;
const PROOF_LABEL = 'tw/enrol/1';
export const ENROLMENT_NONCE_BYTES = 32;

/** As requestNumber writes it. */
export const REQUEST_NUMBER = /^[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}$/;

/**
 * What a request is called, by the user, the administrator and the authority's operator alike: the fingerprint of its key.
 * Whoever compares it has compared the key (T21).
 * @param keyDigest SHA-256 of the public key's SPKI
 * @returns XXXX-XXXX-XXXX-XXXX: 80 bits, so nobody finds a second key for a given one
 */
export function requestNumber(keyDigest: Bytes): string {
  return formatCrockford(keyDigest.slice(0, NUMBER_BYTES));
}

/** As a person typed it. @returns null if it is no such number */
export function parseRequestNumber(typed: string): string | null {
  const bytes = parseCrockford(typed, NUMBER_BYTES);
  return bytes && formatCrockford(bytes);
}

/**
 * What the request's key signs (RSASSA-PKCS1-v1_5 with SHA-256) to get its answer.
 * @param nonce 32 bytes of the listener's, good once
 * @param keyDigest SHA-256 of the public key's SPKI, 32 bytes
 */
export function answerProofInput(nonce: Bytes, keyDigest: Bytes): Bytes {
  return new Writer().bytes(utf8(PROOF_LABEL)).u8(0).bytes(nonce).bytes(keyDigest).done();
}

/** A request on its way from the gateway to the authority: one JSON file, NUMBER.json. */
export const enrolmentFileSchema = z.strictObject({
  format: z.literal('tw/enrolment-request/1'),
  request: z.string().regex(REQUEST_NUMBER),
  municipality: z.string().regex(MUNICIPALITY),
  user: z.string().regex(NAME),
  /** For people; nothing is decided by it. */
  name: z.string().min(1).max(64),
  /** PKCS#10, PEM. */
  csr: z.string().max(ENROLMENT_REQUEST_MAX_CHARACTERS),
});
export type EnrolmentFile = z.infer<typeof enrolmentFileSchema>;
