// Shipping over real TLS sockets to a real collector, from a real log, by a clock of the test.
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LabCollector, startCollector } from '#lab/collector.ts';
import { openLine } from '#platform/audit/line.ts';
import { type DemoPki, demoPki } from '#tests/support/pki.ts';
import { openShippedLog, type ShippedLog } from '#tests/support/shipped-log.ts';

/** Events that are there before any test begins: the start, the first signing key and a checkpoint. */
const BEGUN = 3;
const LONG = 'x'.repeat(300);
const RECEIPT_MS = 61_000;
/** From a collector that is back to a dial: the back-off has doubled meanwhile. */
const BACK = { timeout: 25_000 };

describe('shipping the audit log to a collector', () => {
  let pki: DemoPki;
  let log: ShippedLog;
  let collector: LabCollector;

  beforeAll(async () => {
    pki = await demoPki();
  });
  beforeEach(async () => {
    collector = await startCollector(pki.brokerForGateways);
    log = openShippedLog(pki);
  });
  afterEach(() => collector.kill());

  const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, i) => from + i);
  const arrived = () => collector.messages.map(({ line }) => line.toString('utf8'));
  const sequences = () => arrived().map((line) => JSON.parse(line).sequence as number);
  /** All of them, in order, once the repetitions are left out. */
  const complete = () => [...new Set(arrived())];
  const alarms = () => log.logged.filter((line) => line.includes('THE COLLECTOR DOES NOT HAVE THE AUDIT LOG'));

  it('brings every line as it stands in the file, those from before too, and says how far at each end', async () => {
    log.record(3);
    log.ship(collector.port);
    await expect.poll(arrived).toEqual(log.written());
    log.record(2);
    await expect.poll(arrived).toEqual(log.written());
    expect(collector.connections).toBe(1);
    await log.stop();
    expect(log.confirmed()).toBe(BEGUN + 5);
    expect(collector.faults).toEqual([]);
    for (const { line, event, program } of collector.messages) {
      expect(openLine(line)?.event).toBe(event);
      expect(program).toBe('telework-gateway');
    }
  });

  it('goes on after a restart where the collector had got to', async () => {
    log.ship(collector.port);
    log.record(3);
    await expect.poll(arrived).toEqual(log.written());
    await log.stop();
    log.record(2);
    log.ship(collector.port);
    await expect.poll(arrived).toEqual(log.written());
    expect(sequences()).toEqual(upTo(BEGUN + 5));
  });

  it('follows the log into its next file', async () => {
    log.ship(collector.port);
    log.record(2);
    log.pass(24 * 3_600_000); // a file a day
    log.record(2);
    await expect.poll(arrived).toEqual(log.written());
    expect(arrived().filter((line) => line.includes('"log-continued"'))).toHaveLength(1);
  });

  it('asks for a receipt after a while and uses a new connection then', async () => {
    log.ship(collector.port);
    await expect.poll(arrived).toEqual(log.written());
    log.pass(RECEIPT_MS);
    await expect.poll(log.confirmed).toBe(BEGUN);
    log.record(1);
    await expect.poll(sequences).toEqual(upTo(BEGUN + 1));
    expect(collector.connections).toBe(2);
  });

  it('sends again what a cut connection may have lost, and nothing that was confirmed', async () => {
    const { port } = collector;
    log.ship(port);
    await expect.poll(arrived).toEqual(log.written());
    log.pass(RECEIPT_MS);
    await expect.poll(log.confirmed).toBe(BEGUN);
    log.record(5);
    await expect.poll(sequences).toEqual(upTo(BEGUN + 5));
    await collector.kill();
    log.record(2);
    collector = await startCollector(pki.brokerForGateways, port);
    await expect.poll(sequences).toEqual(upTo(BEGUN + 7, BEGUN + 1));
  });

  it('lets no session start while the collector is further behind than allowed, says so, and recovers by itself', async () => {
    const { port } = collector;
    log.ship(port);
    await expect.poll(arrived).toEqual(log.written());
    expect(log.audit.healthy).toBe(true);
    await collector.kill();
    log.record(100);
    expect(log.audit.healthy).toBe(true); // not far enough behind yet
    log.record(200);
    await expect.poll(() => log.audit.healthy).toBe(false);
    expect(log.shipping?.backlog.bytes).toBeGreaterThan(64 * 1024);
    expect(alarms()).toHaveLength(1);
    expect(log.written().filter((line) => line.includes('"shipping-overdue"'))).toHaveLength(1);

    collector = await startCollector(pki.brokerForGateways, port);
    await expect.poll(() => log.audit.healthy, BACK).toBe(true);
    await expect.poll(() => complete().length).toBe(log.written().length);
    expect(complete()).toEqual(log.written());
    expect(complete().some((line) => line.includes('"shipping-resumed"'))).toBe(true);
  });

  it('counts the age of what the collector has not confirmed, also when it takes bytes and never ends', async () => {
    collector.pause();
    log.ship(collector.port);
    await expect.poll(() => collector.connections).toBe(1);
    log.pass(590_000);
    await expect.poll(() => (log.shipping?.backlog.seconds ?? 0) > 589).toBe(true);
    expect(log.audit.healthy).toBe(true);
    log.pass(11_000);
    await expect.poll(() => log.audit.healthy).toBe(false);
    collector.resume();
    await expect.poll(() => log.audit.healthy, BACK).toBe(true);
  });

  it('holds no more in memory however slow the collector is', async () => {
    collector.pause();
    log.ship(collector.port, { behindBytes: 1024 ** 3 });
    await expect.poll(() => collector.connections).toBe(1);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 20_000; i++) {
      log.audit.record('bypass-attempt', { reason: 'ROUTE_UNKNOWN', detail: LONG, address: `${i}` });
    }
    await expect.poll(() => (log.shipping?.backlog.bytes ?? 0) > 10_000_000).toBe(true);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000);
  });
});
