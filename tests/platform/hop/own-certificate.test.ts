import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKey } from '#certs/authority.ts';
import { type OddOptions, oddCertificate, readSigner } from '#lab/odd-certificates.ts';
import { requireOwn } from '#platform/hop/own-certificate.ts';
import { Failure } from '#platform/process/exit.ts';
import { type DemoPki, demoPki } from '#tests/support/pki.ts';

const PEM = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const;
const folder = mkdtempSync(join(tmpdir(), 'telework-own-'));
const files = { key: join(folder, 'key.pem'), certificate: join(folder, 'cert.pem') };
const SERVER = { kind: 'hop', role: 'server' } as const;
let pki: DemoPki;
let key: { publicKey: string; privateKey: string };

beforeAll(async () => {
  [pki, key] = await Promise.all([demoPki(), makeKey()]);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function use(options: OddOptions, pair = key): typeof files {
  const good: OddOptions = { uris: ['urn:telework:hop:-:broker'], hosts: ['localhost'], usage: ['serverAuth'] };
  writeFileSync(files.key, pair.privateKey, { mode: 0o600 });
  writeFileSync(files.certificate, oddCertificate(readSigner(pki.dir, 'hop'), pair, { ...good, ...options }));
  return files;
}

describe('the own certificate of a listener or a dial', () => {
  it('says who this end is', () => {
    expect(requireOwn(use({}), SERVER)).toMatchObject({ kind: 'hop', municipality: '-', name: 'broker' });
  });

  it('may have run out: that is an alarm, and no process that does not start', () => {
    expect(requireOwn(use({ fromMs: -2_000, untilMs: -1_000 }), SERVER).name).toBe('broker');
  });

  it.each<[string, OddOptions, string]>([
    ['of another kind', { uris: ['urn:telework:agent:-:broker'] }, 'CERTIFICATE_WRONG_KIND'],
    ['for the other role', { usage: ['clientAuth'] }, 'CERTIFICATE_WRONG_USAGE'],
    ['without an identity', { uris: [] }, 'CERTIFICATE_WRONG_KIND'],
    ['signed with SHA-1', { digest: 'sha1' }, 'CERTIFICATE_WEAK'],
  ])('is refused in one line that names the file if it is %s', (_, options, reason) => {
    const used = use(options);
    expect(() => requireOwn(used, SERVER)).toThrow(Failure);
    expect(() => requireOwn(used, SERVER)).toThrow(
      `${files.certificate}: not a certificate for a hop server (${reason}`,
    );
  });

  it('is refused with a key of 2048 bits', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 2048, ...PEM });
    const used = use({}, weak);
    expect(() => requireOwn(used, SERVER)).toThrow('CERTIFICATE_WEAK: key');
  });
});
