// The agent's key as people compare it: what the office PC shows must be what the page shows.
import { toHex } from '../bytes.ts';

/** @param digest SHA-256 of the public key. @returns 8 groups of 8 hex digits */
export function formatFingerprint(digest: Uint8Array): string {
  return toHex(digest).replace(/(.{8})(?=.)/g, '$1 ');
}
