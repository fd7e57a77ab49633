// protocol/README.md, "Keys", "Transcript and signatures" and "Sealed record", read by somebody who has only that text:
// node:crypto, and nothing of the project.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';

export const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest();
export const hmac = (key: Buffer, data: Buffer): Buffer => createHmac('sha256', key).update(data).digest();

/** Big endian. */
export function number(value: number | bigint, bytes: number): Buffer {
  return Buffer.from(
    BigInt(value)
      .toString(16)
      .padStart(2 * bytes, '0'),
    'hex',
  );
}
export const vector = (data: Buffer): Buffer => Buffer.concat([number(data.length, 2), data]);
export const text = (value: string): Buffer => vector(Buffer.from(value, 'utf8'));

const ZERO = Buffer.alloc(32);
const NOTHING = Buffer.alloc(0);

function label(secret: Buffer, name: string, context: Buffer): Buffer {
  const full = Buffer.from(`tw1 ${name}`);
  const info = Buffer.concat([number(32, 2), number(full.length, 1), full, number(context.length, 1), context]);
  return hmac(secret, Buffer.concat([info, Buffer.of(1)]));
}

/** @param psk the 10 bytes of the pairing code, mode pair only */
export function handshakeSecret(psk: Buffer | null, kem: Buffer, ecdh: Buffer): Buffer {
  const early = hmac(ZERO, psk ?? ZERO);
  return hmac(label(early, 'derived', sha256(NOTHING)), Buffer.concat([kem, ecdh]));
}
export const mainSecret = (handshake: Buffer): Buffer => hmac(label(handshake, 'derived', sha256(NOTHING)), ZERO);
export const trafficSecret = (from: Buffer, name: string, transcript: Buffer): Buffer => label(from, name, transcript);
export const finished = (traffic: Buffer, transcript: Buffer): Buffer =>
  hmac(label(traffic, 'finished', NOTHING), transcript);
export const trafficKey = (traffic: Buffer): Buffer => label(traffic, 'key', NOTHING);
export const nextGeneration = (traffic: Buffer): Buffer => label(traffic, 'next', NOTHING);

export class Transcript {
  #elements = NOTHING;

  add(element: Buffer): Buffer {
    this.#elements = Buffer.concat([this.#elements, number(element.length, 4), element]);
    return sha256(this.#elements);
  }
}

export const toBeSigned = (name: string, transcript: Buffer): Buffer =>
  Buffer.concat([Buffer.alloc(64, 0x20), Buffer.from(name), Buffer.of(0), transcript]);

export function signTranscript(key: KeyObject, name: string, transcript: Buffer): Buffer {
  return sign('sha256', toBeSigned(name, transcript), { key, dsaEncoding: 'ieee-p1363' });
}

export function verifyTranscript(key: Buffer, signature: Buffer, name: string, transcript: Buffer): boolean {
  const [x, y] = [key.subarray(1, 33).toString('base64url'), key.subarray(33).toString('base64url')];
  const publicKey = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  return verify('sha256', toBeSigned(name, transcript), { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
}

/** 0x04 ‖ x ‖ y */
export function rawPublicKey(key: KeyObject): Buffer {
  const { x, y } = createPublicKey(key).export({ format: 'jwk' });
  return Buffer.concat([Buffer.of(4), Buffer.from(x ?? '', 'base64url'), Buffer.from(y ?? '', 'base64url')]);
}

export const INWARD = 0;
export const OUTWARD = 1;

export interface Sealing {
  key: Buffer;
  session: Buffer;
  direction: typeof INWARD | typeof OUTWARD;
}

export const header = (lane: number, sequence: number): Buffer =>
  Buffer.concat([Buffer.of(1, lane), number(sequence, 6)]);

function additional({ session, direction }: Sealing, lane: number, sequence: number): Buffer {
  return Buffer.concat([Buffer.of(1), session, number(0, 4), Buffer.of(direction, lane), number(sequence, 6)]);
}

export function seal(sealing: Sealing, lane: number, sequence: number, plaintext: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', sealing.key, number(sequence, 12));
  cipher.setAAD(additional(sealing, lane, sequence));
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([header(lane, sequence), body, cipher.getAuthTag()]);
}

/** @throws Error unless the record has this sequence and opens */
export function open(sealing: Sealing, sequence: number, record: Buffer): { lane: number; plaintext: Buffer } {
  const lane = record.readUInt8(1);
  if (!record.subarray(0, 8).equals(header(lane, sequence))) throw new Error('another record was due');
  const decipher = createDecipheriv('aes-256-gcm', sealing.key, number(sequence, 12));
  decipher.setAAD(additional(sealing, lane, sequence));
  decipher.setAuthTag(record.subarray(-16));
  return { lane, plaintext: Buffer.concat([decipher.update(record.subarray(8, -16)), decipher.final()]) };
}
