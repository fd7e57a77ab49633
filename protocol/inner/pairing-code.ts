// The pairing code as people read and type it: 80 bits, four groups of four. Never sent; it is the PSK of a handshake in
// pair mode (T12).
import type { Bytes } from '../bytes.ts';
import { Refusal } from '../codes.ts';
import { formatCrockford, parseCrockford } from '../crockford.ts';
import { PAIRING_CODE_BITS } from '../limits.ts';

/** @param secret 10 bytes @returns XXXX-XXXX-XXXX-XXXX */
export function formatPairingCode(secret: Bytes): string {
  return formatCrockford(secret);
}

/**
 * Forgives what Crockford forgives.
 * @returns 10 bytes
 * @throws PAIRING_CODE_WRONG
 */
export function parsePairingCode(typed: string): Bytes {
  const secret = parseCrockford(typed, PAIRING_CODE_BITS / 8);
  if (!secret) throw new Refusal('PAIRING_CODE_WRONG', 'not in the form of a code');
  return secret;
}
