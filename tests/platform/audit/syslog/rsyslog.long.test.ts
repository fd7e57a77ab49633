// An independent collector: rsyslog from Debian, by both of its TLS libraries. What it stores is the log, line by line, and
// verifies as the log itself does; and it gives the receipts that the position waits for.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '#lab/ports.ts';
import { verifyLog } from '#platform/audit/verify.ts';
import type { TlsFiles } from '#platform/hop/tls.ts';
import { needs } from '#tests/support/need.ts';
import { demoPki } from '#tests/support/pki.ts';
import { openShippedLog } from '#tests/support/shipped-log.ts';

const DRIVERS = [
  ['ossl', '/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_ossl.so'],
  ['gtls', '/usr/lib/x86_64-linux-gnu/rsyslog/lmnsd_gtls.so'],
] as const;

let folder: string;
let running: ChildProcess | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tw-rsyslog-'));
});
afterEach(async () => {
  if (running && running.exitCode === null) {
    running.kill();
    await once(running, 'close');
  }
  running = null;
  rmSync(folder, { recursive: true });
});

const stored = () => join(folder, 'stored.jsonl');

async function startRsyslog(driver: string, tls: TlsFiles): Promise<number> {
  const port = await freePort();
  const configuration = join(folder, 'rsyslog.conf');
  writeFileSync(
    configuration,
    `
    global(workDirectory="${folder}" defaultNetstreamDriver="${driver}"
      defaultNetstreamDriverCAFile="${tls.authorities}"
      defaultNetstreamDriverCertFile="${tls.certificate}" defaultNetstreamDriverKeyFile="${tls.key}")
    module(load="imtcp" streamDriver.name="${driver}" streamDriver.mode="1" streamDriver.authMode="x509/certvalid")
    input(type="imtcp" address="127.0.0.1" port="${port}")
    template(name="line" type="string" string="%msg:4:$%\\n")
    action(type="omfile" file="${stored()}" template="line")
    `,
  );
  running = spawn('rsyslogd', ['-n', '-f', configuration, '-i', join(folder, 'pid')], { stdio: 'ignore' });
  await vi.waitFor(
    () =>
      new Promise<void>((resolve, reject) => {
        const probe = connect(port, '127.0.0.1', () => {
          probe.destroy();
          resolve();
        });
        probe.once('error', reject);
      }),
    { timeout: 10_000, interval: 50 },
  );
  return port;
}

describe.each(DRIVERS)('rsyslog with %s', (driver, library) => {
  it.skipIf(!needs('rsyslogd', library))('stores the log as it is, and gives receipts', async () => {
    const pki = await demoPki();
    const port = await startRsyslog(driver, pki.brokerForGateways);
    const log = openShippedLog(pki);
    log.audit.record('sign-in-refused', {
      reason: 'USER_UNKNOWN',
      user: '田中\r\n<13>1 \u202e\u001b[2J',
      detail: '=1',
    });
    log.record(200);
    log.ship(port);
    const lines = () => readFileSync(stored(), 'utf8').trimEnd().split('\n');
    await expect.poll(() => lines().length).toBe(log.written().length);
    expect(lines()).toEqual(log.written());
    expect(await verifyLog([{ name: 'stored', chunks: [readFileSync(stored())] }])).toMatchObject({
      intact: true,
    });

    await log.stop();
    expect(log.confirmed()).toBe(log.written().length);
    log.record(5);
    log.ship(port);
    await expect.poll(lines).toEqual(log.written());
  });
});
