// VNC authentication (RFC 6143 §7.2.2): DES under a key of at most eight bytes. Weak by design; here it only ever
// crosses a local socket, whose file permissions are the real lock.
import { createCipheriv } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { Refusal } from '#protocol/codes.ts';

/** RFC 6143: a password is cut to eight bytes; the rest has no effect at the server either. */
export const VNC_PASSWORD_BYTES = 8;
export const VNC_CHALLENGE_BYTES = 16;
const FILE_MAX_BYTES = 256;

/**
 * The first line of a file that only its owner may read.
 * @returns 1 to 8 bytes
 * @throws DESKTOP_UNREACHABLE
 */
export function readVncPassword(path: string): Uint8Array {
  const refuse = (why: string) => new Refusal('DESKTOP_UNREACHABLE', `VNC password file ${path}: ${why}`);
  let content: Buffer;
  try {
    const { mode, size } = statSync(path);
    // Windows has no such bits
    if (process.platform !== 'win32' && mode & 0o077) throw refuse('readable by others, mode 0600 is required');
    if (size > FILE_MAX_BYTES) throw refuse('too large');
    content = readFileSync(path);
  } catch (error) {
    throw error instanceof Refusal ? error : refuse('not readable');
  }
  const end = content.findIndex((byte) => byte === 0x0a || byte === 0x0d);
  const line = end < 0 ? content : content.subarray(0, end);
  if (line.length === 0) throw refuse('empty');
  return line.subarray(0, VNC_PASSWORD_BYTES);
}

/**
 * @param password 1 to 8 bytes
 * @param challenge 16 bytes
 * @returns 16 bytes
 */
export function answerChallenge(password: Uint8Array, challenge: Uint8Array): Uint8Array {
  const key = new Uint8Array(VNC_PASSWORD_BYTES);
  for (const [i, byte] of password.entries()) key[i] = mirrored(byte);
  // OpenSSL 3 has no single DES outside its legacy provider; EDE with one key three times is the same function
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([key, key, key]), null).setAutoPadding(false);
  return Buffer.concat([cipher.update(challenge), cipher.final()]);
}

/** VNC takes the bits of each byte of the key in the other order. */
function mirrored(byte: number): number {
  let result = 0;
  for (let bit = 0; bit < 8; bit++) result |= ((byte >> bit) & 1) << (7 - bit);
  return result;
}
