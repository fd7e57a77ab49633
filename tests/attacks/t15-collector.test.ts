// T15: somebody keeps the audit log from the SOC: stands in for the collector, or feeds it another log.

import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Authority } from '#certs/authority.ts';
import { startCollector } from '#lab/collector.ts';
import type { SyslogConfig } from '#platform/audit/syslog/config.ts';
import { normalSerial } from '#platform/hop/revocation.ts';
import { SETTINGS, type TlsFiles } from '#platform/hop/tls.ts';
import { loadTls } from '#platform/hop/tls-files.ts';
import { type DemoPki, demoPki, issueMore } from '#tests/support/pki.ts';
import { openShippedLog, type ShippedLog } from '#tests/support/shipped-log.ts';

let pki: DemoPki;
let dir: string;
beforeAll(async () => {
  pki = await demoPki();
  dir = mkdtempSync(join(tmpdir(), 'tw-collector-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Listens with that certificate and settings, and counts the bytes of syslog that it gets. */
async function impostor(tls: TlsFiles, settings: object = {}) {
  const heard = { bytes: 0, handshakes: 0 };
  const options = { ...loadTls(tls).pem, ...SETTINGS, ...settings, requestCert: true, rejectUnauthorized: false };
  const server = createServer(options, (socket: TLSSocket) => {
    heard.handshakes++;
    socket.on('data', (chunk) => {
      heard.bytes += chunk.length;
    });
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  const port = await listening(server);
  return { port, heard };
}

function listening(server: ReturnType<typeof createTcpServer>): Promise<number> {
  onTestFinished(() => void server.close());
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

const refusals = (log: ShippedLog) =>
  log
    .written()
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === 'collector-refused')
    .map(({ fields }) => fields.reason);

const tried = (log: ShippedLog) => log.logged.filter((line) => line.includes('does not reach the collector')).length;

describe('who stands in for the collector', () => {
  async function expectRefused(tls: TlsFiles, reason: string, change: Partial<SyslogConfig> = {}): Promise<void> {
    const { port, heard } = await impostor(tls);
    const log = openShippedLog(pki);
    log.ship(port, change);
    await expect.poll(() => tried(log)).toBeGreaterThanOrEqual(2);
    // Once, however often it is tried.
    expect(refusals(log)).toEqual([reason]);
    expect(heard.bytes).toBe(0);
  }

  it('with a certificate of another authority gets nothing', () =>
    expectRefused(pki.brokerForAgents, 'CERTIFICATE_UNTRUSTED'));

  it('under another name gets nothing', () =>
    expectRefused(pki.brokerForGateways, 'CERTIFICATE_UNTRUSTED', { serverName: 'soc.example.jp' }));

  it('with a client’s certificate gets nothing', () => expectRefused(pki.gatewayToBroker, 'CERTIFICATE_WRONG_USAGE'));

  it('with a certificate that was revoked gets nothing, and what is left unsent stops new sessions', async () => {
    const authority = new Authority(dir, 'hop');
    await authority.create(null, Date.now(), false);
    const files = { authorities: authority.certificatePath, revocations: authority.crlPath };
    const leaf = { kind: 'hop', role: 'server', municipality: '-', name: 'soc' } as const;
    const soc = { ...(await issueMore(dir, leaf, 'hop')), ...files };
    const { serialNumber } = new X509Certificate(readFileSync(soc.certificate));
    const { port, heard } = await impostor(soc);
    const log = openShippedLog(pki);
    log.ship(port, { tls: { ...pki.gatewayToBroker, ...files } });
    await expect.poll(() => heard.bytes).toBeGreaterThan(0); // the control
    await log.stop();
    const { bytes } = heard;

    authority.revoke(normalSerial(serialNumber), 'keyCompromise', Date.now());
    log.record(300);
    log.ship(port, { tls: { ...pki.gatewayToBroker, ...files } });
    await expect.poll(() => refusals(log)).toEqual(['CERTIFICATE_REVOKED']);
    await expect.poll(() => log.audit.healthy).toBe(false);
    expect(heard.bytes).toBe(bytes);
  });

  it('by TLS 1.2 gets nothing', async () => {
    const { port, heard } = await impostor(pki.brokerForGateways, {
      ...{ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
    });
    const log = openShippedLog(pki);
    log.ship(port);
    await expect.poll(() => tried(log)).toBeGreaterThanOrEqual(1);
    expect(heard).toEqual({ bytes: 0, handshakes: 0 });
  });

  it('and talks without an end is cut off', async () => {
    const server = createServer({ ...loadTls(pki.brokerForGateways).pem, ...SETTINGS }, (socket) => {
      socket.on('error', () => {});
      socket.write(Buffer.alloc(1_000_000));
    });
    const log = openShippedLog(pki);
    log.ship(await listening(server));
    await expect.poll(() => log.logged.some((line) => line.includes('MESSAGE_UNEXPECTED'))).toBe(true);
  });

  it('but does not end the connection, gives no receipt', async () => {
    const log = openShippedLog(pki);
    const { port, heard } = await impostor(pki.brokerForGateways);
    log.ship(port);
    await expect.poll(() => heard.bytes).toBeGreaterThan(0);
    expect(() => log.confirmed()).toThrow('ENOENT');
  });
});

describe('a log that is not the one that was sent', () => {
  it('is not shipped on, and no session starts', async () => {
    const collector = await startCollector(pki.brokerForGateways);
    onTestFinished(() => collector.kill());
    const log = openShippedLog(pki);
    log.record(5);
    // As if event 3 had been another one when it was sent.
    log.claim(collector.port, 3, '0'.repeat(64));
    log.ship(collector.port);
    await expect
      .poll(() => log.logged.some((line) => line.includes('event 3 is not in the audit log as it was sent')))
      .toBe(true);
    await expect.poll(() => log.logged.some((line) => line.includes('THE COLLECTOR DOES NOT HAVE'))).toBe(true);
    expect(log.audit.healthy).toBe(false);
    expect(collector.connections).toBe(0);
  });
});
