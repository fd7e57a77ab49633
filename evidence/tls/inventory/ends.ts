// Inventory of the two ends: the end-to-end session, what allows it, and random numbers.
import { CIPHERTEXT_BYTES, ENCAPSULATION_KEY_BYTES, SECRET_BYTES, SUITES } from '#protocol/inner/suites.ts';
import { TAG_BYTES } from '#protocol/limits.ts';
import { type InventoryRow, NOT_ON_IT, notChecked, recommended } from './row.ts';

const CIPHER = 'protocol/inner/cipher.ts';
const CIPHER_NODE = 'protocol/inner/cipher-node.ts';
const suites = Object.values(SUITES);

export const ENDS: readonly InventoryRow[] = [
  {
    use: { ja: '端末間の鍵共有(従来)', en: 'end-to-end key agreement, classical half' },
    algorithm: `ECDH ${suites.map(({ curve }) => curve).join(' or ')}, ephemeral`,
    size: '256',
    standard: 'SP 800-56A, RFC 7748',
    cryptrec: recommended('ECDH (whether its row names Curve25519 was not checked)'),
    calls: {
      [CIPHER_NODE]: [
        ...['generateKeyPairSync(ec P-256)', 'generateKeyPairSync(x25519)', 'createPublicKey()', 'diffieHellman()'],
      ],
      [CIPHER]: ['subtle.generateKey(?)', 'subtle.importKey(?)', 'subtle.deriveBits(?)', 'subtle.exportKey()'],
    },
  },
  {
    use: { ja: '端末間の鍵共有(耐量子)', en: 'end-to-end key agreement, post-quantum half' },
    algorithm: 'ML-KEM-768, ephemeral',
    size: `${ENCAPSULATION_KEY_BYTES} B key, ${CIPHERTEXT_BYTES} B ciphertext`,
    standard: 'FIPS 203',
    cryptrec: { list: 'pqc', name: 'ML-KEM-768', checked: 'summary' },
    calls: {
      [CIPHER_NODE]: ['generateKeyPairSync(ml-kem-768)', 'encapsulate()', 'decapsulate()'],
      [CIPHER]: [
        ...['import @noble/post-quantum/ml-kem.js', 'subtle.generateKey(ML-KEM-768)', 'subtle.importKey(ML-KEM-768)'],
        ...['subtle.encapsulate()', 'subtle.encapsulateBits()', 'subtle.decapsulate()', 'subtle.decapsulateBits()'],
        'subtle.keygen()',
      ],
    },
  },
  {
    use: { ja: '端末間の鍵の導出', en: 'end-to-end key schedule' },
    algorithm: 'HKDF with HMAC-SHA-256, SHA-256 over the transcript',
    size: `${SECRET_BYTES * 8}`,
    standard: 'RFC 5869, RFC 8446 §7.1',
    cryptrec: recommended('HMAC, SHA-256 (HKDF itself was not checked)'),
    calls: {
      [CIPHER_NODE]: ['createHmac(sha256)', 'hash(sha256)'],
      [CIPHER]: ['subtle.digest(SHA-256)', 'subtle.importKey(HMAC)', 'subtle.sign(HMAC)'],
    },
  },
  {
    use: { ja: '端末間の記録の暗号化', en: 'end-to-end records' },
    algorithm: 'AES-256-GCM, 96-bit nonce that counts',
    size: `${SECRET_BYTES * 8}, tag ${TAG_BYTES * 8}`,
    standard: 'SP 800-38D §8.2.1',
    cryptrec: recommended('AES, GCM'),
    calls: {
      [CIPHER_NODE]: ['createSecretKey()', 'createCipheriv(aes-256-gcm)', 'createDecipheriv(aes-256-gcm)'],
      [CIPHER]: ['subtle.importKey(AES-GCM)', 'subtle.encrypt(?)', 'subtle.decrypt(?)'],
    },
  },
  {
    use: { ja: '端末間の認証(庁内側と端末の鍵)', en: 'end-to-end authentication: the agent’s and the device’s key' },
    algorithm: 'ECDSA P-256 with SHA-256',
    size: '256',
    standard: 'FIPS 186-5',
    cryptrec: recommended('ECDSA, SHA-256'),
    calls: {
      [CIPHER_NODE]: ['createPrivateKey()', 'generateKeyPairSync(ec P-256)', 'sign(sha256)', 'verify(sha256)'],
      [CIPHER]: ['subtle.importKey(ECDSA)', 'subtle.sign(ECDSA)', 'subtle.verify(ECDSA)'],
      'web/app/browser/key-store.ts': ['subtle.generateKey(ECDSA)'],
    },
  },
  {
    use: { ja: '開く許可と更新(ゲートウェイの署名)', en: 'grants and leases, signed by the gateway' },
    algorithm: 'JWS ES256: ECDSA P-256 with SHA-256',
    size: '256',
    standard: 'RFC 7515, RFC 7518',
    cryptrec: recommended('ECDSA, SHA-256'),
    calls: {
      'protocol/outer/grant.ts': [
        'jose ES256',
        'jose.SignJWT()',
        'jose.decodeProtectedHeader()',
        'jose.errors()',
        'jose.jwtVerify()',
      ],
      'gateway/grants.ts': [
        ...['generateKeyPairSync(ec P-256)', 'jose ES256', 'jose.calculateJwkThumbprint()'],
        ...['jose.exportJWK()', 'jose.importPKCS8()'],
      ],
      'agent/grant-pin.ts': ['jose ES256', 'jose.calculateJwkThumbprint()', 'jose.exportJWK()', 'jose.importSPKI()'],
    },
    atRunTime: ['subtle.sign(ecdsa)', 'subtle.verify(ecdsa)', 'subtle.digest(sha-256)'],
  },
  {
    use: { ja: '庁内の VNC サーバーへのパスワード', en: 'the password towards a local VNC server' },
    algorithm: 'DES in ECB (as three equal keys of 3DES)',
    size: '56',
    standard: 'RFC 6143 §7.2.2',
    cryptrec: NOT_ON_IT,
    exception: {
      ja: 'VNC の規格がこれしか定めない。Unix ソケットかループバックの中だけで使い、網には出ない',
      en: 'the only one that VNC’s standard has; on a Unix socket or loopback only, never on a network',
    },
    calls: { 'agent/desktop/vnc-password.ts': ['createCipheriv(des-ede3-ecb)'] },
  },
  {
    use: { ja: '乱数', en: 'random numbers' },
    algorithm: 'the operating system’s, through OpenSSL’s DRBG or the browser',
    size: '80 to 256',
    standard: 'SP 800-90A',
    cryptrec: notChecked('random number generation'),
    calls: {
      [CIPHER]: ['crypto.getRandomValues()'],
      [CIPHER_NODE]: ['crypto.getRandomValues()'],
      'broker/main.ts': ['randomBytes()'],
      'certs/certificate.ts': ['randomBytes()'],
      'certs/files.ts': ['randomBytes()'],
      'client-sim/credentials.ts': ['randomBytes()'],
      'gateway/administration/policy-changes.ts': ['randomBytes()'],
      'gateway/enrolment/nonces.ts': ['randomBytes()'],
      'gateway/grants.ts': ['randomBytes()'],
      'gateway/opening.ts': ['randomBytes()'],
      'web/app/browser/passkey-prover.ts': ['crypto.getRandomValues()'],
    },
  },
];
