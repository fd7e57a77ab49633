import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { auditSchema } from '#platform/audit/config.ts';
import { openProcessAudit } from '#platform/audit/open.ts';
import { readConfig } from '#platform/process/config.ts';
import { createLog } from '#platform/process/log.ts';
import { type DemoPki, demoPki } from '#tests/support/pki.ts';

const schema = z.strictObject({ audit: auditSchema });

describe('"audit.syslog"', () => {
  let pki: DemoPki;
  let folder: string;
  beforeAll(async () => {
    pki = await demoPki();
    folder = mkdtempSync(join(tmpdir(), 'tw-syslog-config-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const good = () => ({ host: '127.0.0.1', serverName: 'localhost', tls: pki.gatewayToBroker });

  function read(syslog: unknown) {
    const path = join(folder, 'gateway.json');
    writeFileSync(path, JSON.stringify({ audit: { syslog } }));
    return readConfig(path, schema).audit;
  }

  it('has the port of RFC 5425, ten minutes and 16 MiB if nothing else is said, and may do without a list', () => {
    expect(read(good()).syslog).toMatchObject({ port: 6514, behindSeconds: 600, behindBytes: 16 * 1024 * 1024 });
    const { revocations: _, ...tls } = pki.gatewayToBroker;
    expect(read({ ...good(), tls }).syslog?.tls.revocations).toBeUndefined();
    expect(read(undefined).syslog).toBeUndefined();
  });

  it.each<[string, object, RegExp]>([
    ['no host', { host: undefined }, /"audit\.syslog\.host" is missing$/],
    ['no name to check', { serverName: undefined }, /"audit\.syslog\.serverName" is missing$/],
    ['no TLS', { tls: undefined }, /"audit\.syslog\.tls" is missing$/],
    ['a port that is none', { port: 65_536 }, /"audit\.syslog\.port": /],
    ['a limit that would never strike', { behindSeconds: 86_401 }, /"audit\.syslog\.behindSeconds": /],
    ['a limit that would strike at once', { behindBytes: 1 }, /"audit\.syslog\.behindBytes": /],
    ['another transport', { udp: true }, /unknown key "audit\.syslog\.udp"$/],
  ])('is refused in one line with %s', (_, change, line) => {
    expect(() => read({ ...good(), ...change })).toThrow(line);
  });

  it('is refused at the start, before anything is written, with files that cannot be used', () => {
    const state = join(folder, 'state');
    const open = (tls: object) =>
      openProcessAudit({ onStop() {} }, read({ ...good(), tls: { ...pki.gatewayToBroker, ...tls } }), {
        ...{ state, source: 'broker', now: Date.now, log: createLog('test', { write() {} }) },
      });
    expect(() => open({ key: '/nowhere/key.pem' })).toThrow('/nowhere/key.pem: cannot be read (ENOENT)');
    expect(() => open({ key: pki.agent.key })).toThrow(/is not the key of/);
    expect(() => open({ revocations: pki.agent.revocations })).toThrow(/no list signed by/);
  });
});
