// The cryptographic inventory: every algorithm of the product, what for, how long, by which standard, and the calls in the
// sources that make it up. Lengths come from the product's own constants. primitives.ts reads the calls off the sources, and a
// call that is in no row, or a row's call that is gone, fails the proof and the test. docs/crypto-inventory.md is made of it.

import { RSA_BITS } from '#certs/profile.ts';
import { P12_ROUNDS } from '#certs/request.ts';
import { CODE_BYTES } from '#gateway/one-time-code.ts';
import { KEY_BYTES } from '#gateway/sign-in/factors.ts';
import { COST, HASH_BYTES } from '#gateway/sign-in/passwords.ts';
import { STEP_SECONDS, SECRET_BYTES as TOTP_SECRET_BYTES } from '#gateway/sign-in/totp.ts';
import { CURVES, RSA_MIN_BITS } from '#platform/hop/strength.ts';
import { SETTINGS } from '#platform/hop/tls.ts';
import { CIPHERTEXT_BYTES, ENCAPSULATION_KEY_BYTES, SECRET_BYTES, SUITES } from '#protocol/inner/suites.ts';
import { TAG_BYTES } from '#protocol/limits.ts';
import { CEREMONY_NONCE_BYTES } from '#protocol/outer/ceremony.ts';
import type { Said } from '../proof.ts';

/**
 * The row of the CRYPTREC list, as far as it could be checked. The list itself was not readable here: `summary` is what
 * public summaries of LS-0001-2022R2 (30 March 2026) say, and not a quotation.
 */
export type Cryptrec =
  | { readonly list: 'recommended' | 'pqc'; readonly name: string; readonly checked: 'summary' }
  | { readonly list: 'not checked'; readonly name: string }
  | { readonly list: 'not on it' };

export interface InventoryRow {
  readonly use: Said;
  readonly algorithm: string;
  readonly size: string;
  readonly standard: string;
  readonly cryptrec: Cryptrec;
  /** Why something weaker than the rest is there all the same, and what bounds it. */
  readonly exception?: Said;
  /** File → calls, as primitives.ts writes them. */
  readonly calls: Readonly<Record<string, readonly string[]>>;
  /** What record-primitives.mjs sees besides: calls of libraries, and those whose algorithm the source computes. */
  readonly atRunTime?: readonly string[];
}

const recommended = (name: string): Cryptrec => ({ list: 'recommended', name, checked: 'summary' });
const notChecked = (name: string): Cryptrec => ({ list: 'not checked', name });
const NOT_ON_IT: Cryptrec = { list: 'not on it' };

const CIPHER = 'protocol/inner/cipher.ts';
const CIPHER_NODE = 'protocol/inner/cipher-node.ts';
const suites = Object.values(SUITES);

export const INVENTORY: readonly InventoryRow[] = [
  {
    use: { ja: '全区間の通信路', en: 'the channel of every hop' },
    algorithm: `TLS 1.3: ${SETTINGS.ciphers.replaceAll(':', ', ')}; ${SETTINGS.ecdhCurve.replaceAll(':', ', ')}`,
    size: 'AES 256 / 128',
    standard: 'RFC 8446, SP 800-38D, FIPS 203',
    cryptrec: recommended('AES, GCM, ECDH, SHA-256/384'),
    calls: {
      'platform/hop/tls.ts': ['X509Certificate()', 'tls.checkServerIdentity()', 'tls.createSecureContext()'],
      'platform/hop/dial.ts': ['tls.connect()'],
      'gateway/doors/listener.ts': ['https.createServer()'],
      'gateway/enrolment/listener.ts': ['https.createServer()'],
      'broker/doors.ts': ['https.createServer()'],
      'client-sim/transport.ts': ['https.Agent()', 'https.request()'],
    },
  },
  {
    use: { ja: '証明書と失効リスト', en: 'certificates and revocation lists' },
    algorithm: `RSASSA-PKCS1-v1_5 with SHA-256; from an outside authority also SHA-384, SHA-512 and ECDSA on ${[...CURVES].join(', ')}`,
    size: `RSA ${RSA_BITS} (at least ${RSA_MIN_BITS})`,
    standard: 'RFC 5280, RFC 8017',
    cryptrec: recommended('RSASSA-PKCS1-v1_5, ECDSA, SHA-256/384/512'),
    calls: {
      'certs/authority.ts': ['generateKeyPair(?)'],
      'certs/certificate.ts': ['forge.md.sha256', 'forge.pki.createCertificate'],
      'certs/crl.ts': ['forge.md.sha256'],
      'certs/external.ts': ['X509Certificate()'],
      'certs/show.ts': ['X509Certificate()'],
      'platform/hop/tls-files.ts': ['X509Certificate()', 'createPrivateKey()'],
      'platform/hop/revocation.ts': ['verify(?)'],
      'gateway/administration/enrolment-actions.ts': ['X509Certificate()'],
    },
    atRunTime: ['generateKeyPair(rsa)', 'verify(sha256)', 'verify(sha384)', 'verify(sha512)'],
  },
  {
    use: { ja: '証明書の鍵識別子', en: 'key identifiers inside certificates' },
    algorithm: 'SHA-1',
    size: '160',
    standard: 'RFC 5280 §4.2.1.2 (1)',
    cryptrec: NOT_ON_IT,
    exception: {
      ja: '鍵に付ける名前であり、安全性は依存しない。node-forge が作る。発行者の確認は署名で行う',
      en: 'a name for a key that nothing rests on, made by node-forge; an issuer is known by its signature',
    },
    calls: { 'certs/certificate.ts': ['forge.pki.createCertificate'] },
  },
  {
    use: { ja: '証明書の申請と、その鍵を持つ証明', en: 'certificate requests, and the proof of their key' },
    algorithm: 'RSASSA-PKCS1-v1_5 with SHA-256',
    size: `RSA ${RSA_BITS} (at least ${RSA_MIN_BITS})`,
    standard: 'RFC 2986, RFC 8017',
    cryptrec: recommended('RSASSA-PKCS1-v1_5, SHA-256'),
    calls: {
      'certs/request.ts': ['forge.md.sha256', 'forge.pki.createCertificationRequest'],
      'platform/hop/certificate-request.ts': [
        'createHash(sha256)',
        'createPublicKey()',
        'forge.pki.certificationRequestFromPem',
      ],
      'gateway/enrolment/routes.ts': ['verify(sha256)'],
      'web/core/enrolment.ts': [
        ...['subtle.generateKey(?)', 'subtle.exportKey()', 'subtle.digest(SHA-256)'],
        ...['subtle.importKey(RSASSA-PKCS1-v1_5)', 'subtle.sign(RSASSA-PKCS1-v1_5)'],
      ],
    },
  },
  {
    use: { ja: '端末の証明書ファイル(.p12)', en: 'a device’s certificate file (.p12)' },
    algorithm: 'AES-256-CBC, PBKDF2 with HMAC-SHA-1, MAC with HMAC-SHA-1',
    size: `AES 256, ${P12_ROUNDS} rounds`,
    standard: 'RFC 7292, RFC 8018',
    cryptrec: notChecked('AES, CBC; HMAC with SHA-1'),
    exception: {
      ja: 'ブラウザーと OS が読める形式がこれだけで、node-forge の PRF も HMAC-SHA-1 だけ。HMAC としての SHA-1 に既知の攻撃はない。強さはパスワードで決まる',
      en: 'what browsers and systems read, and the only PRF of node-forge; no attack on SHA-1 inside HMAC is known. Its strength is the password’s',
    },
    calls: { 'certs/request.ts': ['forge.pkcs12.pkcs12FromAsn1', 'forge.pkcs12.toPkcs12Asn1'] },
  },
  {
    use: { ja: '申請中の鍵ファイル', en: 'the key file of a request that waits' },
    algorithm: 'AES-256-CBC, PBKDF2 with HMAC-SHA-256',
    size: `AES 256, ${P12_ROUNDS} rounds`,
    standard: 'RFC 5958, RFC 8018',
    cryptrec: recommended('AES, CBC, HMAC, SHA-256'),
    calls: { 'certs/request.ts': ['forge.pki.decryptRsaPrivateKey', 'forge.pki.encryptRsaPrivateKey'] },
  },
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
      'protocol/outer/grant.ts': ['jose ES256', 'jose.SignJWT()', 'jose.errors()', 'jose.jwtVerify()'],
      'gateway/grants.ts': [
        ...['generateKeyPairSync(ec P-256)', 'jose ES256', 'jose.calculateJwkThumbprint()'],
        ...['jose.exportJWK()', 'jose.importPKCS8()'],
      ],
      'agent/grant-pin.ts': ['jose ES256', 'jose.calculateJwkThumbprint()', 'jose.exportJWK()', 'jose.importSPKI()'],
    },
    atRunTime: ['subtle.sign(ecdsa)', 'subtle.verify(ecdsa)', 'subtle.digest(sha-256)'],
  },
  {
    use: { ja: 'パスキーの検証(ゲートウェイ)', en: 'passkeys, verified at the gateway' },
    algorithm: 'ES256, EdDSA, RS256, by what the authenticator has',
    size: 'P-256, Ed25519, RSA',
    standard: 'WebAuthn L3, RFC 9053',
    cryptrec: recommended('ECDSA, EdDSA, RSASSA-PKCS1-v1_5, SHA-256'),
    calls: {
      'gateway/sign-in/webauthn.ts': [
        '@simplewebauthn/server.verifyAuthenticationResponse()',
        '@simplewebauthn/server.verifyRegistrationResponse()',
        '@simplewebauthn/server/helpers.cose()',
        '@simplewebauthn/server/helpers.decodeAttestationObject()',
        '@simplewebauthn/server/helpers.decodeCredentialPublicKey()',
        '@simplewebauthn/server/helpers.isoCBOR()',
        '@simplewebauthn/server/helpers.parseAuthenticatorData()',
        ...['createHash(sha256)', 'createPublicKey()'],
      ],
      'gateway/sign-in/attestation.ts': ['X509Certificate()'],
    },
  },
  {
    use: { ja: 'ワンタイムコード', en: 'one-time codes' },
    algorithm: `TOTP with HMAC-SHA-1, a step of ${STEP_SECONDS} s`,
    size: `secret ${TOTP_SECRET_BYTES * 8}`,
    standard: 'RFC 6238, RFC 4226',
    cryptrec: notChecked('HMAC; SHA-1'),
    exception: {
      ja: '認証アプリの多くが HMAC-SHA-1 しか扱えない。HMAC としての SHA-1 に既知の攻撃はなく、コードは一度だけ、試行回数にも上限がある',
      en: 'what authenticator apps speak; no attack on SHA-1 inside HMAC is known, a code counts once, and the tries are bounded',
    },
    calls: {
      'gateway/sign-in/totp.ts': ['otplib.generateSecret()', 'otplib.generateURI()', 'otplib.verify()'],
      'client-sim/one-time-code.ts': ['otplib.generate()'],
    },
    atRunTime: ['createHmac(sha1)', 'randomBytes()'],
  },
  {
    use: { ja: 'パスワード(団体が求める場合)', en: 'passwords, where a municipality demands one' },
    algorithm: `Argon2id, ${COST.memory} KiB, ${COST.passes} passes, ${COST.parallelism} lane, keyed`,
    size: `${HASH_BYTES * 8}`,
    standard: 'RFC 9106',
    cryptrec: NOT_ON_IT,
    exception: {
      ja: 'パスワード用の低速ハッシュは同リストの対象ではない(未確認)。SP 800-63B と OWASP に従う',
      en: 'slow hashes for passwords are no subject of the list (not checked); SP 800-63B and OWASP are followed',
    },
    calls: { 'gateway/sign-in/passwords.ts': ['argon2(?)', 'randomBytes()', 'timingSafeEqual()'] },
    atRunTime: ['argon2(argon2id)'],
  },
  {
    use: { ja: '保存する第二要素の秘密', en: 'second factors’ secrets at rest' },
    algorithm: 'AES-256-GCM with a random 96-bit nonce; HMAC-SHA-256 for the keys derived',
    size: `${KEY_BYTES * 8}`,
    standard: 'SP 800-38D §8.2.2, FIPS 198-1',
    cryptrec: recommended('AES, GCM, HMAC, SHA-256'),
    calls: {
      'gateway/sign-in/factors.ts': [
        ...['createCipheriv(aes-256-gcm)', 'createDecipheriv(aes-256-gcm)', 'createHmac(sha256)', 'randomBytes()'],
      ],
    },
  },
  {
    use: { ja: 'Cookie・チケット・コードの照合値', en: 'what is kept of cookies, tickets, codes and challenges' },
    algorithm: 'SHA-256, compared in constant time or by an index on the hash',
    size: `codes ${CODE_BYTES * 8}, cookies 256, challenges ${CEREMONY_NONCE_BYTES * 8}`,
    standard: 'FIPS 180-4',
    cryptrec: recommended('SHA-256'),
    calls: {
      'gateway/sign-in/cookie.ts': ['createHash(sha256)', 'randomBytes()'],
      'gateway/sign-in/sessions.ts': ['timingSafeEqual()'],
      'gateway/sign-in/recovery.ts': ['timingSafeEqual()'],
      'gateway/sign-in/challenges.ts': ['createHash(sha256)', 'randomBytes()', 'timingSafeEqual()'],
      'gateway/one-time-code.ts': ['createHash(sha256)', 'randomBytes()'],
      'web/core/gateway-ceremony.ts': ['subtle.digest(SHA-256)'],
    },
  },
  {
    use: {
      ja: '鍵と証明書の指紋、監査ログの連鎖',
      en: 'fingerprints of keys and certificates; the chain of the audit log',
    },
    algorithm: 'SHA-256',
    size: '256',
    standard: 'FIPS 180-4, RFC 8705',
    cryptrec: recommended('SHA-256'),
    calls: {
      'agent/identity.ts': ['createHash(sha256)'],
      'platform/hop/peer-certificate.ts': ['createHash(sha256)'],
      'gateway/sign-in/passkeys.ts': ['createHash(sha256)'],
      'platform/audit/line.ts': ['createHash(sha256)'],
    },
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
  {
    use: { ja: '再接続の待ち時間のばらつき', en: 'spreading the waits between dials' },
    algorithm: 'Math.random',
    size: '–',
    standard: '–',
    cryptrec: NOT_ON_IT,
    exception: {
      ja: '全員が同時に再接続しないためだけのもので、推測されても害がない',
      en: 'only keeps peers from dialling all at once; who guesses it gains nothing',
    },
    calls: { 'gateway/main.ts': ['Math.random'], 'agent/broker-link.ts': ['Math.random'] },
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
    use: { ja: 'WebSocket の開始と枠', en: 'the opening and the frames of WebSocket' },
    algorithm: 'SHA-1 of the opening’s key; masks',
    size: '160; 32',
    standard: 'RFC 6455 §4.2.2, §5.3',
    cryptrec: NOT_ON_IT,
    exception: {
      ja: '規格が定める応答の照合で、秘密を守るものではない。TLS の内側にある。ws が計算する',
      en: 'a check that the standard fixes and nothing rests on, inside TLS; computed by ws',
    },
    calls: { 'platform/hop/frame.ts': ['randomFillSync()'] },
    atRunTime: ['createHash(sha1)', 'randomBytes()', 'randomFillSync()'],
  },
];

export interface Comparison {
  /** Calls in the sources that no row has, as "file: call". */
  readonly unlisted: readonly string[];
  /** Calls of a row that are in the sources no more. */
  readonly gone: readonly string[];
}

/** @param found by primitivesOf */
export function compare(found: ReadonlyMap<string, readonly string[]>): Comparison {
  const all = (calls: Iterable<readonly [string, readonly string[]]>) =>
    new Set([...calls].flatMap(([file, names]) => names.map((name) => `${file}: ${name}`)));
  const listed = all(INVENTORY.flatMap(({ calls }) => Object.entries(calls)));
  const inSources = all(found);
  return {
    unlisted: [...inSources].filter((one) => !listed.has(one)),
    gone: [...listed].filter((one) => !inSources.has(one)),
  };
}

/** Of what ran. @param recorded by record-primitives.mjs. @returns what no row accounts for */
export function unaccounted(recorded: readonly string[]): string[] {
  const rows = INVENTORY.flatMap(({ calls, atRunTime = [] }) => [...Object.values(calls).flat(), ...atRunTime]);
  const known = rows.map((name) => name.toLowerCase());
  return recorded.filter((call) => !known.some((name) => fits(call.toLowerCase(), name)));
}

function fits(call: string, name: string): boolean {
  const [called = '', given = ''] = call.split(/[()]/);
  const [listed = '', algorithm = ''] = name.split(/[()]/);
  // A key pair's size stands behind its algorithm.
  return called === listed && (algorithm === given || algorithm.startsWith(`${given} `));
}
