// Codes that are handed to people, who type them once: for recovery, activation and enrolment. 80 random bits: nobody finds
// such a code from its hash, so SHA-256 without salt is enough, where a password that a person chose needs a slow one.
import { createHash, randomBytes } from 'node:crypto';
import { formatCrockford, parseCrockford } from '#protocol/crockford.ts';

export const CODE_BYTES = 10;

/** @returns the code, for the person alone, and its hash, base64url, which is all that is kept */
export function newCode(): { code: string; hash: string } {
  const secret = Uint8Array.from(randomBytes(CODE_BYTES));
  return { code: formatCrockford(secret), hash: hashOf(secret) };
}

/** @param typed any text. @returns the hash of the code that it is, or null if it is none */
export function hashOfTyped(typed: string): string | null {
  const secret = parseCrockford(typed, CODE_BYTES);
  return secret && hashOf(secret);
}

function hashOf(secret: Uint8Array): string {
  return createHash('sha256').update(secret).digest('base64url');
}
