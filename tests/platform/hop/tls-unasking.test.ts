import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { clientTls, clientTlsOf, verifyPeer } from '#platform/hop/tls.ts';
import { loadTrustOnly } from '#platform/hop/tls-files.ts';
import { reloadUnasking, unaskingTls } from '#platform/hop/tls-unasking.ts';
import { validity } from '#platform/hop/validity.ts';
import { LOOK_INTERVAL_MS } from '#platform/process/file-state.ts';
import { type DemoPki, issueMore, privatePki } from '#tests/support/pki.ts';

const folder = mkdtempSync(join(tmpdir(), 'telework-unasking-'));
const files = { key: join(folder, 'key.pem'), certificate: join(folder, 'cert.pem') };
let pki: DemoPki;
let server: Server;
let stop: () => void;

const use = (own: { key: string; certificate: string }) => {
  copyFileSync(own.certificate, files.certificate);
  copyFileSync(own.key, files.key);
};
const dial = (tls: object): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    const socket = connect({ ...tls, host: '127.0.0.1', port }, () => resolve(socket));
    socket.once('error', reject);
  });
const serialSeen = async (): Promise<string> => {
  const socket = await dial(clientTlsOf(loadTrustOnly(pki.users.tanaka), 'localhost'));
  const { serial } = verifyPeer(socket, { kind: 'gateway-server', role: 'server' });
  socket.destroy();
  return serial;
};

beforeAll(async () => {
  pki = await privatePki(join(folder, 'pki'));
  use(pki.gatewayServer);
  server = createServer(unaskingTls(files));
  server.on('tlsClientError', () => {});
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  stop = reloadUnasking(server, files);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}, 60_000);
afterAll(async () => {
  stop();
  vi.useRealTimers();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

describe('a listener that asks nobody', () => {
  it('lets in whoever trusts it, without a certificate, and gets none from who has one', async () => {
    expect(await serialSeen()).not.toBe('');
    const seen = new Promise<TLSSocket>((resolve) => server.once('secureConnection', resolve));
    const socket = await dial(clientTls(pki.users.tanaka, 'localhost'));
    const accepted = await seen;
    expect(accepted.getPeerX509Certificate()).toBeUndefined();
    expect(accepted.authorized).toBe(false);
    expect(socket.getProtocol()).toBe('TLSv1.3');
    socket.destroy();
  });

  it('speaks nothing below TLS 1.3, and is not believed by who trusts another authority', async () => {
    const trusted = clientTlsOf(loadTrustOnly(pki.users.tanaka), 'localhost');
    const { ca } = loadTrustOnly(pki.users.tanaka).pem;
    await expect(dial({ ca, servername: 'localhost', maxVersion: 'TLSv1.2' })).rejects.toThrow();
    await expect(dial(clientTlsOf(loadTrustOnly(pki.gatewayServer), 'localhost'))).rejects.toThrow();
    (await dial(trusted)).destroy();
  });

  it('takes a new certificate over while it runs, and keeps the old one while the files cannot be used', async () => {
    const before = await serialSeen();
    writeFileSync(files.certificate, 'not a certificate');
    vi.advanceTimersByTime(LOOK_INTERVAL_MS);
    expect(await serialSeen()).toBe(before);
    const leaf = { kind: 'gateway-server', role: 'server', municipality: '-', name: 'other' } as const;
    use(await issueMore(pki.dir, leaf, 'user'));
    expect(await serialSeen()).toBe(before);
    vi.advanceTimersByTime(LOOK_INTERVAL_MS);
    expect(await serialSeen()).not.toBe(before);
  });

  it('says when its certificate runs out, and that alone', () => {
    expect(validity(files, Date.now()).map(({ what, state }) => [what, state])).toEqual([
      [`certificate ${files.certificate}`, 'ok'],
    ]);
  });
});
