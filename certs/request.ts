// What the owner of a key does: asks for a certificate (PKCS#10, RFC 2986), keeps the key meanwhile in an encrypted file
// (PKCS#8, RFC 5958), and at last key and certificate together in a .p12 (RFC 7292). No node: import, since the page and the headless client do both on the user's own device.
import forge from 'node-forge';
import type { Bytes } from '#protocol/bytes.ts';

/** PBKDF2 rounds. The PRF is HMAC-SHA-1, the only one the library writes and every reader knows. */
export const P12_ROUNDS = 100_000;
const P12_ROUNDS_MAX = 1_000_000;
/** One key and a short chain are below 16 KiB. */
const P12_MAX_BYTES = 65_536;
/** Readers disagree about other characters (BMPString, UTF-8, Latin-1), so only these make a file that opens everywhere. */
const P12_PASSWORD = /^[\x20-\x7e]{1,128}$/;

/** A .p12 could not be made or read. The message is one line for people and never holds the password. */
export class P12Error extends Error {
  readonly problem: 'password' | 'malformed';

  constructor(problem: 'password' | 'malformed', message: string) {
    super(message);
    this.problem = problem;
  }
}

/**
 * Makes a certificate request, signed with SHA-256. The authority takes the identity from its own register and only
 * the public key and the possession of the private key from here; the names are a suggestion for its operator.
 * @param keys PEM: SPKI and PKCS#8 (or PKCS#1) of one RSA key of at least 3072 bits
 * @param commonName a person's or host's name, any UTF-8
 * @param dns names a server wants to be reached by
 * @returns PEM
 */
export function makeRequest(
  keys: { publicKey: string; privateKey: string },
  commonName: string,
  dns: readonly string[] = [],
): string {
  const request = forge.pki.createCertificationRequest();
  request.publicKey = forge.pki.publicKeyFromPem(keys.publicKey);
  request.setSubject([{ name: 'commonName', value: commonName, valueTagClass: UTF8 }]);
  if (dns.length > 0) {
    const altNames = dns.map((value) => ({ type: SAN_DNS, value }));
    request.setAttributes([{ name: 'extensionRequest', extensions: [{ name: 'subjectAltName', altNames }] }]);
  }
  request.sign(forge.pki.privateKeyFromPem(keys.privateKey), forge.md.sha256.create());
  return forge.pki.certificationRequestToPem(request);
}

// The library's field is typed as the class of a tag, but it is the string type of the value.
const UTF8 = forge.asn1.Type.UTF8 as unknown as forge.asn1.Class;
const SAN_DNS = 2;

/**
 * Puts key and certificate into one AES-256 encrypted .p12.
 * @param key PEM, PKCS#8 or PKCS#1
 * @param certificate PEM, the leaf first, then the chain if there is one
 * @param friendlyName what a browser's list shows
 * @throws P12Error for a password that is not 1 to 128 printable ASCII characters, or a certificate of another key
 */
export function makeP12(key: string, certificate: string, password: string, friendlyName: string): Bytes {
  if (!P12_PASSWORD.test(password)) throw badPassword();
  const { privateKey, chain } = parsePair(key, certificate);
  const pfx = forge.pkcs12.toPkcs12Asn1(privateKey, chain, password, {
    algorithm: 'aes256',
    count: P12_ROUNDS,
    saltSize: 16,
    friendlyName,
  });
  return bytesOf(forge.asn1.toDer(pfx).getBytes());
}

function parsePair(
  key: string,
  certificate: string,
): { privateKey: forge.pki.rsa.PrivateKey; chain: forge.pki.Certificate[] } {
  const blocks = certificate.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    const privateKey = forge.pki.privateKeyFromPem(key);
    const chain = blocks.map((block) => forge.pki.certificateFromPem(block));
    const publicKey = chain[0]?.publicKey as forge.pki.rsa.PublicKey | undefined;
    if (publicKey?.n.equals(privateKey.n)) return { privateKey, chain };
  } catch {
    throw new P12Error('malformed', 'key or certificate is not readable PEM of an RSA key');
  }
  throw new P12Error('malformed', 'the certificate does not belong to the key');
}

/**
 * Reads the first key and its certificate. Says nothing about who signed the certificate or whether it is still valid.
 * @returns PEM: PKCS#8 key, and the chain with the key's own certificate first
 * @throws P12Error 'password' for a wrong one, 'malformed' for anything else that is not such a file
 */
export function readP12(file: Uint8Array, password: string): { key: string; certificate: string } {
  if (file.length > P12_MAX_BYTES) throw new P12Error('malformed', 'the file is too large for a .p12');
  const pfx = openP12(file, password);
  const keys = [forge.pki.oids.pkcs8ShroudedKeyBag, forge.pki.oids.keyBag].flatMap((type) => bagsOf(pfx, type));
  const key = keys.find((bag) => bag.key)?.key;
  if (!key) throw new P12Error('malformed', 'the .p12 holds no RSA key');
  const certificates = bagsOf(pfx, forge.pki.oids.certBag).flatMap((bag) => (bag.cert ? [bag.cert] : []));
  const own = certificates.find((one) => (one.publicKey as forge.pki.rsa.PublicKey).n.equals(key.n));
  if (!own) throw new P12Error('malformed', 'the .p12 holds no certificate of its key');
  const chain = [own, ...certificates.filter((one) => one !== own)];
  return {
    key: forge.pki.privateKeyInfoToPem(forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key))),
    certificate: chain.map((one) => forge.pki.certificateToPem(one)).join(''),
  };
}

function openP12(file: Uint8Array, password: string): forge.pkcs12.Pkcs12Pfx {
  let pfx: forge.asn1.Asn1;
  try {
    pfx = forge.asn1.fromDer(forge.util.binary.raw.encode(file));
  } catch {
    throw new P12Error('malformed', 'the file is not a .p12');
  }
  checkMac(pfx);
  try {
    return forge.pkcs12.pkcs12FromAsn1(pfx, true, password);
  } catch (error) {
    const wrong = error instanceof Error && error.message.includes('MAC could not be verified');
    throw wrong
      ? new P12Error('password', 'the password of the .p12 is wrong')
      : new P12Error('malformed', 'the file is not a .p12 that can be read');
  }
}

/**
 * PFX ::= SEQUENCE { version, authSafe, macData SEQUENCE { mac, macSalt, iterations } }. The MAC is required: it tells a
 * wrong password, and whatever else costs time stands below it. Its own rounds stand above it, so they are bounded (T14).
 */
function checkMac(pfx: forge.asn1.Asn1): void {
  const macData = Array.isArray(pfx.value) ? pfx.value[2] : undefined;
  const rounds = Array.isArray(macData?.value) ? macData.value[2] : undefined;
  // Absent means one round.
  if (!macData || (rounds !== undefined && numberIn(rounds) > P12_ROUNDS_MAX))
    throw new P12Error('malformed', 'the .p12 has no MAC, or one of too many rounds');
}

/**
 * Encrypts a private key with a password, for the time until its certificate is there: PBES2 with AES-256.
 * @param key PEM, PKCS#8 or PKCS#1
 * @returns PEM, ENCRYPTED PRIVATE KEY
 * @throws P12Error for a password that a .p12 would not take either
 */
export function sealKey(key: string, password: string): string {
  if (!P12_PASSWORD.test(password)) throw badPassword();
  return forge.pki.encryptRsaPrivateKey(forge.pki.privateKeyFromPem(key), password, {
    algorithm: 'aes256',
    count: P12_ROUNDS,
    saltSize: 16,
    prfAlgorithm: 'sha256',
  });
}

/**
 * @param pem of sealKey, from whatever file a person chose
 * @returns PEM: SPKI and PKCS#8
 * @throws P12Error 'password' for a wrong one, 'malformed' for anything else that sealKey does not make
 */
export function openKey(pem: string, password: string): { publicKey: string; privateKey: string } {
  checkRounds(pem);
  const key = decrypted(pem, password);
  if (!key) throw new P12Error('password', 'the password of the key file is wrong');
  if (!isWhole(key)) throw new P12Error('malformed', 'the key file is damaged');
  const { n, e } = key;
  return {
    publicKey: forge.pki.publicKeyToPem(forge.pki.setRsaPublicKey(n, e)),
    privateKey: forge.pki.privateKeyInfoToPem(forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key))),
  };
}

/** What does not decrypt to a key was decrypted with another password: there is no MAC to tell it by. */
function decrypted(pem: string, password: string): forge.pki.rsa.PrivateKey | null {
  try {
    return forge.pki.decryptRsaPrivateKey(pem, password) as forge.pki.rsa.PrivateKey | null;
  } catch {
    return null;
  }
}

/** A signature by a key with one wrong factor would give the other away, and CBC notices no change. */
function isWhole({ n, e, d, p, q, dP, dQ, qInv }: forge.pki.rsa.PrivateKey): boolean {
  const one = forge.jsbn.BigInteger.ONE;
  const isExponent = (factor: typeof n, exponent: typeof n) =>
    d.mod(factor.subtract(one)).equals(exponent) && e.multiply(exponent).mod(factor.subtract(one)).equals(one);
  const isCoefficient = q.multiply(qInv).mod(p).equals(one);
  return p.multiply(q).equals(n) && isExponent(p, dP) && isExponent(q, dQ) && isCoefficient;
}

/** The rounds stand in the file, so a foreign one could ask for years of them (T14). */
function checkRounds(pem: string): void {
  const malformed = new P12Error('malformed', 'the file is not a key file of this page');
  if (pem.length > P12_MAX_BYTES || !/^-----BEGIN ENCRYPTED PRIVATE KEY-----\r?\n/.test(pem)) throw malformed;
  let info: forge.asn1.Asn1;
  try {
    info = forge.asn1.fromDer(forge.pem.decode(pem)[0]?.body ?? '');
  } catch {
    throw malformed;
  }
  // EncryptedPrivateKeyInfo: { PBES2, { { PBKDF2, { salt, iterations, … } }, cipher } }, ciphertext
  const rounds = [0, 1, 0, 1, 1].reduce<forge.asn1.Asn1 | undefined>(
    (at, index) => (Array.isArray(at?.value) ? at.value[index] : undefined),
    info,
  );
  if (!rounds || numberIn(rounds) > P12_ROUNDS_MAX) throw malformed;
}

/** At most three bytes hold what is allowed; the first bit is the sign. */
function numberIn({ value }: forge.asn1.Asn1): number {
  const bytes = String(value);
  return bytes.length <= 3 ? forge.util.createBuffer(bytes).getInt(8 * bytes.length) : Number.POSITIVE_INFINITY;
}

function badPassword(): P12Error {
  return new P12Error('password', 'the password of a .p12 must be 1 to 128 printable ASCII characters');
}

function bagsOf(pfx: forge.pkcs12.Pkcs12Pfx, type: string | undefined): forge.pkcs12.Bag[] {
  return type === undefined ? [] : (pfx.getBags({ bagType: type })[type] ?? []);
}

function bytesOf(binary: string): Bytes {
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
