// The same cryptography from node:crypto: synchronous where records are sealed, with key objects instead of raw keys
// (a raw key costs an import for every record). The only file of the protocol that imports node:.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  decapsulate,
  diffieHellman,
  encapsulate,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import type { Bytes } from '../bytes.ts';
import { Refusal } from '../codes.ts';
import { TAG_BYTES } from '../limits.ts';
import {
  type Cipher,
  checkLength,
  checkSecret,
  checkShare,
  type EcdhPair,
  type KemPair,
  nonceOf,
  type SigningKey,
} from './cipher.ts';
import { CIPHERTEXT_BYTES, type Curve, ENCAPSULATION_KEY_BYTES, PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from './suites.ts';

const GCM = 'aes-256-gcm';
const GCM_OPTIONS = { authTagLength: TAG_BYTES };

/** The same memory as plain bytes. */
const bytesOf = (buffer: Buffer<ArrayBuffer>): Bytes => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);

/** Imports check that a point is on its curve (SP 800-56A §5.6.2.3) and that ML-KEM coefficients are reduced. */
function publicKey(type: 'ec' | 'x25519' | 'ml-kem-768', raw: Bytes): KeyObject {
  const key = Buffer.from(raw.buffer, raw.byteOffset, raw.length);
  return type === 'ec'
    ? createPublicKey({ key, format: 'raw-public', asymmetricKeyType: 'ec', namedCurve: 'P-256' })
    : createPublicKey({ key, format: 'raw-public', asymmetricKeyType: type });
}

const rawPublic = (key: KeyObject): Bytes => bytesOf(key.export({ format: 'raw-public' }));

export const nodeCipher: Cipher = {
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),

  sha256: (data) => bytesOf(hash('sha256', data, 'buffer')),

  hmacSha256: (key, data) => bytesOf(createHmac('sha256', key).update(data).digest()),

  aead(key) {
    const secret = createSecretKey(key);
    return {
      seal(sequence, aad, plaintext, header) {
        const cipher = createCipheriv(GCM, secret, nonceOf(sequence), GCM_OPTIONS).setAAD(aad);
        const record = new Uint8Array(header.length + plaintext.length + TAG_BYTES);
        record.set(header);
        record.set(cipher.update(plaintext), header.length);
        cipher.final();
        record.set(cipher.getAuthTag(), header.length + plaintext.length);
        return record;
      },
      open(sequence, aad, sealed) {
        const end = sealed.length - TAG_BYTES;
        if (end < 0) throw new Refusal('RECORD_FORGED');
        const decipher = createDecipheriv(GCM, secret, nonceOf(sequence), GCM_OPTIONS)
          .setAAD(aad)
          .setAuthTag(sealed.subarray(end));
        const plaintext = decipher.update(sealed.subarray(0, end));
        try {
          decipher.final();
        } catch {
          throw new Refusal('RECORD_FORGED');
        }
        return bytesOf(plaintext);
      },
    };
  },

  ecdh: async (curve) => ecdhPair(curve, newPrivateKey(curve)),

  kem: async () => kemPair(generateKeyPairSync('ml-kem-768').privateKey),

  async encapsulate(encapsulationKey) {
    checkLength('ML-KEM key', encapsulationKey, ENCAPSULATION_KEY_BYTES);
    try {
      const { ciphertext, sharedKey } = encapsulate(publicKey('ml-kem-768', encapsulationKey));
      return { ciphertext: bytesOf(ciphertext), secret: bytesOf(sharedKey) };
    } catch {
      throw new Refusal('KEY_SHARE_INVALID', 'ML-KEM key');
    }
  },

  async verify(key, signature, data) {
    if (key.length !== PUBLIC_KEY_BYTES || key[0] !== 0x04 || signature.length !== SIGNATURE_BYTES) return false;
    try {
      return verify('sha256', data, { key: publicKey('ec', key), dsaEncoding: 'ieee-p1363' }, signature);
    } catch {
      return false;
    }
  },
};

function newPrivateKey(curve: Curve): KeyObject {
  const pair = curve === 'P-256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('x25519');
  return pair.privateKey;
}

/** For a fresh key, or the fixed one of a known answer. */
export function ecdhPair(curve: Curve, privateKey: KeyObject): EcdhPair {
  return {
    share: rawPublic(createPublicKey(privateKey)),
    async agree(peerShare) {
      checkShare(curve, peerShare);
      let secret: Bytes;
      try {
        const peer = publicKey(curve === 'P-256' ? 'ec' : 'x25519', peerShare);
        secret = bytesOf(diffieHellman({ privateKey, publicKey: peer }));
      } catch {
        throw new Refusal('KEY_SHARE_INVALID', curve);
      }
      return checkSecret(curve, secret);
    },
  };
}

/** For a fresh key, or the fixed one of a known answer. */
export function kemPair(privateKey: KeyObject): KemPair {
  return {
    encapsulationKey: rawPublic(createPublicKey(privateKey)),
    async decapsulate(ciphertext) {
      checkLength('ML-KEM ciphertext', ciphertext, CIPHERTEXT_BYTES);
      return bytesOf(decapsulate(privateKey, ciphertext));
    },
  };
}

/** A new ECDSA P-256 private key, PKCS #8 in PEM, for a file of mode 0600. */
export function newSigningKeyPem(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

/**
 * @param pem a PKCS #8 private key
 * @throws Error in one sentence for what is not an ECDSA P-256 key
 */
export function importSigningKey(pem: string): SigningKey {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new Error('not a private key in PEM');
  }
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error('not a key on the curve P-256');
  }
  return {
    publicKey: rawPublic(createPublicKey(key)),
    sign: async (data) => bytesOf(sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })),
  };
}
