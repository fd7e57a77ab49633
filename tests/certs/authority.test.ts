import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import forge from 'node-forge';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authority, makeKey } from '#certs/authority.ts';
import { checkRequest } from '#certs/csr.ts';
import { CRL_DAYS, DAY_MS } from '#certs/profile.ts';
import { makeRequest } from '#certs/request.ts';
import { RevocationList } from '#platform/hop/revocation.ts';
import { Failure } from '#platform/process/exit.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const dir = mkdtempSync(join(tmpdir(), 'telework-authority-'));
const NOW = Math.floor(Date.now() / 1000) * 1000;
const users = new Authority(dir, 'user');
const hops = new Authority(dir, 'hop');

let key: { publicKey: string; privateKey: string };

beforeAll(async () => {
  [key] = await Promise.all([makeKey(), users.create('131016', NOW, false), hops.create(null, NOW, false)]);
}, 60_000);

afterAll(() => rmSync(dir, { recursive: true }));

const tanaka = {
  identity: { kind: 'user', municipality: '131016', name: 'tanaka' },
  role: 'client',
  commonName: '田中太郎',
  hosts: [],
} as const;
const broker = {
  identity: { kind: 'hop', municipality: '-', name: 'broker' },
  role: 'server',
  commonName: 'broker',
  hosts: ['broker.example', '127.0.0.1'],
} as const;

function keep(name: string, pem: string): string {
  const path = join(dir, name);
  writeFileSync(path, pem);
  return path;
}

describe('an authority', () => {
  it('is self-signed, may sign leaves only, and keeps its key to its owner', () => {
    const certificate = new X509Certificate(readFileSync(users.certificatePath));
    expect(certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(3072);
    expect(certificate.signatureAlgorithm).toBe('sha256WithRSAEncryption');
    expect(statSync(join(users.folder, 'ca.key.pem')).mode & 0o777).toBe(0o600);
    expect(statSync(users.folder).mode & 0o777).toBe(0o700);
  });

  it('is not replaced without force', async () => {
    await expect(users.create(null, NOW, false)).rejects.toThrow(/--force/);
  });

  it('certifies the stated identity and a UTF-8 name, with a positive serial that Node writes the same way', () => {
    const { pem, serial, notAfter } = users.issue(key.publicKey, tanaka, 365, NOW);
    const certificate = new X509Certificate(pem);
    expect(certificate.subject).toBe('CN=田中太郎');
    expect(certificate.subjectAltName).toBe('URI:urn:telework:user:131016:tanaka');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.serialNumber).toBe(serial);
    expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(certificate.validToDate.getTime()).toBe(notAfter);
    expect(notAfter).toBe(NOW + 365 * DAY_MS);
    expect(users.list().issued.at(-1)).toMatchObject({ serial, subject: '田中太郎', role: 'client' });
  });

  it('names the hosts of a server', () => {
    const { pem } = hops.issue(key.publicKey, broker, 30, NOW);
    const certificate = new X509Certificate(pem);
    expect(certificate.subjectAltName).toBe('URI:urn:telework:hop:-:broker, DNS:broker.example, IP Address:127.0.0.1');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  const refused: [string, Authority, object, RegExp][] = [
    ['another kind', users, { ...tanaka, identity: { ...tanaka.identity, kind: 'agent' } }, /issues no agent/],
    ['a user as a server', users, { ...tanaka, role: 'server', hosts: ['a'] }, /never for a server/],
    [
      'a user of no municipality',
      users,
      { ...tanaka, identity: { ...tanaka.identity, municipality: '-' } },
      /is needed/,
    ],
    [
      'a user of another municipality',
      users,
      { ...tanaka, identity: { ...tanaka.identity, municipality: '132012' } },
      /131016 only/,
    ],
    ['a hop of a municipality', hops, { ...broker, identity: { ...broker.identity, municipality: '131016' } }, /leave/],
    ['a server without a name', hops, { ...broker, hosts: [] }, /--dns/],
    ['a client with a name', users, { ...tanaka, hosts: ['a'] }, /--dns/],
  ];
  for (const [what, authority, names, message] of refused) {
    it(`does not certify ${what}`, () => {
      const before = authority.list().issued.length;
      expect(() => authority.issue(key.publicKey, names as typeof tanaka, 365, NOW)).toThrow(message);
      expect(authority.list().issued).toHaveLength(before);
    });
  }

  it('issues nothing that outlives itself', () => {
    expect(() => users.issue(key.publicKey, tanaka, 400, NOW + 3300 * DAY_MS)).toThrow(/itself ends before/);
  });

  it('says so when it is locked, damaged, or not there', () => {
    const lock = keep('user/.lock', '');
    expect(() => users.publish(NOW)).toThrow(/another certs command/);
    rmSync(lock);
    const index = readFileSync(join(users.folder, 'index.json'));
    for (const bad of ['{', '{"kind":"agent","municipality":null,"issued":[]}', '[]']) {
      keep('user/index.json', bad);
      expect(() => users.issue(key.publicKey, tanaka, 1, NOW)).toThrow(/index\.json is not the index/);
    }
    writeFileSync(join(users.folder, 'index.json'), index);
    expect(() => new Authority(dir, 'agent').list()).toThrow(/holds no authority/);
    expect(() => new Authority(dir, 'agent').revoke('00', 'unspecified', NOW)).toThrow(/holds no authority/);
  });

  it('leaves no temporary file and no lock behind', () => {
    expect(readdirSync(users.folder).sort()).toEqual([
      'ca.cert.pem',
      'ca.key.pem',
      'crl.pem',
      'crlnumber',
      'index.json',
    ]);
  });
});

describe('revocation', () => {
  it('knows only its own serials, keeps the first reason, and counts its lists', () => {
    const { serial } = hops.issue(key.publicKey, broker, 30, NOW);
    expect(() => hops.revoke('4F00', 'keyCompromise', NOW)).toThrow(/never issued serial 4F00/);
    const number = () => Number(readFileSync(join(hops.folder, 'crlnumber'), 'utf8'));
    const before = number();
    expect(hops.revoke(serial, 'keyCompromise', NOW)).toBe(true);
    expect(hops.revoke(serial, 'superseded', NOW + 1)).toBe(false);
    expect(number()).toBe(before + 2);
    expect(hops.list().issued.find((one) => one.serial === serial)?.revoked).toEqual({
      at: NOW,
      reason: 'keyCompromise',
    });
    const list = RevocationList.parse(readFileSync(hops.crlPath, 'utf8'), [
      new X509Certificate(readFileSync(hops.certificatePath)),
    ]);
    expect(list.isRevoked(serial)).toBe(true);
    expect(list.nextUpdates).toEqual([NOW + CRL_DAYS * DAY_MS]);
  });

  it.skipIf(!hasOpenssl)('is understood by OpenSSL', () => {
    const good = hops.issue(key.publicKey, broker, 30, NOW);
    const bad = hops.issue(key.publicKey, broker, 30, NOW);
    hops.revoke(bad.serial, 'keyCompromise', NOW);
    hops.publish(NOW);
    const check = (pem: string) => {
      const args = [
        'verify',
        '-CAfile',
        hops.certificatePath,
        '-CRLfile',
        hops.crlPath,
        '-crl_check_all',
        '-x509_strict',
      ];
      const { stdout, stderr } = spawnSync('openssl', [...args, '-purpose', 'sslserver', keep('leaf.pem', pem)]);
      return `${stdout}${stderr}`;
    };
    expect(check(good.pem)).toMatch(/: OK/);
    expect(check(bad.pem)).toMatch(/error 23 .*certificate revoked/s);
    const text = spawnSync('openssl', ['crl', '-in', hops.crlPath, '-noout', '-text', '-CAfile', hops.certificatePath]);
    expect(String(text.stderr)).toContain('verify OK');
    expect(String(text.stdout)).toMatch(/X509v3 CRL Number/);
    expect(String(text.stdout)).toMatch(/Key Compromise/);
    const subject = execFileSync('openssl', [
      'x509',
      '-noout',
      '-subject',
      '-nameopt',
      'utf8',
      '-in',
      keep('t.pem', users.issue(key.publicKey, tanaka, 9, NOW).pem),
    ]);
    expect(String(subject)).toContain('田中太郎');
  });
});

describe('a request', () => {
  const csr = (bits: number, digest: 'sha1' | 'sha256', tamper = false) => {
    const pair = bits === 3072 ? key : generateKeyPairSync('rsa', { modulusLength: bits, ...PEM });
    const request = forge.pki.createCertificationRequest();
    request.publicKey = forge.pki.publicKeyFromPem(pair.publicKey);
    request.setSubject([{ name: 'commonName', value: 'someone' }]);
    request.sign(forge.pki.privateKeyFromPem(pair.privateKey), forge.md[digest].create());
    if (tamper) request.signature = request.signature.replace(/^./, 'x').replace(/.$/, 'y');
    return forge.pki.certificationRequestToPem(request);
  };
  const PEM = {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  } as const;

  it('gives its key and the names it asks for, none of which are believed', () => {
    const checked = checkRequest(makeRequest(key, '田中太郎', ['gateway.example', 'bad name']), 'x.csr');
    expect(checked.publicKey).toBe(key.publicKey);
    expect(checked.wantedHosts).toEqual(['gateway.example']);
  });

  it('is refused when weak, signed with SHA-1, changed, of another key type, or nothing of the kind', () => {
    expect(() => checkRequest(csr(2048, 'sha256'), 'x.csr')).toThrow(/2048 bits is too weak/);
    expect(() => checkRequest(csr(3072, 'sha1'), 'x.csr')).toThrow(/not signed with SHA-256/);
    expect(() => checkRequest(csr(3072, 'sha256', true), 'x.csr')).toThrow(/signature does not match/);
    for (const rubbish of ['', 'rubbish', key.publicKey, 'x'.repeat(70_000)]) {
      expect(() => checkRequest(rubbish, 'x.csr')).toThrow(Failure);
    }
  });

  it.skipIf(!hasOpenssl)('is refused for an EC key, and one by OpenSSL is taken', () => {
    const make = (...newkey: string[]) =>
      String(
        spawnSync('openssl', ['req', '-new', '-nodes', '-keyout', join(dir, 'k.pem'), '-subj', '/CN=x', ...newkey])
          .stdout,
      );
    expect(() => checkRequest(make('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'), 'x.csr')).toThrow(
      /RSA key/,
    );
    expect(checkRequest(make('-key', keep('own.pem', key.privateKey)), 'x.csr').publicKey).toBe(key.publicKey);
  });

  it('with any byte changed is refused or has the same key (T14)', () => {
    const der = Buffer.from(makeRequest(key, 'x').replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const digest = createHash('sha256').update(key.publicKey).digest('hex');
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(3), (at, change, cut) => {
        const changed = Buffer.from(der.subarray(0, der.length - (cut === 0 ? at % 50 : 0)));
        if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ change;
        const body = changed.toString('base64').replace(/(.{64})/g, '$1\n');
        const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${body}\n-----END CERTIFICATE REQUEST-----\n`;
        try {
          const checked = checkRequest(pem, 'x.csr');
          expect(createHash('sha256').update(checked.publicKey).digest('hex')).toBe(digest);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
      { numRuns: 150 },
    );
  });
});
