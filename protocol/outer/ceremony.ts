// What a passkey signs towards the gateway. Never the gateway's own bytes: a challenge of its free choice could be that of a
// proof for the agent, and the gateway would have a signing oracle (session.md, T19). Label and hash keep the two apart.
//
//   challenge = SHA-256("tw/signin/1" ‖ 0x00 ‖ nonce 32)
import { type Bytes, concat, utf8 } from '../bytes.ts';
import { Refusal } from '../codes.ts';

const LABEL = utf8('tw/signin/1');

export const CEREMONY_NONCE_BYTES = 32;

/**
 * @param nonce 32 bytes that the gateway chose
 * @returns what SHA-256 makes the WebAuthn challenge of
 * @throws MALFORMED for another length: then the boundary to the label would not be fixed
 */
export function ceremonyInput(nonce: Bytes): Bytes {
  if (nonce.length !== CEREMONY_NONCE_BYTES) throw new Refusal('MALFORMED', 'ceremony nonce');
  return concat(LABEL, Uint8Array.of(0), nonce);
}
