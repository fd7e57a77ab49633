// Inventory of the sign-in, of what is kept of secrets, and of the audit log.
import { CODE_BYTES } from '#gateway/one-time-code.ts';
import { KEY_BYTES } from '#gateway/sign-in/factors.ts';
import { COST, HASH_BYTES } from '#gateway/sign-in/passwords.ts';
import { SECRET_BYTES, STEP_SECONDS } from '#gateway/sign-in/totp.ts';
import { CEREMONY_NONCE_BYTES } from '#protocol/outer/ceremony.ts';
import { type InventoryRow, NOT_ON_IT, notChecked, recommended } from './row.ts';

export const SIGN_IN: readonly InventoryRow[] = [
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
    size: `secret ${SECRET_BYTES * 8}`,
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
    use: { ja: '監査ログの署名', en: 'signatures of the audit log’s checkpoints' },
    algorithm: 'ECDSA P-256 with SHA-256; each key signs once and is erased',
    size: '256',
    standard: 'FIPS 186-5, FIPS 180-4',
    cryptrec: recommended('ECDSA, SHA-256'),
    calls: {
      'platform/audit/checkpoint.ts': ['createPublicKey()', 'sign(sha256)', 'verify(sha256)'],
      'platform/audit/signer.ts': ['createPrivateKey()', 'generateKeyPairSync(ec P-256)'],
    },
  },
];
