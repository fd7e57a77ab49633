import { spawnSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import forge from 'node-forge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKey } from '#certs/authority.ts';
import { makeP12, openKey, P12Error, readP12, sealKey } from '#certs/request.ts';
import { oddCertificate, oddSigner } from '#lab/odd-certificates.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const dir = mkdtempSync(join(tmpdir(), 'telework-p12-'));
const PASSWORD = 'correct horse 7';

let key: { publicKey: string; privateKey: string };
let certificate: string;
let authority: string;
let file: Uint8Array;

beforeAll(async () => {
  key = await makeKey();
  const signer = oddSigner(null, key, { commonName: 'authority' });
  authority = signer.pem;
  certificate = oddCertificate(signer, key);
  file = makeP12(key.privateKey, certificate + authority, PASSWORD, '田中太郎 テレワーク');
}, 60_000);

afterAll(() => rmSync(dir, { recursive: true }));

const problemOf = (work: () => unknown) => {
  try {
    work();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(P12Error);
    return (error as P12Error).problem;
  }
};

/** Compares keys, not their PEM. */
const sameKey = (a: string, b: string) => createPrivateKey(a).equals(createPrivateKey(b));

describe('a .p12', () => {
  it('gives back key and chain, the own certificate first', () => {
    const read = readP12(file, PASSWORD);
    expect(sameKey(read.key, key.privateKey)).toBe(true);
    const [own = '', next = ''] = read.certificate.split(/(?<=-----END CERTIFICATE-----\s+)(?=-----BEGIN)/);
    expect(new X509Certificate(own).fingerprint256).toBe(new X509Certificate(certificate).fingerprint256);
    expect(new X509Certificate(next).fingerprint256).toBe(new X509Certificate(authority).fingerprint256);
  });

  it('tells a wrong password from a file that is none', () => {
    for (const wrong of ['', 'correct horse 8', `${PASSWORD} `, 'パスワード']) {
      expect(problemOf(() => readP12(file, wrong))).toBe('password');
    }
    expect(problemOf(() => readP12(new Uint8Array(0), PASSWORD))).toBe('malformed');
    expect(problemOf(() => readP12(Buffer.from('not a p12 at all'), PASSWORD))).toBe('malformed');
    expect(problemOf(() => readP12(new Uint8Array(100_000), PASSWORD))).toBe('malformed');
    expect(problemOf(() => readP12(file.subarray(0, 500), PASSWORD))).toBe('malformed');
  });

  it('never puts the password into the message', () => {
    try {
      readP12(file, 'hunter2-secret');
    } catch (error) {
      expect(String(error)).not.toContain('hunter2');
    }
  });

  it('is not made with a password that not every reader takes, or of a foreign certificate', async () => {
    const make = (password: string) => problemOf(() => makeP12(key.privateKey, certificate, password, 'x'));
    expect([make(''), make('パスワード'), make('x'.repeat(129))]).toEqual(['password', 'password', 'password']);
    const other = await makeKey();
    expect(problemOf(() => makeP12(other.privateKey, certificate, PASSWORD, 'x'))).toBe('malformed');
    expect(problemOf(() => makeP12('no key', certificate, PASSWORD, 'x'))).toBe('malformed');
    expect(problemOf(() => makeP12(key.privateKey, 'no certificate', PASSWORD, 'x'))).toBe('malformed');
  });

  it.skipIf(!hasOpenssl)('is AES-256 to OpenSSL, and one by OpenSSL is read', () => {
    const path = join(dir, 'ours.p12');
    writeFileSync(path, file);
    const info = spawnSync('openssl', ['pkcs12', '-in', path, '-passin', `pass:${PASSWORD}`, '-info', '-nodes']);
    expect(info.status).toBe(0);
    expect(String(info.stderr)).toMatch(/AES-256-CBC/);
    expect(sameKey(/-----BEGIN PRIVATE[\s\S]+/.exec(String(info.stdout))?.[0] ?? '', key.privateKey)).toBe(true);

    writeFileSync(join(dir, 'key.pem'), key.privateKey);
    writeFileSync(join(dir, 'cert.pem'), certificate);
    const theirs = join(dir, 'theirs.p12');
    const inputs = ['-inkey', join(dir, 'key.pem'), '-in', join(dir, 'cert.pem')];
    const made = spawnSync('openssl', ['pkcs12', '-export', ...inputs, '-out', theirs, '-passout', `pass:${PASSWORD}`]);
    expect(made.status).toBe(0);
    expect(sameKey(readP12(readFileSync(theirs), PASSWORD).key, key.privateKey)).toBe(true);
    expect(problemOf(() => readP12(readFileSync(theirs), 'wrong'))).toBe('password');
  });

  it('without a MAC, or with one that would take for ever, is refused at once', () => {
    const bare = quickP12({ useMac: false });
    expect(problemOf(() => readP12(bare, PASSWORD))).toBe('malformed');
    const pfx = forge.asn1.fromDer(forge.util.binary.raw.encode(quickP12()));
    const macData = (pfx.value as forge.asn1.Asn1[])[2]?.value as forge.asn1.Asn1[];
    for (const rounds of ['\x7f\xff\xff\xff', '\x7f\xff\xff']) {
      if (macData[2]) macData[2].value = rounds;
      const endless = Buffer.from(forge.asn1.toDer(pfx).getBytes(), 'binary');
      expect(problemOf(() => readP12(endless, PASSWORD))).toBe('malformed');
    }
  });

  it('with any byte changed gives the same key or a P12Error (T14)', () => {
    const quick = quickP12();
    fc.assert(
      fc.property(fc.nat(quick.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(quick);
        changed[at] = (changed[at] ?? 0) ^ change;
        try {
          expect(sameKey(readP12(changed, PASSWORD).key, key.privateKey)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(P12Error);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a key file', () => {
  const asPem = (der: string) =>
    `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${forge.util.encode64(der, 64)}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
  const quick = (rounds: number) =>
    forge.pki.encryptRsaPrivateKey(forge.pki.privateKeyFromPem(key.privateKey), PASSWORD, {
      ...{ algorithm: 'aes256', count: rounds, saltSize: 16, prfAlgorithm: 'sha256' },
    });

  it('gives the key back, both halves, with its password and no other', () => {
    const sealed = sealKey(key.privateKey, PASSWORD);
    expect(sealed).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    const opened = openKey(sealed, PASSWORD);
    expect(sameKey(opened.privateKey, key.privateKey)).toBe(true);
    expect(createPublicKey(opened.publicKey).equals(createPublicKey(key.publicKey))).toBe(true);
    expect(problemOf(() => openKey(sealed, 'correct horse 8'))).toBe('password');
  });

  it('is read by OpenSSL', () => {
    const asOpenssl = createPrivateKey({ key: sealKey(key.privateKey, PASSWORD), passphrase: PASSWORD });
    expect(asOpenssl.equals(createPrivateKey(key.privateKey))).toBe(true);
  });

  it('is not made with a password that the .p12 to come would not take', () => {
    for (const password of ['', 'ひみつ', 'a'.repeat(129)]) {
      expect(problemOf(() => sealKey(key.privateKey, password))).toBe('password');
    }
  });

  it('of another form, in the clear, or with rounds for years is refused at once (T14)', () => {
    for (const file of ['', 'x', key.privateKey, certificate, 'A'.repeat(70_000)]) {
      expect(problemOf(() => openKey(file, PASSWORD))).toBe('malformed');
    }
    const der = forge.pem.decode(quick(65_535))[0]?.body ?? '';
    const at = der.indexOf('\x02\x03\x00\xff\xff');
    expect(at).toBeGreaterThan(0);
    const forYears = `${der.slice(0, at)}\x02\x03\x7f\xff\xff${der.slice(at + 5)}`;
    expect(problemOf(() => openKey(asPem(forYears), PASSWORD))).toBe('malformed');
  });

  it('with any byte changed gives the same key or a P12Error (T14)', () => {
    const der = forge.pem.decode(quick(2))[0]?.body ?? '';
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const body = der.slice(0, at) + String.fromCharCode(der.charCodeAt(at) ^ change) + der.slice(at + 1);
        try {
          expect(sameKey(openKey(asPem(body), PASSWORD).privateKey, key.privateKey)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(P12Error);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** With two rounds, so that opening it many times takes no time. */
function quickP12(options: { useMac?: boolean } = {}): Uint8Array {
  const own = forge.pki.certificateFromPem(certificate);
  const pfx = forge.pkcs12.toPkcs12Asn1(forge.pki.privateKeyFromPem(key.privateKey), [own], PASSWORD, {
    algorithm: 'aes256',
    count: 2,
    ...options,
  });
  return Buffer.from(forge.asn1.toDer(pfx).getBytes(), 'binary');
}
