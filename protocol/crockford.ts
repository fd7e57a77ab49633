// Short secrets and numbers as people read them out and type them: Crockford base 32 in groups of four.
import type { Bytes } from './bytes.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** @param bytes a multiple of 5, so that no bit is left over: 10 bytes are XXXX-XXXX-XXXX-XXXX */
export function formatCrockford(bytes: Bytes): string {
  let bits = bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  let characters = '';
  for (let i = 0; i < (bytes.length * 8) / 5; i++) {
    characters = ALPHABET.charAt(Number(bits & 31n)) + characters;
    bits >>= 5n;
  }
  return characters.replace(/(.{4})(?=.)/g, '$1-');
}

/**
 * Forgives what Crockford forgives: case, hyphens, spaces, O for 0, I and L for 1.
 * @param length in bytes, a multiple of 5
 * @returns null if it is not such a text
 */
export function parseCrockford(typed: string, length: number): Bytes | null {
  const characters = typed.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  if (characters.length !== (length * 8) / 5) return null;
  let bits = 0n;
  for (const character of characters) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return null;
    bits = (bits << 5n) | BigInt(value);
  }
  return Uint8Array.from({ length }, (_, i) => Number((bits >> BigInt(8 * (length - 1 - i))) & 255n));
}
