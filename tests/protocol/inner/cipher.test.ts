// Each primitive as we call it, against published answers, and what must be refused. Both ciphers get the same tests.
import { createPrivateKey, generateKeyPairSync, type KeyObject, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { describe, expect, it } from 'vitest';
import { type Bytes, fromHex, toHex } from '#protocol/bytes.ts';
import {
  type Cipher,
  type EcdhPair,
  nonceOf,
  packagedMlKem,
  webCipher,
  webEcdhPair,
  webSigningKey,
} from '#protocol/inner/cipher.ts';
import { ecdhPair, importSigningKey, kemPair, newSigningKeyPem, nodeCipher } from '#protocol/inner/cipher-node.ts';
import type { Curve } from '#protocol/inner/suites.ts';

const vectors = JSON.parse(readFileSync(new URL('../../vectors/primitives.json', import.meta.url), 'utf8'));
const hex = (text: string): Bytes => fromHex(text, text.length / 2);
const NOTHING: Bytes = new Uint8Array(0);

function privateKey(curve: Curve, raw: Bytes): KeyObject {
  const key = Buffer.from(raw);
  return curve === 'P-256'
    ? createPrivateKey({ key, format: 'raw-private', asymmetricKeyType: 'ec', namedCurve: 'P-256' })
    : createPrivateKey({ key, format: 'raw-private', asymmetricKeyType: 'x25519' });
}

async function webPair(curve: Curve, raw: Bytes): Promise<EcdhPair> {
  const key = privateKey(curve, raw);
  const algorithm = curve === 'P-256' ? { name: 'ECDH', namedCurve: 'P-256' } : { name: 'X25519' };
  const jwk = key.export({ format: 'jwk' });
  const { d: _, ...publicJwk } = jwk;
  const { subtle } = webcrypto;
  return webEcdhPair(curve, {
    privateKey: (await subtle.importKey('jwk', jwk, algorithm, false, ['deriveBits'])) as CryptoKey,
    publicKey: (await subtle.importKey('jwk', publicJwk, algorithm, true, [])) as CryptoKey,
  });
}

interface Subject {
  name: string;
  cipher: Cipher;
  fixed(curve: Curve, raw: Bytes): Promise<EcdhPair>;
}

const subjects: Subject[] = [
  { name: 'nodeCipher', cipher: nodeCipher, fixed: async (curve, raw) => ecdhPair(curve, privateKey(curve, raw)) },
  { name: 'webCipher', cipher: webCipher, fixed: webPair },
];

describe.each(subjects)('$name', ({ cipher, fixed }) => {
  it.each(vectors.sha256 as { source: string; data: string; digest: string }[])('hashes: $source', async (vector) => {
    expect(toHex(await cipher.sha256(hex(vector.data)))).toBe(vector.digest);
  });

  it.each(vectors.hmacSha256 as { source: string; key: string; data: string; mac: string }[])(
    'authenticates: $source',
    async (vector) => {
      expect(toHex(await cipher.hmacSha256(hex(vector.key), hex(vector.data)))).toBe(vector.mac);
    },
  );

  it('extracts and derives in the shape of TLS 1.3 (RFC 8448 §3)', async () => {
    const { early, info, derived } = vectors.tls13Schedule;
    expect(toHex(await cipher.hmacSha256(new Uint8Array(32), new Uint8Array(32)))).toBe(early);
    expect(toHex(await cipher.hmacSha256(hex(early), hex(info)))).toBe(derived);
  });

  it.each(vectors.aes256gcm as { source: string; key: string; sequence: number; plaintext: string; sealed: string }[])(
    'seals and opens: $source',
    async ({ key, sequence, plaintext, sealed }) => {
      const aead = await cipher.aead(hex(key));
      const record = await aead.seal(sequence, NOTHING, hex(plaintext), Uint8Array.of(1, 2));
      expect(toHex(record)).toBe(`0102${sealed}`);
      expect(toHex(await aead.open(sequence, NOTHING, hex(sealed)))).toBe(plaintext);
    },
  );

  it('opens nothing that was changed: key, nonce, additional data, text, tag or length', async () => {
    const [key, aad, text] = [new Uint8Array(32).fill(7), Uint8Array.of(1, 2, 3), new Uint8Array(40).fill(9)];
    const aead = await cipher.aead(key);
    const sealed = await aead.seal(5, aad, text, NOTHING);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      await expect((async () => aead.open(5, aad, changed))()).rejects.toThrow('RECORD_FORGED');
    }
    const other = await cipher.aead(new Uint8Array(32));
    for (const open of [
      async () => other.open(5, aad, sealed),
      async () => aead.open(6, aad, sealed),
      async () => aead.open(5, Uint8Array.of(1, 2), sealed),
      async () => aead.open(5, aad, sealed.subarray(0, sealed.length - 1)),
      async () => aead.open(5, aad, sealed.subarray(0, 15)),
      async () => aead.open(5, aad, NOTHING),
    ]) {
      await expect(open()).rejects.toThrow('RECORD_FORGED');
    }
  });

  it.each(['p256', 'x25519'])('agrees: %s', async (name) => {
    const { privateKey: own, share, peerShare, secret } = vectors[name];
    const pair = await fixed(name === 'p256' ? 'P-256' : 'X25519', hex(own));
    expect(toHex(pair.share)).toBe(share);
    expect(toHex(await pair.agree(hex(peerShare)))).toBe(secret);
  });

  it.each(vectors.x25519SmallOrder.points as string[])('refuses the X25519 point of small order %s', async (point) => {
    const pair = await cipher.ecdh('X25519');
    await expect(pair.agree(hex(point))).rejects.toThrow('KEY_SHARE_INVALID');
  });

  it('refuses what is no point of P-256', async () => {
    const point = hex(vectors.p256.peerShare);
    const changed = (change: (bytes: Bytes) => void): Bytes => {
      const bytes = point.slice();
      change(bytes);
      return bytes;
    };
    const x = point.subarray(1, 33);
    const bad: Bytes[] = [
      changed((bytes) => bytes.set([(bytes[64] as number) ^ 1], 64)), // off the curve
      changed((bytes) => bytes.copyWithin(33, 1, 33)), // y = x
      changed((bytes) => bytes.fill(0xff, 1, 33)), // x beyond the field
      changed((bytes) => bytes.fill(0, 1)), // 0, 0
      changed((bytes) => bytes.set([0x06], 0)), // hybrid forms
      changed((bytes) => bytes.set([0x07], 0)),
      Uint8Array.of(0x03, ...x), // compressed
      Uint8Array.of(0x00), // the point at infinity
      point.slice(0, 64),
      Uint8Array.of(...point, 0),
      NOTHING,
    ];
    const pair = await cipher.ecdh('P-256');
    for (const share of bad) await expect(pair.agree(share), toHex(share)).rejects.toThrow('KEY_SHARE_INVALID');
  });

  it('takes no share of the other curve', async () => {
    const [p256, x25519] = [await cipher.ecdh('P-256'), await cipher.ecdh('X25519')];
    await expect(p256.agree(x25519.share)).rejects.toThrow('KEY_SHARE_INVALID');
    await expect(x25519.agree(p256.share)).rejects.toThrow('KEY_SHARE_INVALID');
  });

  it.each(vectors.ecdsaP256 as { source: string; publicKey: string; data: string; signature: string }[])(
    'verifies: $source',
    async ({ publicKey, data, signature }) => {
      expect(await cipher.verify(hex(publicKey), hex(signature), hex(data))).toBe(true);
    },
  );

  it('verifies no changed signature, key or message', async () => {
    const { publicKey, data, signature } = vectors.ecdsaP256[0];
    const [key, message, [r, s]] = [hex(publicKey), hex(data), [signature.slice(0, 64), signature.slice(64)]];
    const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
    const zero = '0'.repeat(64);
    const signatures = [
      s + r,
      zero + s,
      r + zero,
      zero + zero,
      order + s,
      r + order,
      order + order,
      r,
      `${signature}00`,
      '',
    ];
    for (const bad of signatures) expect(await cipher.verify(key, hex(bad), message), bad).toBe(false);
    for (let i = 0; i < 64; i++) {
      const bad = hex(signature);
      bad[i] = (bad[i] as number) ^ 0x10;
      expect(await cipher.verify(key, bad, message)).toBe(false);
    }
    expect(await cipher.verify(key, hex(signature), hex('73616d706c64'))).toBe(false);
    const keys = [
      key.slice(0, 64),
      Uint8Array.of(...key, 0),
      Uint8Array.of(0x03, ...key.subarray(1, 33)),
      new Uint8Array(65),
    ];
    for (const bad of keys) expect(await cipher.verify(bad, hex(signature), message)).toBe(false);
  });

  it('refuses malformed ML-KEM input', async () => {
    const pair = await cipher.kem();
    const key = pair.encapsulationKey;
    const { ciphertext } = await cipher.encapsulate(key);
    await expect(pair.decapsulate(ciphertext.slice(1))).rejects.toThrow('KEY_SHARE_INVALID');
    await expect(pair.decapsulate(Uint8Array.of(...ciphertext, 0))).rejects.toThrow('KEY_SHARE_INVALID');
    for (const bad of [key.slice(1), Uint8Array.of(...key, 0), NOTHING]) {
      await expect(cipher.encapsulate(bad)).rejects.toThrow('KEY_SHARE_INVALID');
    }
    // FIPS 203 §7.2, modulus check: a coefficient of q = 3329 = 0xd01, as the first and as the last of the vector
    for (const [at, three] of [
      [0, [0x01, 0x0d, 0x00]],
      [1149, [0x00, 0x10, 0xd0]],
    ] as const) {
      const unreduced = key.slice();
      unreduced.set(three, at);
      await expect(cipher.encapsulate(unreduced)).rejects.toThrow('KEY_SHARE_INVALID');
    }
  });

  it('gives another ML-KEM secret for a changed ciphertext, not an error (implicit rejection)', async () => {
    const pair = await cipher.kem();
    const { ciphertext, secret } = await cipher.encapsulate(pair.encapsulationKey);
    ciphertext[0] = (ciphertext[0] as number) ^ 1;
    const rejected = await pair.decapsulate(ciphertext);
    expect(rejected).toHaveLength(32);
    expect(rejected).not.toEqual(secret);
  });

  it('never makes the same key, share or nonce twice', async () => {
    const made = [];
    for (let i = 0; i < 3; i++) {
      made.push((await cipher.ecdh('P-256')).share, (await cipher.ecdh('X25519')).share);
      made.push((await cipher.kem()).encapsulationKey, cipher.random(32));
    }
    expect(new Set(made.map(toHex)).size).toBe(made.length);
  });
});

describe('the two ciphers', () => {
  const directions: [string, Cipher, Cipher][] = [
    ['node → web', nodeCipher, webCipher],
    ['web → node', webCipher, nodeCipher],
  ];

  it.each(directions)('agree with each other, %s', async (_, one, other) => {
    for (const curve of ['P-256', 'X25519'] as const) {
      const [a, b] = [await one.ecdh(curve), await other.ecdh(curve)];
      expect(await a.agree(b.share)).toEqual(await b.agree(a.share));
    }
    const pair = await one.kem();
    const { ciphertext, secret } = await other.encapsulate(pair.encapsulationKey);
    expect(await pair.decapsulate(ciphertext)).toEqual(secret);
    const key = one.random(32);
    const sealed = await (await one.aead(key)).seal(2 ** 40 + 7, Uint8Array.of(1), new Uint8Array(9), NOTHING);
    expect(await (await other.aead(key)).open(2 ** 40 + 7, Uint8Array.of(1), sealed)).toEqual(new Uint8Array(9));
  });

  it('sign what the other verifies', async () => {
    const data = nodeCipher.random(50);
    const pair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
    for (const key of [importSigningKey(newSigningKeyPem()), await webSigningKey(pair as CryptoKeyPair)]) {
      const signature = await key.sign(data);
      expect(signature).toHaveLength(64);
      expect(await nodeCipher.verify(key.publicKey, signature, data)).toBe(true);
      expect(await webCipher.verify(key.publicKey, signature, data)).toBe(true);
    }
  });
});

describe('ML-KEM-768', () => {
  it('is the same in OpenSSL and in the package: key from seed, encapsulation, decapsulation, rejection', async () => {
    for (let i = 0; i < 4; i++) {
      const seed = nodeCipher.random(64);
      const packaged = ml_kem768.keygen(seed);
      const key = Buffer.from(seed);
      const native = kemPair(createPrivateKey({ key, format: 'raw-seed', asymmetricKeyType: 'ml-kem-768' }));
      expect(toHex(native.encapsulationKey)).toBe(toHex(packaged.publicKey));
      const { cipherText, sharedSecret } = ml_kem768.encapsulate(packaged.publicKey);
      const ciphertext = new Uint8Array(cipherText);
      expect(await native.decapsulate(ciphertext)).toEqual(new Uint8Array(sharedSecret));
      ciphertext[500] = (ciphertext[500] as number) ^ 0x40;
      expect(toHex(await native.decapsulate(ciphertext))).toBe(
        toHex(ml_kem768.decapsulate(ciphertext, packaged.secretKey)),
      );
    }
  });

  it('stands in for the native one where WebCrypto has none, both ways', async () => {
    const packaged = await packagedMlKem();
    const pair = await packaged.generate();
    const { ciphertext, secret } = await nodeCipher.encapsulate(pair.encapsulationKey);
    expect(await pair.decapsulate(ciphertext)).toEqual(secret);
    await expect(pair.decapsulate(ciphertext.slice(1))).rejects.toThrow('KEY_SHARE_INVALID');
    const native = await nodeCipher.kem();
    const answer = await packaged.encapsulate(native.encapsulationKey);
    expect(await native.decapsulate(answer.ciphertext)).toEqual(answer.secret);
    const unreduced = native.encapsulationKey.slice();
    unreduced.set([0xff, 0xff, 0xff]);
    await expect(packaged.encapsulate(unreduced)).rejects.toThrow();
  });
});

describe('nonceOf', () => {
  it('is the sequence as 96 bits, big endian', () => {
    expect(toHex(nonceOf(0))).toBe('000000000000000000000000');
    expect(toHex(nonceOf(0x0102_0304_0506))).toBe('000000000000010203040506');
    expect(toHex(nonceOf(2 ** 48 - 1))).toBe('000000000000ffffffffffff');
  });
});

describe('importSigningKey', () => {
  it.each([
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
    ['Ed25519', generateKeyPairSync('ed25519').privateKey],
  ])('refuses a key of %s', (_, key) => {
    expect(() => importSigningKey(key.export({ type: 'pkcs8', format: 'pem' }).toString())).toThrow('P-256');
  });

  it('refuses what is no key, without repeating it', () => {
    expect(() => importSigningKey('secret text')).toThrow(/^not a private key in PEM$/);
  });
});
