// The key schedule: the shape of RFC 8446 §7.1, with both shared secrets extracted together.
//
//            0
//            │
//   PSK ──▶ Extract = early secret             PSK: the pairing code's 10 bytes, or 32 zero bytes
//            │
//       Derive "derived"
//            │
//   ML-KEM secret ‖ ECDH secret ──▶ Extract = handshake secret
//            ├──▶ "c hs", "a hs"   over the transcript up to the answer
//            │       └──▶ "key" (AES-256), "finished" (HMAC)
//       Derive "derived"
//            │
//       0 ──▶ Extract = main secret
//            └──▶ "c ap", "a ap", "exp", "res"   over the transcript up to the client's Finished
//                    └──▶ "key" (AES-256), "next" (the same secret of the next generation)
//
// Every output is 32 bytes, so one block of HKDF-Expand is always enough (RFC 5869 §2.3).
import { type Bytes, concat, utf8, Writer } from '../bytes.ts';
import type { Aead, Cipher } from './cipher.ts';
import { after, type MaybePromise } from './maybe-promise.ts';
import { SECRET_BYTES } from './suites.ts';

/** RFC 8446 has "tls13 " here. */
const LABEL_PREFIX = 'tw1 ';
const ZERO: Bytes = new Uint8Array(SECRET_BYTES);
const NOTHING: Bytes = new Uint8Array(0);

type Label = 'derived' | 'c hs' | 'a hs' | 'finished' | 'key' | 'next' | 'c ap' | 'a ap' | 'exp' | 'res';

export interface HandshakeSecrets {
  client: Bytes;
  agent: Bytes;
  /** What the main secret is extracted with. */
  derived: Bytes;
}

export interface SessionSecrets {
  client: Bytes;
  agent: Bytes;
  exporter: Bytes;
  /** The PSK of the next epoch's handshake. */
  resumption: Bytes;
}

/** HKDF-Extract (RFC 5869 §2.2). @param salt 32 bytes */
const extract = (cipher: Cipher, salt: Bytes, material: Bytes): MaybePromise<Bytes> =>
  cipher.hmacSha256(salt, material);

/** HKDF-Expand-Label to 32 bytes (RFC 8446 §7.1). @param context empty or 32 bytes */
function expandLabel(cipher: Cipher, secret: Bytes, label: Label, context: Bytes): MaybePromise<Bytes> {
  const name = utf8(LABEL_PREFIX + label);
  const info = new Writer().u16(SECRET_BYTES).u8(name.length).bytes(name).u8(context.length).bytes(context);
  return cipher.hmacSha256(secret, info.u8(1).done());
}

/** @param transcript hash over hello and answer, 32 bytes */
export async function handshakeSecrets(
  cipher: Cipher,
  psk: Bytes | null,
  shared: { kem: Bytes; ecdh: Bytes },
  transcript: Bytes,
): Promise<HandshakeSecrets> {
  const early = await extract(cipher, ZERO, psk ?? ZERO);
  const salt = await derived(cipher, early);
  const handshake = await extract(cipher, salt, concat(shared.kem, shared.ecdh));
  return {
    client: await expandLabel(cipher, handshake, 'c hs', transcript),
    agent: await expandLabel(cipher, handshake, 'a hs', transcript),
    derived: await derived(cipher, handshake),
  };
}

/** @param transcript hash over everything up to the client's Finished, 32 bytes */
export async function sessionSecrets(cipher: Cipher, salt: Bytes, transcript: Bytes): Promise<SessionSecrets> {
  const main = await extract(cipher, salt, ZERO);
  return {
    client: await expandLabel(cipher, main, 'c ap', transcript),
    agent: await expandLabel(cipher, main, 'a ap', transcript),
    exporter: await expandLabel(cipher, main, 'exp', transcript),
    resumption: await expandLabel(cipher, main, 'res', transcript),
  };
}

/** Derive-Secret(secret, "derived", ""): its context is the hash of nothing. */
async function derived(cipher: Cipher, secret: Bytes): Promise<Bytes> {
  return expandLabel(cipher, secret, 'derived', await cipher.sha256(NOTHING));
}

/** Finished (RFC 8446 §4.4.4). @param secret "c hs" or "a hs" @returns 32 bytes */
export async function finishedMac(cipher: Cipher, secret: Bytes, transcript: Bytes): Promise<Bytes> {
  return cipher.hmacSha256(await expandLabel(cipher, secret, 'finished', NOTHING), transcript);
}

/** AES-256-GCM under the key of a traffic secret. */
export function trafficAead(cipher: Cipher, secret: Bytes): MaybePromise<Aead> {
  return after(expandLabel(cipher, secret, 'key', NOTHING), (key) => cipher.aead(key));
}

/** The traffic secret of the next generation; the old one cannot be computed from it. */
export function nextGeneration(cipher: Cipher, secret: Bytes): MaybePromise<Bytes> {
  return expandLabel(cipher, secret, 'next', NOTHING);
}
