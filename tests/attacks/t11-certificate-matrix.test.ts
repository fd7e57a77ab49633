// T11: a certificate of another kind or role, revoked, expired, weak or forged is refused at every listener and by every
// dialer, also with its chain sent along. Only the right one passes.

import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKey } from '#certs/authority.ts';
import { makeCrl } from '#certs/crl.ts';
import { KINDS, ROLES } from '#certs/profile.ts';
import { type OddOptions, oddCertificate, oddSigner, readSigner } from '#lab/odd-certificates.ts';
import { clientTls, refusalOfTls, type TlsFiles } from '#platform/hop/tls.ts';
import type { CertificateKind } from '#protocol/names.ts';
import { openBroker } from '#tests/support/broker.ts';
import { type DemoPki, demoPki } from '#tests/support/pki.ts';
import { ask, askOn, connectTo, type Listener, listenAs, whoIs } from '#tests/support/tls-probe.ts';

const DAY_MS = 86_400_000;
const dir = mkdtempSync(join(tmpdir(), 'telework-t11-'));
const file = (name: string) => join(dir, name);

let pki: DemoPki;
let key: { publicKey: string; privateKey: string };
let listeners: Record<CertificateKind, Listener>;

const authorityOf = (kind: CertificateKind) => join(pki.dir, kind, 'ca.cert.pem');
const listOf = (kind: CertificateKind) => join(pki.dir, kind, 'crl.pem');
const read = (path: string) => readFileSync(path, 'utf8');

/** The client's side: leaf, and the authority that it wants to bring along. */
const bring = (leaf: string, kind: CertificateKind = 'user') => ({
  key: key.privateKey,
  cert: leaf + read(authorityOf(kind)),
});

beforeAll(async () => {
  [pki, key] = await Promise.all([demoPki(), makeKey()]);
  const trusting = async (kind: CertificateKind) => {
    const files = { ...pki.gatewayServer, authorities: authorityOf(kind), revocations: listOf(kind) };
    return [kind, await listenAs(files, kind)] as const;
  };
  listeners = Object.fromEntries(await Promise.all(KINDS.map(trusting))) as typeof listeners;
}, 60_000);

afterAll(() => {
  for (const listener of Object.values(listeners)) listener.close();
  rmSync(dir, { recursive: true });
});

/** Each kind and role that the profile allows, with a good certificate of it. */
const ALL = KINDS.flatMap((kind) => ROLES[kind].map((role) => ({ kind, role })));

const made = new Map<string, string>();

function good({ kind, role }: (typeof ALL)[number]): string {
  const name = `${kind} ${role}`;
  const pem =
    made.get(name) ??
    oddCertificate(readSigner(pki.dir, kind), key, {
      uris: [`urn:telework:${kind}:131016:name`],
      usage: [role === 'client' ? 'clientAuth' : 'serverAuth'],
      hosts: role === 'server' ? ['localhost', '127.0.0.1'] : [],
    });
  made.set(name, pem);
  return pem;
}

describe('every certificate against every listener, chain sent along', () => {
  for (const listening of KINDS) {
    for (const shown of ALL) {
      const right = shown.kind === listening && shown.role === 'client';
      it(`${right ? 'accepts' : 'refuses'} a ${shown.kind} ${shown.role} at a listener for ${listening}`, async () => {
        const answer = await ask(listeners[listening].port, bring(good(shown), shown.kind));
        const reason = shown.kind === listening ? 'CERTIFICATE_WRONG_USAGE' : 'CERTIFICATE_UNTRUSTED';
        expect(answer).toBe(right ? `${listening}:131016:name` : reason);
      });
    }
  }
});

describe('every certificate shown by a server to every dialer, chain sent along', () => {
  const dial = (port: number, files: TlsFiles, kind: CertificateKind) =>
    new Promise<string>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, ...clientTls(files, 'localhost') });
      socket.on('secureConnect', () => resolve(whoIs(socket, kind, 'server')));
      socket.on('error', (error) => resolve(refusalOfTls(error)?.reason ?? error.message));
      socket.on('secureConnect', () => socket.destroy());
    });

  for (const shown of ALL) {
    it(`accepts a ${shown.kind} ${shown.role} only where a ${shown.kind} server is expected`, async () => {
      const { cert } = bring(good(shown), shown.kind);
      const server: Server = createServer({ key: key.privateKey, cert });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      for (const expected of KINDS) {
        const files = { ...pki.users.tanaka, authorities: authorityOf(expected), revocations: listOf(expected) };
        const answer = await dial((server.address() as AddressInfo).port, files, expected);
        const right = shown.kind === expected && shown.role === 'server';
        const reason = shown.kind === expected ? 'CERTIFICATE_WRONG_USAGE' : 'CERTIFICATE_UNTRUSTED';
        expect(answer, `for ${expected}`).toBe(right ? `${expected}:131016:name` : reason);
      }
      server.close();
    });
  }
});

describe('a listener for users refuses', () => {
  const users = () => readSigner(pki.dir, 'user');
  const refused: [string, string, OddOptions][] = [
    ['an expired certificate', 'CERTIFICATE_EXPIRED', { fromMs: -2 * DAY_MS, untilMs: -DAY_MS }],
    ['one that is not yet valid', 'CERTIFICATE_NOT_YET_VALID', { fromMs: DAY_MS, untilMs: 2 * DAY_MS }],
    ['one for servers', 'CERTIFICATE_WRONG_USAGE', { usage: ['serverAuth'] }],
    ['one for mail only', 'CERTIFICATE_WRONG_USAGE', { usage: ['emailProtection'] }],
    ['one without an extended key usage', 'CERTIFICATE_WRONG_USAGE', { usage: null }],
    ['one without an identity', 'CERTIFICATE_WRONG_KIND', { uris: [], hosts: ['tanaka'] }],
    [
      'an agent identity signed by the user authority',
      'CERTIFICATE_WRONG_KIND',
      { uris: ['urn:telework:agent:131016:soumu'] },
    ],
    [
      'two identities',
      'CERTIFICATE_WRONG_KIND',
      { uris: ['urn:telework:user:131016:tanaka', 'urn:telework:user:131016:suzuki'] },
    ],
    [
      'two identities, one in capitals',
      'CERTIFICATE_WRONG_KIND',
      { uris: ['urn:telework:user:131016:tanaka', 'URN:TELEWORK:user:131016:root'] },
    ],
    [
      'a second identity smuggled into one name',
      'CERTIFICATE_WRONG_KIND',
      { uris: ['urn:telework:user:131016:tanaka, URI:urn:telework:user:131016:suzuki'] },
    ],
    ['an identity with a line break', 'CERTIFICATE_WRONG_KIND', { uris: ['urn:telework:user:131016:tanaka\n'] }],
    ['a municipality that is none', 'CERTIFICATE_WRONG_KIND', { uris: ['urn:telework:user:13101:tanaka'] }],
    ['a SHA-1 signature', 'CERTIFICATE_WEAK', { digest: 'sha1' }],
  ];
  for (const [what, reason, options] of refused) {
    it(`${what} (${reason})`, async () => {
      const leaf = oddCertificate(users(), key, options);
      const answer = await ask(listeners.user.port, { ...bring(leaf), ciphers: 'DEFAULT@SECLEVEL=0' });
      expect(answer).toBe(reason);
    });
  }

  it('no certificate at all', async () => {
    expect(await ask(listeners.user.port, {})).toBe('CERTIFICATE_MISSING');
  });

  it('a 2048-bit RSA key', async () => {
    const pem = {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    } as const;
    const weak = generateKeyPairSync('rsa', { modulusLength: 2048, ...pem });
    const leaf = oddCertificate(users(), weak);
    const answer = await ask(listeners.user.port, { key: weak.privateKey, cert: leaf });
    expect(answer).toBe('CERTIFICATE_WEAK');
  });

  it('an authority that only carries the same name', async () => {
    const forger = oddSigner(null, key, { commonName: 'x' });
    forger.certificate.setSubject(users().certificate.subject.attributes);
    forger.certificate.setIssuer(users().certificate.subject.attributes);
    const leaf = oddCertificate(forger, key);
    expect(await ask(listeners.user.port, { key: key.privateKey, cert: leaf })).toBe('CERTIFICATE_UNTRUSTED');
    expect(await ask(listeners.user.port, bring(leaf))).toBe('CERTIFICATE_UNTRUSTED');
  });

  it('an authority that a user made of his own certificate, and one below the real authority', async () => {
    const asAuthority = { certificate: readSigner(pki.dir, 'user').certificate, key: readSigner(pki.dir, 'agent').key };
    expect(await ask(listeners.user.port, bring(oddCertificate(asAuthority, key)))).toBe('CERTIFICATE_UNTRUSTED');
    const below = oddSigner(users(), key, { commonName: 'below' });
    const leaf = oddCertificate(below, key);
    const chain = { key: key.privateKey, cert: leaf + below.pem + read(authorityOf('user')) };
    expect(await ask(listeners.user.port, chain)).toBe('CERTIFICATE_UNTRUSTED');
  });

  it('the authority itself and a self-signed certificate', async () => {
    const authority = { key: read(join(pki.dir, 'user', 'ca.key.pem')), cert: read(authorityOf('user')) };
    expect(await ask(listeners.user.port, authority)).toMatch(/^CERTIFICATE_(WRONG_USAGE|UNTRUSTED)$/);
    const own = { key: key.privateKey, cert: oddCertificate(null, key) };
    expect(await ask(listeners.user.port, own)).toBe('CERTIFICATE_UNTRUSTED');
  });

  it('an agent where a file trusts both kinds by mistake', async () => {
    const files = { ...pki.gatewayServer, authorities: file('both.pem'), revocations: file('both.crl.pem') };
    writeFileSync(files.authorities, read(authorityOf('user')) + read(authorityOf('agent')));
    writeFileSync(files.revocations, read(listOf('user')) + read(listOf('agent')));
    const listener = await listenAs(files, 'user');
    const leaf = good({ kind: 'agent', role: 'client' });
    expect(await ask(listener.port, bring(leaf, 'agent'))).toBe('CERTIFICATE_WRONG_KIND');
    listener.close();
  });
});

describe('a broker does not start', () => {
  it.each(['brokerForGateways', 'brokerForAgents'] as const)("with another kind's certificate: %s", async (side) => {
    const { key, certificate } = pki.gatewayServer;
    const spoilt = { ...pki, [side]: { ...pki[side], key, certificate } };
    await expect(openBroker(spoilt)).rejects.toThrow(
      /not a certificate for a (?:hop|agent) server \(CERTIFICATE_WRONG_KIND/,
    );
  });
});

describe('revocation', () => {
  const WEEK_MS = 7 * DAY_MS;
  const tanaka = () => ({ key: read(pki.users.tanaka.key), cert: read(pki.users.tanaka.certificate) });
  const withList = (name: string, pem: string): TlsFiles => {
    writeFileSync(file(name), pem);
    return { ...pki.gatewayServer, revocations: file(name) };
  };
  const listAt = (now: number, serials: readonly string[] = []) =>
    makeCrl(
      readSigner(pki.dir, 'user'),
      serials.map((serial) => ({ serial, at: now, reason: 'keyCompromise' as const })),
      9,
      now,
    );

  for (const watch of [true, false]) {
    const by = watch ? 'by our own check' : "by OpenSSL's check alone";
    it(`refuses a revoked certificate, ${by}`, async () => {
      const leaf = oddCertificate(readSigner(pki.dir, 'user'), key, { serial: '4abc' });
      const listener = await listenAs(withList(`revoked-${watch}.pem`, listAt(Date.now(), ['4abc'])), 'user', {
        watch,
      });
      expect(await ask(listener.port, bring(leaf))).toBe('CERTIFICATE_REVOKED');
      expect(await ask(listener.port, tanaka())).toBe('user:131016:tanaka');
      listener.close();
    });

    it(`refuses everyone once the list has run out, ${by}`, async () => {
      const files = withList(`stale-${watch}.pem`, listAt(Date.now() - WEEK_MS - 60_000));
      const listener = await listenAs(files, 'user', { watch });
      expect(await ask(listener.port, tanaka())).toBe('REVOCATION_UNKNOWN');
      listener.close();
    });

    it(`refuses everyone while the list lies in the future, ${by}`, async () => {
      const listener = await listenAs(withList(`future-${watch}.pem`, listAt(Date.now() + DAY_MS)), 'user', { watch });
      expect(await ask(listener.port, tanaka())).toBe('REVOCATION_UNKNOWN');
      listener.close();
    });
  }

  it('does not start with a list of another authority, a forged, an empty or no list', async () => {
    const forged = makeCrl(
      { ...readSigner(pki.dir, 'user'), key: readSigner(pki.dir, 'agent').key },
      [],
      9,
      Date.now(),
    );
    for (const pem of [read(listOf('agent')), forged, '', 'rubbish']) {
      await expect(listenAs(withList('bad.pem', pem), 'user')).rejects.toThrow(/bad\.pem/);
    }
    const missing = { ...pki.gatewayServer, revocations: file('none.pem') };
    await expect(listenAs(missing, 'user')).rejects.toThrow(/none\.pem: cannot be read/);
  });

  it('refuses a kept-alive and a resumed connection after a revocation, and everyone when the list is gone', async () => {
    const leaf = oddCertificate(readSigner(pki.dir, 'user'), key, { serial: '4abd' });
    const changes: boolean[] = [];
    let told = Promise.withResolvers<void>();
    const files = withList('live.pem', listAt(Date.now()));
    const listener = await listenAs(files, 'user', {
      changed(list) {
        changes.push(list.isRevoked('4ABD'));
        told.resolve();
      },
    });
    const kept = await connectTo(listener.port, bring(leaf));
    const session = new Promise<Buffer>((resolve) => kept.once('session', resolve));
    expect(await askOn(kept)).toBe('user:131016:tanaka');
    const resumed = await connectTo(listener.port, { ...bring(leaf), session: await session });
    expect(resumed.isSessionReused()).toBe(true);
    expect(await askOn(resumed)).toBe('user:131016:tanaka');

    writeFileSync(files.revocations, listAt(Date.now(), ['4abd']));
    await told.promise;
    expect(changes).toEqual([true]);
    expect(await askOn(kept)).toBe('CERTIFICATE_REVOKED');
    expect(await askOn(resumed)).toBe('CERTIFICATE_REVOKED');
    expect(await ask(listener.port, bring(leaf))).toBe('CERTIFICATE_REVOKED');
    expect(await ask(listener.port, { ...bring(leaf), session: await session })).toBe('CERTIFICATE_REVOKED');

    rmSync(files.revocations);
    await expect.poll(() => ask(listener.port, tanaka())).toBe('REVOCATION_UNKNOWN');
    expect(changes).toHaveLength(1);
    told = Promise.withResolvers<void>();
    writeFileSync(files.revocations, listAt(Date.now()));
    await told.promise;
    expect(await ask(listener.port, tanaka())).toBe('user:131016:tanaka');
    kept.destroy();
    resumed.destroy();
    listener.close();
  });
});

describe('the handshake itself', () => {
  const good = () => ({ key: read(pki.users.tanaka.key), cert: read(pki.users.tanaka.certificate) });

  it('refuses TLS 1.2, before and after a reload', async () => {
    const old = { ...good(), maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' } as const;
    await expect(ask(listeners.user.port, old)).rejects.toThrow(/protocol version/i);
    const files = { ...pki.gatewayServer, revocations: file('reload.pem') };
    writeFileSync(files.revocations, read(listOf('user')));
    const { promise, resolve } = Promise.withResolvers<void>();
    const listener = await listenAs(files, 'user', { changed: () => resolve() });
    writeFileSync(files.revocations, read(listOf('user')));
    await promise;
    await expect(ask(listener.port, old)).rejects.toThrow(/protocol version/i);
    expect(await ask(listener.port, good())).toBe('user:131016:tanaka');
    listener.close();
  });

  it('refuses ChaCha20 alone and groups outside the list', async () => {
    const port = listeners.user.port;
    await expect(ask(port, { ...good(), ciphers: 'TLS_CHACHA20_POLY1305_SHA256' })).rejects.toThrow();
    await expect(ask(port, { ...good(), ecdhCurve: 'P-384' })).rejects.toThrow();
  });

  it("does not take one listener's session ticket at another", async () => {
    const socket = await connectTo(listeners.user.port, good());
    const session = await new Promise<Buffer>((resolve) => socket.once('session', resolve));
    socket.destroy();
    expect(await ask(listeners.agent.port, { ...good(), session })).toBe('CERTIFICATE_UNTRUSTED');
    expect(await ask(listeners.agent.port, { session })).toBe('CERTIFICATE_MISSING');
  });
});
