// An outside authority in the place of the user authority: root, issuing authority below it, lists of both.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKey } from '#certs/authority.ts';
import type { Signer } from '#certs/certificate.ts';
import { makeCrl } from '#certs/crl.ts';
import { checkExternal, checkSample } from '#certs/external.ts';
import { type OddOptions, oddCertificate, oddSigner } from '#lab/odd-certificates.ts';
import { type DemoPki, demoPki } from '#tests/support/pki.ts';
import { ask, listenAs } from '#tests/support/tls-probe.ts';

const dir = mkdtempSync(join(tmpdir(), 'telework-external-'));
const NOW = Date.now();
type Keys = { publicKey: string; privateKey: string };
type Made = Signer & { pem: string };

let pki: DemoPki;
let keys: { root: Keys; issuing: Keys; leaf: Keys };
let root: Made;
let issuing: Made;
let leaf: string;

beforeAll(async () => {
  const [made, a, b, c] = await Promise.all([demoPki(), makeKey(), makeKey(), makeKey()]);
  pki = made;
  keys = { root: a, issuing: b, leaf: c };
  root = oddSigner(null, keys.root, { commonName: 'Outside Root' });
  issuing = oddSigner(root, keys.issuing, { commonName: 'Outside Issuing', pathLength: 0 });
  leaf = oddCertificate(issuing, keys.leaf, { usage: ['clientAuth', 'emailProtection'] });
}, 60_000);

afterAll(() => rmSync(dir, { recursive: true }));

const write = (name: string, ...pem: string[]) => {
  writeFileSync(join(dir, name), pem.join(''));
  return join(dir, name);
};
const list = (signer: Signer, revoked: string[] = [], at = NOW) =>
  makeCrl(
    signer,
    revoked.map((serial) => ({ serial, at, reason: 'keyCompromise' as const })),
    1,
    at,
  );
const chain = () => write('chain.pem', issuing.pem, root.pem);
const lists = () => write('crl.pem', list(issuing), list(root));

describe('an outside authority', () => {
  it('that meets the profile is accepted by the check and by a listener, chain sent along', async () => {
    const trust = checkExternal(chain(), lists(), NOW);
    expect(checkSample(trust, write('leaf.pem', leaf), NOW)).toMatchObject({ kind: 'user', name: 'tanaka' });
    const listener = await listenAs({ ...pki.gatewayServer, authorities: chain(), revocations: lists() }, 'user');
    for (const cert of [leaf, leaf + issuing.pem, leaf + issuing.pem + root.pem]) {
      expect(await ask(listener.port, { key: keys.leaf.privateKey, cert })).toBe('user:131016:tanaka');
    }
    const ours = { key: readFileSync(pki.users.tanaka.key), cert: readFileSync(pki.users.tanaka.certificate) };
    expect(await ask(listener.port, ours)).toBe('CERTIFICATE_UNTRUSTED');
    listener.close();
  });

  it('cannot let another issuing authority of the same root in, also with its chain sent along', async () => {
    const other = oddSigner(root, keys.root, { commonName: 'Another Issuing' });
    const cert = oddCertificate(other, keys.leaf) + other.pem + root.pem;
    for (const watch of [true, false]) {
      const files = { ...pki.gatewayServer, authorities: chain(), revocations: lists() };
      const listener = await listenAs(files, 'user', { watch });
      expect(await ask(listener.port, { key: keys.leaf.privateKey, cert })).toBe('CERTIFICATE_UNTRUSTED');
      listener.close();
    }
  });

  it('is refused with its users when the root revokes it', async () => {
    const revocations = write('revoked.pem', list(issuing), list(root, [issuing.certificate.serialNumber]));
    const listener = await listenAs({ ...pki.gatewayServer, authorities: chain(), revocations }, 'user');
    expect(await ask(listener.port, { key: keys.leaf.privateKey, cert: leaf })).toBe('CERTIFICATE_REVOKED');
    listener.close();
  });

  const WEEK_MS = 7 * 86_400_000;
  const refused: [string, () => [string, string], RegExp][] = [
    [
      'without its root',
      () => [write('c', issuing.pem), write('l', list(issuing))],
      /exactly one self-signed root, not 0/,
    ],
    [
      'with two roots',
      () => {
        const second = oddSigner(null, keys.issuing, { commonName: 'Second' });
        return [write('c', root.pem, second.pem), write('l', list(root), list(second))];
      },
      /exactly one self-signed root, not 2/,
    ],
    [
      'with a part that is signed by none of the others',
      () => {
        const stranger = oddSigner(oddSigner(null, keys.leaf, { commonName: 'Stranger' }), keys.issuing, {
          commonName: 'Lost',
        });
        return [write('c', root.pem, stranger.pem), write('l', list(root), list(stranger))];
      },
      /CN=Lost is signed by none of the others/,
    ],
    [
      'without a list of the issuing authority',
      () => [chain(), write('l', list(root))],
      /no list signed by CN=Outside Issuing/,
    ],
    ['without a list of the root', () => [chain(), write('l', list(issuing))], /no list signed by CN=Outside Root/],
    [
      'with a list that ran out',
      () => [chain(), write('l', list(issuing), list(root, [], NOW - WEEK_MS - 1000))],
      /has run out/,
    ],
    ['that may not sign lists', () => single({ keyUsage: { keyCertSign: true } }), /lacks keyCertSign or cRLSign/],
    ['that has run out', () => single({ fromMs: -2 * WEEK_MS, untilMs: -WEEK_MS }), /is not valid now/],
    ['signed with SHA-1', () => single({ digest: 'sha1' }), /is signed with sha1WithRSAEncryption/],
    ['that is none', () => single({ authority: false }), /not an authority/],
    ['that is no certificate', () => [write('c', 'x'), lists()], /holds no certificate/],
  ];
  const single = (options: OddOptions): [string, string] => {
    const signer = oddSigner(null, keys.root, { commonName: 'Odd', ...options });
    return [write('c', signer.pem), write('l', list(signer))];
  };
  for (const [what, files, message] of refused) {
    it(`${what} is refused`, () => expect(() => checkExternal(...files(), NOW)).toThrow(message));
  }

  it("whose user's certificate would be refused is told why", () => {
    const trust = checkExternal(chain(), lists(), NOW);
    const sample = (options: OddOptions) => () =>
      checkSample(trust, write('s', oddCertificate(issuing, keys.leaf, options)), NOW);
    expect(sample({ uris: [] })).toThrow(/would be refused: CERTIFICATE_WRONG_KIND/);
    expect(sample({ usage: null })).toThrow(/would be refused: CERTIFICATE_WRONG_USAGE/);
    expect(sample({ digest: 'sha1' })).toThrow(/would be refused: CERTIFICATE_WEAK/);
    expect(() => checkSample(trust, write('s', 'x'), NOW)).toThrow(/is not a certificate/);
  });
});
