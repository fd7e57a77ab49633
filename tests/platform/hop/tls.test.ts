import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeCrl } from '#certs/crl.ts';
import { readSigner } from '#lab/odd-certificates.ts';
import { clientTls, refusalOfTls, serverTls, type TlsFiles, tlsFilesSchema, verifyPeer } from '#platform/hop/tls.ts';
import { judgeValidity, sayValidity, validity, watchValidity } from '#platform/hop/validity.ts';
import { Failure } from '#platform/process/exit.ts';
import { type DemoPki, demoPki } from '#tests/support/pki.ts';
import { ask, listenAs } from '#tests/support/tls-probe.ts';

const DAY_MS = 86_400_000;
const dir = mkdtempSync(join(tmpdir(), 'telework-tls-'));
let pki: DemoPki;
let server: Server;
let port: number;

beforeAll(async () => {
  pki = await demoPki();
  server = createServer(serverTls(pki.brokerForGateways));
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
}, 60_000);

afterAll(() => {
  server.close();
  rmSync(dir, { recursive: true });
});

const dial = (files: TlsFiles, serverName = 'localhost') =>
  new Promise<TLSSocket>((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ...clientTls(files, serverName) });
    socket.once('secureConnect', () => resolve(socket)).once('error', reject);
  });

const put = (name: string, content: string) => {
  writeFileSync(join(dir, name), content, { mode: 0o600 });
  return join(dir, name);
};

describe('a dial', () => {
  it('runs on TLS 1.3 with AES-256-GCM and the ML-KEM hybrid, and knows the server', async () => {
    const socket = await dial(pki.gatewayToBroker);
    expect(socket.getProtocol()).toBe('TLSv1.3');
    expect(socket.getCipher().name).toBe('TLS_AES_256_GCM_SHA384');
    expect(socket.getEphemeralKeyInfo()).toMatchObject({ name: 'X25519MLKEM768' });
    const peer = verifyPeer(socket, { kind: 'hop', role: 'server' });
    expect(peer).toMatchObject({ kind: 'hop', municipality: '-', name: 'broker' });
    expect(peer.thumbprint).toMatch(/^[\w-]{43}$/);
    expect(peer.serial).toMatch(/^[0-9A-F]{32}$/);
    expect(peer.notAfter).toBeGreaterThan(Date.now() + 360 * DAY_MS);
    socket.destroy();
  });

  it('refuses a server of another name, a revoked one, and one whose list has run out', async () => {
    const reason = (files: TlsFiles, name?: string) =>
      dial(files, name).then(
        () => 'connected',
        (error) => refusalOfTls(error)?.reason,
      );
    for (const name of ['elsewhere.example', '127.0.0.2', '::1']) {
      expect(await reason(pki.gatewayToBroker, name), name).toBe('CERTIFICATE_UNTRUSTED');
    }
    expect(await reason(pki.gatewayToBroker, '127.0.0.1')).toBe('connected');
    const signer = readSigner(pki.dir, 'hop');
    const { serial } = verifyPeer(await dial(pki.gatewayToBroker), { kind: 'hop', role: 'server' });
    const revoked = makeCrl(signer, [{ serial, at: Date.now(), reason: 'keyCompromise' }], 5, Date.now());
    expect(await reason({ ...pki.gatewayToBroker, revocations: put('r.pem', revoked) })).toBe('CERTIFICATE_REVOKED');
    const stale = makeCrl(signer, [], 5, Date.now() - 8 * DAY_MS);
    expect(await reason({ ...pki.gatewayToBroker, revocations: put('s.pem', stale) })).toBe('REVOCATION_UNKNOWN');
    const agents = { authorities: pki.agent.authorities, revocations: pki.agent.revocations };
    expect(await reason({ ...pki.gatewayToBroker, ...agents })).toBe('CERTIFICATE_UNTRUSTED');
  });

  it('shares its context with those before it until a file changes, and then goes by the newest', async () => {
    const revocations = put('newest.pem', readFileSync(pki.gatewayToBroker.revocations, 'utf8'));
    const files = { ...pki.gatewayToBroker, revocations };
    const { secureContext } = clientTls(files, 'localhost');
    expect(clientTls(files, 'another.example').secureContext).toBe(secureContext);
    const socket = await dial(files);
    const { serial } = verifyPeer(socket, { kind: 'hop', role: 'server' });
    socket.destroy();
    const signer = readSigner(pki.dir, 'hop');
    put('newest.pem', makeCrl(signer, [{ serial, at: Date.now(), reason: 'keyCompromise' }], 6, Date.now()));
    expect(clientTls(files, 'localhost').secureContext).not.toBe(secureContext);
    await expect(dial(files)).rejects.toSatisfy((error) => refusalOfTls(error)?.reason === 'CERTIFICATE_REVOKED');
    rmSync(revocations);
    expect(() => clientTls(files, 'localhost')).toThrow(Failure);
  });

  it('that OpenSSL finds weak before we do is refused as weak', () => {
    const weak = Object.assign(new Error('CA signature digest algorithm too weak'), { code: 'UNSPECIFIED' });
    expect(refusalOfTls(weak)?.reason).toBe('CERTIFICATE_WEAK');
    const other = Object.assign(new Error('permitted subtree violation'), { code: 'UNSPECIFIED' });
    expect(refusalOfTls(other)?.reason).toBe('CERTIFICATE_UNTRUSTED');
  });

  it('that fails for another reason than the certificate is no refusal', () => {
    expect(refusalOfTls(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))).toBeNull();
    expect(refusalOfTls(null)).toBeNull();
    expect(refusalOfTls('x')).toBeNull();
  });
});

describe('a file that cannot be used is named in one line', () => {
  const openKey = () => {
    const path = put('open.pem', readFileSync(pki.brokerForGateways.key, 'utf8'));
    chmodSync(path, 0o640);
    return path;
  };
  const cases: [string, () => Partial<TlsFiles>, RegExp][] = [
    ['a missing key', () => ({ key: join(dir, 'none') }), /none: cannot be read \(ENOENT\)/],
    ['a folder', () => ({ key: dir }), /not a key file/],
    ['a key that others may read', () => ({ key: openKey() }), /open\.pem: others than its owner may use this key/],
    ['a key that is none', () => ({ key: put('k', 'x') }), /holds no private key/],
    ["another's key", () => ({ key: pki.agent.key }), /is not the key of/],
    ['a certificate that is none', () => ({ certificate: put('c', 'x') }), /holds no certificate/],
    [
      'a broken certificate',
      () => ({ certificate: put('c', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----') }),
      /cannot be read/,
    ],
    ['a leaf as an authority', () => ({ authorities: pki.agent.certificate }), /not an authority/],
    ['a huge file', () => ({ certificate: put('big', 'x'.repeat(300_000)) }), /larger than/],
    ['no list', () => ({ revocations: put('l', '') }), /l: revocation list: no list signed by/],
  ];
  for (const [what, change, message] of cases) {
    it(what, () => {
      const files = { ...pki.gatewayServer, ...change() };
      expect(() => serverTls(files)).toThrow(Failure);
      expect(() => serverTls(files)).toThrow(message);
      expect(() => clientTls(files, 'localhost')).toThrow(message);
    });
  }

  it('and the schema takes exactly the four', () => {
    const four = { key: '/k', certificate: '/c', authorities: '/a', revocations: '/r' };
    expect(tlsFilesSchema.parse(four)).toEqual(four);
    expect(() => tlsFilesSchema.parse({ ...four, passphrase: 'x' })).toThrow();
    expect(() => tlsFilesSchema.parse({ ...four, key: '' })).toThrow();
  });
});

describe('a watched listener', () => {
  it('takes over a new certificate that is renamed into place, and a key and certificate one after the other', async () => {
    const folder = join(dir, 'watched');
    mkdirSync(folder);
    const files = { ...pki.gatewayServer, key: join(folder, 'key'), certificate: join(folder, 'cert') };
    writeFileSync(files.key, readFileSync(pki.brokerForGateways.key), { mode: 0o600 });
    writeFileSync(files.certificate, readFileSync(pki.brokerForGateways.certificate));
    const { promise, resolve } = Promise.withResolvers<void>();
    const listener = await listenAs(files, 'user', { changed: () => resolve() });
    const tanaka = { key: readFileSync(pki.users.tanaka.key), cert: readFileSync(pki.users.tanaka.certificate) };
    const shown = () =>
      new Promise<string | undefined>((done) => {
        const socket = connect({ port: listener.port, rejectUnauthorized: false, ...tanaka }, () => {
          done(socket.getPeerX509Certificate()?.subjectAltName);
          socket.destroy();
        });
      });
    expect(await shown()).toContain('urn:telework:hop:-:broker');

    writeFileSync(`${files.key}.new`, readFileSync(pki.gatewayServer.key), { mode: 0o600 });
    renameSync(`${files.key}.new`, files.key);
    await expect.poll(() => ask(listener.port, tanaka)).toBe('REVOCATION_UNKNOWN');
    writeFileSync(`${files.certificate}.new`, readFileSync(pki.gatewayServer.certificate));
    renameSync(`${files.certificate}.new`, files.certificate);
    await promise;
    expect(await shown()).toContain('urn:telework:gateway-server:-:gateway');
    expect(await ask(listener.port, tanaka)).toBe('user:131016:tanaka');
    listener.close();
  });
});

describe('what runs out', () => {
  it('is said once for each warning and every hour after the end', () => {
    vi.useFakeTimers();
    const lines: string[] = [];
    const log = {
      warn: (line: string) => lines.push(`warn ${line}`),
      error: (line: string) => lines.push(`error ${line}`),
    };
    const stop = watchValidity(pki.gatewayServer, log, Date.now);
    const passing = (days: number) => {
      lines.length = 0;
      vi.advanceTimersByTime(days * DAY_MS);
      return lines.map((line) => line.replace(/ (?:certificate|authority|revocation).* (runs? out|ran out) .*/, ' $1'));
    };
    expect(passing(3)).toEqual([]);
    expect(passing(2)).toEqual(['warn runs out']);
    expect(passing(1.5)).toEqual(['warn runs out']);
    vi.advanceTimersByTime(DAY_MS);
    expect(passing(1 / 8)).toEqual(Array(3).fill(expect.stringMatching(/^error ALARM:/)));
    stop();
    expect(passing(1)).toEqual([]);
    vi.useRealTimers();
  });

  it('is listed for certificate, authorities and lists', () => {
    const now = Date.now();
    expect(validity(pki.gatewayServer, now).map(({ state }) => state)).toEqual(['ok', 'ok', 'ok']);
    expect(validity(pki.gatewayServer, now + 5 * DAY_MS).map(({ state }) => state)).toEqual(['ok', 'ok', 'soon']);
    expect(validity(pki.gatewayServer, now + 340 * DAY_MS).map(({ state }) => state)).toEqual([
      'soon',
      'ok',
      'expired',
    ]);
    expect(() => validity({ ...pki.gatewayServer, key: join(dir, 'none') }, now)).toThrow(Failure);
  });

  it('is warned of 30, 7 and 1 days before a certificate ends, 3 and 1 before a list, and alarmed of after', () => {
    const warning = (type: 'certificate' | 'list', days: number) => judgeValidity('x', type, days * DAY_MS, 0).warning;
    expect([31, 30, 8, 7, 2, 1, 0.1, 0, -1].map((days) => warning('certificate', days))).toEqual([
      null,
      30,
      30,
      7,
      7,
      1,
      1,
      0,
      0,
    ]);
    expect([7, 3.1, 3, 1].map((days) => warning('list', days))).toEqual([null, null, 3, 1]);
    expect(sayValidity(judgeValidity('x', 'list', 8 * DAY_MS, 0), 0)).toBeNull();
    expect(sayValidity(judgeValidity('x', 'list', 2 * DAY_MS, 0), 0)).toBe(
      'x runs out at 1970-01-03T00:00:00.000Z, in 2 days',
    );
    expect(sayValidity(judgeValidity('x', 'list', 0, 1), 1)).toMatch(/^ALARM: x ran out at 1970/);
  });
});
