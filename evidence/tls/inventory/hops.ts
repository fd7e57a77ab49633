// Inventory of the hops: TLS, certificates and what carries them.
import { RSA_BITS } from '#certs/profile.ts';
import { P12_ROUNDS } from '#certs/request.ts';
import { CURVES, RSA_MIN_BITS } from '#platform/hop/strength.ts';
import { SETTINGS } from '#platform/hop/tls.ts';
import { type InventoryRow, NOT_ON_IT, notChecked, recommended } from './row.ts';

export const HOPS: readonly InventoryRow[] = [
  {
    use: { ja: '全区間の通信路', en: 'the channel of every hop' },
    algorithm: `TLS 1.3: ${SETTINGS.ciphers.replaceAll(':', ', ')}; ${SETTINGS.ecdhCurve.replaceAll(':', ', ')}`,
    size: 'AES 256 / 128',
    standard: 'RFC 8446, SP 800-38D, FIPS 203',
    cryptrec: recommended('AES, GCM, ECDH, SHA-256/384'),
    calls: {
      'platform/hop/tls.ts': ['X509Certificate()', 'tls.checkServerIdentity()', 'tls.createSecureContext()'],
      'platform/hop/dial.ts': ['tls.connect()'],
      'platform/audit/syslog/collector.ts': [
        ...['tls.checkServerIdentity()', 'tls.connect()', 'tls.createSecureContext()'],
      ],
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
    calls: {
      'gateway/main.ts': ['Math.random'],
      'agent/broker-link.ts': ['Math.random'],
      'platform/audit/syslog/start.ts': ['Math.random'],
    },
  },
];
