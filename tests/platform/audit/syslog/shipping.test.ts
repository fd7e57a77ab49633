// Shipping over real TLS sockets to a real collector, from a real log. "Overdue" is measured in bytes here, and time comes
// from a clock of the test.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LabCollector, startCollector } from '#lab/collector.ts';
import { type Audit, openAudit } from '#platform/audit/chain.ts';
import { openLine } from '#platform/audit/line.ts';
import type { SyslogConfig } from '#platform/audit/syslog/config.ts';
import { Position } from '#platform/audit/syslog/position.ts';
import { Shipping } from '#platform/audit/syslog/shipping.ts';
import { createLog } from '#platform/process/log.ts';
import { type DemoPki, demoPki } from '#tests/support/pki.ts';

const LONG = 'x'.repeat(300);

describe('shipping the audit log to a collector', () => {
  let pki: DemoPki;
  let folder: string;
  let path: string;
  let ahead: number;
  let logged: string[];
  let audit: Audit;
  let shipping: Shipping | null;
  let collector: LabCollector | null;

  beforeAll(async () => {
    pki = await demoPki();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tw-ship-'));
    path = join(folder, 'audit.jsonl');
    ahead = 0;
    logged = [];
    shipping = null;
    collector = null;
    audit = openAudit({
      path,
      source: 'gateway/gw-1',
      now,
      heartbeatMs: 0,
      log: log(),
      alsoHealthy: () => shipping?.keepsUp ?? true,
    });
  });
  afterEach(async () => {
    await collector?.kill();
    await shipping?.stop();
    audit.close();
    rmSync(folder, { recursive: true });
  });

  const now = () => Date.now() + ahead;
  const log = () => createLog('test', { write: (line) => void logged.push(line) });

  function ship(port: number, change: Partial<SyslogConfig> = {}): Shipping {
    const config: SyslogConfig = {
      ...{ host: '127.0.0.1', port, serverName: 'localhost', tls: pki.gatewayToBroker },
      ...{ behindSeconds: 600, behindBytes: 64 * 1024, ...change },
    };
    shipping = new Shipping({
      ...{ config, audit, log: log(), files: () => [path] },
      ...{ now, monotonic: () => performance.now() + ahead, random: () => 0 },
      position: new Position(join(folder, 'audit.shipped.json'), `127.0.0.1:${port}`),
    });
    return shipping;
  }

  function record(count: number): void {
    for (let i = 0; i < count; i++)
      audit.record('user-enabled', { municipality: '131016', user: `user-${i}`, by: 'x' });
  }

  /** Events 1 to that are there before any test begins: the start and the first signing key. */
  const BEGUN = 2;
  const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, i) => from + i);
  const written = () => readFileSync(path, 'utf8').trimEnd().split('\n');
  const arrived = () => (collector?.messages ?? []).map(({ line }) => line.toString('utf8'));
  const sequences = () => arrived().map((line) => JSON.parse(line).sequence as number);
  /** All of them, in order, once the repetitions are left out. */
  const complete = () => [...new Set(arrived())];
  const confirmed = () => Number(JSON.parse(readFileSync(join(folder, 'audit.shipped.json'), 'utf8')).sequence);

  it('brings every line as it stands in the file, those from before too, and says how far at each end', async () => {
    record(3);
    collector = await startCollector(pki.brokerForGateways);
    ship(collector.port);
    await expect.poll(arrived).toEqual(written());
    record(2);
    await expect.poll(arrived).toEqual(written());
    expect(collector.connections).toBe(1);
    await shipping?.stop();
    expect(confirmed()).toBe(BEGUN + 5);
    expect(collector.faults).toEqual([]);
    for (const { line, event, program } of collector.messages) {
      expect(openLine(line)?.event).toBe(event);
      expect(program).toBe('telework-gateway');
    }
  });

  it('goes on after a restart where the collector had got to', async () => {
    collector = await startCollector(pki.brokerForGateways);
    ship(collector.port);
    record(3);
    await expect.poll(arrived).toEqual(written());
    await shipping?.stop();
    record(2);
    ship(collector.port);
    await expect.poll(arrived).toEqual(written());
    expect(sequences()).toEqual(upTo(BEGUN + 5));
  });

  it('asks for a receipt after a while and uses a new connection then', async () => {
    collector = await startCollector(pki.brokerForGateways);
    ship(collector.port);
    await expect.poll(arrived).toEqual(written());
    ahead += 61_000;
    await expect.poll(confirmed).toBe(BEGUN);
    record(1);
    await expect.poll(sequences).toEqual(upTo(BEGUN + 1));
    expect(collector.connections).toBe(2);
  });

  it('sends again what a cut connection may have lost, and nothing that was confirmed', async () => {
    collector = await startCollector(pki.brokerForGateways);
    const { port } = collector;
    ship(port);
    await expect.poll(arrived).toEqual(written());
    ahead += 61_000;
    await expect.poll(confirmed).toBe(BEGUN);
    record(5);
    await expect.poll(sequences).toEqual(upTo(BEGUN + 5));
    await collector.kill();
    record(2);
    collector = await startCollector(pki.brokerForGateways, port);
    await expect.poll(sequences).toEqual(upTo(BEGUN + 7, BEGUN + 1));
  });

  it('starts no session while the collector is further behind than allowed, says so, and recovers by itself', async () => {
    collector = await startCollector(pki.brokerForGateways);
    const { port } = collector;
    ship(port);
    await expect.poll(arrived).toEqual(written());
    expect(audit.healthy).toBe(true);
    await collector.kill();
    record(100);
    expect(audit.healthy).toBe(true); // not far enough behind yet
    record(200);
    await expect.poll(() => audit.healthy).toBe(false);
    expect(shipping?.backlog.bytes).toBeGreaterThan(64 * 1024);
    expect(logged.filter((line) => line.includes('THE COLLECTOR DOES NOT HAVE THE AUDIT LOG'))).toHaveLength(1);
    expect(written().filter((line) => line.includes('"shipping-overdue"'))).toHaveLength(1);

    collector = await startCollector(pki.brokerForGateways, port);
    await expect.poll(() => audit.healthy, { timeout: 25_000 }).toBe(true);
    await expect.poll(() => complete().length).toBe(written().length);
    expect(complete()).toEqual(written());
    expect(complete().some((line) => line.includes('"shipping-resumed"'))).toBe(true);
  });

  it('counts the age of what the collector has not confirmed, also when it takes bytes and never ends', async () => {
    collector = await startCollector(pki.brokerForGateways);
    collector.pause();
    ship(collector.port);
    await expect.poll(() => collector?.connections).toBe(1);
    ahead += 590_000;
    await expect.poll(() => (shipping?.backlog.seconds ?? 0) > 589).toBe(true);
    expect(audit.healthy).toBe(true);
    ahead += 11_000;
    await expect.poll(() => audit.healthy).toBe(false);
    collector.resume();
    await expect.poll(() => audit.healthy, { timeout: 25_000 }).toBe(true);
  });

  it('holds no more in memory however slow the collector is', async () => {
    collector = await startCollector(pki.brokerForGateways);
    collector.pause();
    ship(collector.port, { behindBytes: 1024 ** 3 });
    await expect.poll(() => collector?.connections).toBe(1);
    const before = process.memoryUsage();
    for (let i = 0; i < 20_000; i++) {
      audit.record('bypass-attempt', { reason: 'ROUTE_UNKNOWN', detail: LONG, address: `${i}` });
    }
    await expect.poll(() => (shipping?.backlog.bytes ?? 0) > 10_000_000).toBe(true);
    const after = process.memoryUsage();
    const grown = after.external + after.arrayBuffers - before.external - before.arrayBuffers;
    expect(grown).toBeLessThan(4_000_000);
  });

  it('ships nothing of a log that was changed, and counts as unhealthy', async () => {
    record(5);
    collector = await startCollector(pki.brokerForGateways);
    ship(collector.port);
    await expect.poll(arrived).toEqual(written());
    await shipping?.stop();
    shipping = null;
    new Position(join(folder, 'audit.shipped.json'), `127.0.0.1:${collector.port}`).write({
      sequence: 3,
      digest: '0'.repeat(64),
    });
    ship(collector.port);
    await expect
      .poll(() => logged.some((line) => line.includes('event 3 is not in the audit log as it was sent')))
      .toBe(true);
    await expect.poll(() => logged.some((line) => line.includes('THE COLLECTOR DOES NOT HAVE'))).toBe(true);
    expect(audit.healthy).toBe(false);
    expect(collector.connections).toBe(1);
  });
});
