// The pairing code as people read and type it: 80 bits in Crockford base 32, four groups of four. Never sent; it is the
// PSK of a handshake in pair mode (T12).
import type { Bytes } from '../bytes.ts';
import { Refusal } from '../codes.ts';
import { PAIRING_CODE_BITS } from '../limits.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CODE_BYTES = PAIRING_CODE_BITS / 8;
const CHARACTERS = PAIRING_CODE_BITS / 5;

/** @param secret 10 bytes @returns XXXX-XXXX-XXXX-XXXX */
export function formatPairingCode(secret: Bytes): string {
  let bits = secret.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  let characters = '';
  for (let i = 0; i < CHARACTERS; i++) {
    characters = ALPHABET.charAt(Number(bits & 31n)) + characters;
    bits >>= 5n;
  }
  return characters.replace(/(.{4})(?=.)/g, '$1-');
}

/**
 * Forgives what Crockford forgives: case, hyphens, spaces, O for 0, I and L for 1.
 * @returns 10 bytes
 * @throws PAIRING_CODE_WRONG
 */
export function parsePairingCode(typed: string): Bytes {
  const characters = typed.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  if (characters.length !== CHARACTERS) throw new Refusal('PAIRING_CODE_WRONG', `${characters.length} characters`);
  let bits = 0n;
  for (const character of characters) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) throw new Refusal('PAIRING_CODE_WRONG', 'a character that no code has');
    bits = (bits << 5n) | BigInt(value);
  }
  return Uint8Array.from({ length: CODE_BYTES }, (_, i) => Number((bits >> BigInt(8 * (CODE_BYTES - 1 - i))) & 255n));
}
