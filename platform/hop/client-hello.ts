// Is the first message of TLS here, whole? Looked at before OpenSSL is asked, so that a handshake begins only when it can
// go on at once: who sends it byte by byte, or holds a thousand back to send them together, costs a few bytes (T25).
import { Refusal } from '#protocol/codes.ts';

/** Of the ML-KEM hybrid one has 1.3 to 2 kB. */
export const CLIENT_HELLO_MAX_BYTES = 16_384;

const RECORD_HEADER_BYTES = 5;
const MESSAGE_HEADER_BYTES = 4;
/** RFC 8446 §5.1, §4. */
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const PLAINTEXT_MAX_BYTES = 16_384;

/**
 * @param bytes all that has come so far
 * @returns true once the ClientHello is there, in however many records; nothing of its content is looked at
 * @throws MALFORMED for what can become none, or becomes too long
 */
export function hasClientHello(bytes: Uint8Array): boolean {
  if (bytes.length > CLIENT_HELLO_MAX_BYTES + RECORD_HEADER_BYTES) throw malformed('too long');
  const header: number[] = [];
  let length = 0;
  for (let at = 0; at + RECORD_HEADER_BYTES <= bytes.length; ) {
    const [type = 0, major = 0, , high = 0, low = 0] = bytes.subarray(at, at + RECORD_HEADER_BYTES);
    const size = high * 256 + low;
    if (type !== HANDSHAKE_RECORD || major !== 3 || size === 0 || size > PLAINTEXT_MAX_BYTES) throw malformed('no TLS');
    const content = bytes.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + size);
    for (let i = 0; header.length < MESSAGE_HEADER_BYTES && i < content.length; i++) header.push(content[i] ?? 0);
    length += content.length;
    at += RECORD_HEADER_BYTES + size;
    const [message, a = 0, b = 0, c = 0] = header;
    if (message !== undefined && message !== CLIENT_HELLO) throw malformed('no ClientHello');
    if (header.length < MESSAGE_HEADER_BYTES) continue;
    const whole = MESSAGE_HEADER_BYTES + a * 65_536 + b * 256 + c;
    if (whole > CLIENT_HELLO_MAX_BYTES) throw malformed('too long');
    if (length >= whole) return true;
  }
  // Not even a header, and yet no TLS: need not be waited for.
  const [first = HANDSHAKE_RECORD] = bytes;
  if (first !== HANDSHAKE_RECORD) throw malformed('no TLS');
  return false;
}

function malformed(detail: string): Refusal {
  return new Refusal('MALFORMED', `ClientHello: ${detail}`);
}
