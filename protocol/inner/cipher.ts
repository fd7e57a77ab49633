// What the end-to-end session asks of cryptography, and the answer of WebCrypto (browser and Node). inner/cipher-node.ts
// answers the same with node:crypto. Every algorithm of the session stands in this interface; there is no other.
import type { Bytes } from '../bytes.ts';
import { Refusal } from '../codes.ts';
import { TAG_BYTES } from '../limits.ts';
import type { MaybePromise } from './maybe-promise.ts';
import {
  CIPHERTEXT_BYTES,
  type Curve,
  ENCAPSULATION_KEY_BYTES,
  PUBLIC_KEY_BYTES,
  SHARE_BYTES,
  SIGNATURE_BYTES,
} from './suites.ts';

export interface Cipher {
  random(length: number): Bytes;
  /** @returns 32 bytes (FIPS 180-4) */
  sha256(data: Uint8Array): MaybePromise<Bytes>;
  /** @param key at least one byte. @returns 32 bytes (RFC 2104) */
  hmacSha256(key: Bytes, data: Uint8Array): MaybePromise<Bytes>;
  /** @param key 32 bytes of AES-256-GCM */
  aead(key: Bytes): MaybePromise<Aead>;
  /** A fresh key pair. */
  ecdh(curve: Curve): Promise<EcdhPair>;
  /** A fresh key pair of ML-KEM-768. */
  kem(): Promise<KemPair>;
  /** @param encapsulationKey 1184 bytes. @throws KEY_SHARE_INVALID for another length or a coefficient ≥ q (FIPS 203 §7.2) */
  encapsulate(encapsulationKey: Bytes): Promise<Encapsulated>;
  /**
   * ECDSA P-256 with SHA-256.
   * @param publicKey 65 bytes
   * @param signature 64 bytes, r ‖ s
   * @returns false also for a key that is no point of the curve and for a wrong length
   */
  verify(publicKey: Bytes, signature: Bytes, data: Bytes): Promise<boolean>;
}

/** AES-256-GCM under one key; the nonce is the record's sequence number (SP 800-38D §8.2.1, a deterministic counter). */
export interface Aead {
  /** @returns header ‖ ciphertext ‖ tag in one buffer */
  seal(sequence: number, aad: Bytes, plaintext: Uint8Array, header: Bytes): MaybePromise<Bytes>;
  /** @param sealed ciphertext ‖ tag. @throws RECORD_FORGED */
  open(sequence: number, aad: Bytes, sealed: Uint8Array): MaybePromise<Bytes>;
}

export interface EcdhPair {
  /** 65 bytes on P-256, 32 on X25519 */
  share: Bytes;
  /** @returns 32 bytes. @throws KEY_SHARE_INVALID for what is no point of the curve, or an X25519 point of small order */
  agree(peerShare: Bytes): Promise<Bytes>;
}

export interface KemPair {
  /** 1184 bytes */
  encapsulationKey: Bytes;
  /** @param ciphertext 1088 bytes. @returns 32 bytes; a wrong ciphertext leads to another secret, not to an error. @throws KEY_SHARE_INVALID for another length */
  decapsulate(ciphertext: Bytes): Promise<Bytes>;
}

export interface Encapsulated {
  /** 1088 bytes */
  ciphertext: Bytes;
  /** 32 bytes */
  secret: Bytes;
}

/** An ECDSA P-256 key: the agent's identity, or a user's device key. The private half stays where it is. */
export interface SigningKey {
  /** 65 bytes, uncompressed */
  publicKey: Bytes;
  /** Signs with SHA-256. @returns 64 bytes, r ‖ s */
  sign(data: Bytes): Promise<Bytes>;
}

/** The sequence number as 96 bits, big endian. Unique because a key serves one direction of one epoch. */
export function nonceOf(sequence: number): Bytes {
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  view.setUint16(6, Math.floor(sequence / 0x1_0000_0000));
  view.setUint32(8, sequence % 0x1_0000_0000);
  return nonce;
}

/** Refuses what is not even the shape of a share; whether it is a point of the curve, the implementation must check. */
export function checkShare(curve: Curve, share: Bytes): void {
  const shaped = share.length === SHARE_BYTES[curve] && (curve === 'X25519' || share[0] === 0x04);
  if (!shaped) throw new Refusal('KEY_SHARE_INVALID', `${curve}: ${share.length} bytes`);
}

/**
 * RFC 7748 §6.1: a point of small order gives all zeros, and with it a secret that anybody knows. P-256 has no such
 * points; there a zero is a value like any other.
 */
export function checkSecret(curve: Curve, secret: Bytes): Bytes {
  if (curve === 'X25519' && secret.every((byte) => byte === 0)) {
    throw new Refusal('KEY_SHARE_INVALID', 'the shared secret is zero');
  }
  return secret;
}

/** @throws KEY_SHARE_INVALID unless the ML-KEM input has its one length */
export function checkLength(what: string, bytes: Bytes, length: number): void {
  if (bytes.length !== length) throw new Refusal('KEY_SHARE_INVALID', `${what}: ${bytes.length} bytes`);
}

const subtle = crypto.subtle;
const bytesOf = (buffer: ArrayBuffer): Bytes => new Uint8Array(buffer);
/** WebCrypto takes no view of shared memory. */
const owned = (data: Uint8Array): Bytes => (data.buffer instanceof ArrayBuffer ? (data as Bytes) : data.slice());
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const curveAlgorithm = (curve: Curve) =>
  curve === 'P-256' ? ({ name: 'ECDH', namedCurve: 'P-256' } as const) : ({ name: 'X25519' } as const);

export const webCipher: Cipher = {
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),

  sha256: async (data) => bytesOf(await subtle.digest('SHA-256', owned(data))),

  async hmacSha256(key, data) {
    const imported = await subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    return bytesOf(await subtle.sign('HMAC', imported, owned(data)));
  },

  async aead(key) {
    const imported = await subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']);
    const algorithm = (sequence: number, aad: Bytes) => ({
      name: 'AES-GCM',
      iv: nonceOf(sequence),
      additionalData: aad,
      tagLength: TAG_BYTES * 8,
    });
    return {
      async seal(sequence, aad, plaintext, header) {
        const sealed = bytesOf(await subtle.encrypt(algorithm(sequence, aad), imported, owned(plaintext)));
        const record = new Uint8Array(header.length + sealed.length);
        record.set(header);
        record.set(sealed, header.length);
        return record;
      },
      async open(sequence, aad, sealed) {
        try {
          return bytesOf(await subtle.decrypt(algorithm(sequence, aad), imported, owned(sealed)));
        } catch {
          throw new Refusal('RECORD_FORGED');
        }
      },
    };
  },

  async ecdh(curve) {
    return webEcdhPair(
      curve,
      (await subtle.generateKey(curveAlgorithm(curve), false, ['deriveBits'])) as CryptoKeyPair,
    );
  },

  kem: async () => (await mlKem()).generate(),

  async encapsulate(encapsulationKey) {
    checkLength('ML-KEM key', encapsulationKey, ENCAPSULATION_KEY_BYTES);
    const kem = await mlKem();
    try {
      return await kem.encapsulate(encapsulationKey);
    } catch {
      throw new Refusal('KEY_SHARE_INVALID', 'ML-KEM key');
    }
  },

  async verify(publicKey, signature, data) {
    if (publicKey.length !== PUBLIC_KEY_BYTES || publicKey[0] !== 0x04) return false;
    if (signature.length !== SIGNATURE_BYTES) return false;
    try {
      const imported = await subtle.importKey('raw', publicKey, ECDSA, false, ['verify']);
      return await subtle.verify(ECDSA, imported, signature, data);
    } catch {
      return false;
    }
  },
};

/** For a fresh pair, or the fixed one of a known answer. */
export async function webEcdhPair(curve: Curve, pair: CryptoKeyPair): Promise<EcdhPair> {
  return {
    share: bytesOf(await subtle.exportKey('raw', pair.publicKey)),
    async agree(peerShare) {
      checkShare(curve, peerShare);
      const algorithm = curveAlgorithm(curve);
      let secret: ArrayBuffer;
      try {
        const peer = await subtle.importKey('raw', peerShare, algorithm, false, []);
        secret = await subtle.deriveBits({ name: algorithm.name, public: peer }, pair.privateKey, 256);
      } catch {
        throw new Refusal('KEY_SHARE_INVALID', curve);
      }
      return checkSecret(curve, bytesOf(secret));
    },
  };
}

/** @param pair ECDSA P-256; the private half may be, and in a browser is, non-extractable (T01) */
export async function webSigningKey(pair: CryptoKeyPair): Promise<SigningKey> {
  return {
    publicKey: bytesOf(await subtle.exportKey('raw', pair.publicKey)),
    sign: async (data) => bytesOf(await subtle.sign(ECDSA, pair.privateKey, data)),
  };
}

/** ML-KEM-768 from WebCrypto, or the same algorithm from a package; never another one. */
interface MlKem {
  generate(): Promise<KemPair>;
  /** May throw anything for a key that is not valid. */
  encapsulate(encapsulationKey: Bytes): Promise<Encapsulated>;
}

let chosen: Promise<MlKem> | null = null;

function mlKem(): Promise<MlKem> {
  chosen ??= nativeMlKem().catch(packagedMlKem);
  return chosen;
}

/** The part of "Modern Algorithms in the Web Cryptography API" that TypeScript does not know yet. */
interface KemSubtle {
  generateKey(algorithm: 'ML-KEM-768', extractable: boolean, usages: string[]): Promise<CryptoKeyPair>;
  exportKey(format: 'raw-public', key: CryptoKey): Promise<ArrayBuffer>;
  importKey(format: 'raw-public', key: Bytes, a: 'ML-KEM-768', e: boolean, usages: string[]): Promise<CryptoKey>;
  encapsulateBits(
    algorithm: 'ML-KEM-768',
    key: CryptoKey,
  ): Promise<{ ciphertext: ArrayBuffer; sharedKey: ArrayBuffer }>;
  decapsulateBits(algorithm: 'ML-KEM-768', key: CryptoKey, ciphertext: Bytes): Promise<ArrayBuffer>;
}

async function nativeMlKem(): Promise<MlKem> {
  const kem = subtle as unknown as KemSubtle;
  // Where WebCrypto has no ML-KEM this throws, and the package answers for it.
  await kem.generateKey('ML-KEM-768', false, ['encapsulateBits', 'decapsulateBits']);
  return {
    async generate() {
      const pair = await kem.generateKey('ML-KEM-768', false, ['encapsulateBits', 'decapsulateBits']);
      return {
        encapsulationKey: bytesOf(await kem.exportKey('raw-public', pair.publicKey)),
        async decapsulate(ciphertext) {
          checkLength('ML-KEM ciphertext', ciphertext, CIPHERTEXT_BYTES);
          return bytesOf(await kem.decapsulateBits('ML-KEM-768', pair.privateKey, ciphertext));
        },
      };
    },
    async encapsulate(encapsulationKey) {
      const key = await kem.importKey('raw-public', encapsulationKey, 'ML-KEM-768', false, ['encapsulateBits']);
      const { ciphertext, sharedKey } = await kem.encapsulateBits('ML-KEM-768', key);
      return { ciphertext: bytesOf(ciphertext), secret: bytesOf(sharedKey) };
    },
  };
}

/** Exported for the test that sets it against the native one. */
export async function packagedMlKem(): Promise<MlKem> {
  const { ml_kem768: kem } = await import('@noble/post-quantum/ml-kem.js');
  return {
    async generate() {
      const pair = kem.keygen();
      return {
        encapsulationKey: new Uint8Array(pair.publicKey),
        async decapsulate(ciphertext) {
          checkLength('ML-KEM ciphertext', ciphertext, CIPHERTEXT_BYTES);
          return new Uint8Array(kem.decapsulate(ciphertext, pair.secretKey));
        },
      };
    },
    async encapsulate(encapsulationKey) {
      const { cipherText, sharedSecret } = kem.encapsulate(encapsulationKey);
      return { ciphertext: new Uint8Array(cipherText), secret: new Uint8Array(sharedSecret) };
    },
  };
}
