// A real audit log that is shipped to a collector, with a clock that the test sets forward. Ends with the test.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Audit, openAudit } from '#platform/audit/chain.ts';
import { allFiles } from '#platform/audit/files.ts';
import type { SyslogConfig } from '#platform/audit/syslog/config.ts';
import { Position } from '#platform/audit/syslog/position.ts';
import { Shipping } from '#platform/audit/syslog/shipping.ts';
import { createLog } from '#platform/process/log.ts';
import type { DemoPki } from './pki.ts';
import { producedIn } from './produced-events.ts';

export interface ShippedLog {
  readonly audit: Audit;
  /** The operators' log. */
  readonly logged: readonly string[];
  readonly shipping: Shipping | null;
  /** Begins to ship; after `stop` anew, as after a restart. */
  ship(port: number, change?: Partial<SyslogConfig>): void;
  stop(): Promise<void>;
  /** Writes so many events. */
  record(count: number): void;
  /** Moves the clocks forward. */
  pass(ms: number): void;
  /** The lines of all its files. */
  written(): string[];
  /** The position that a restart would begin from. */
  confirmed(): number;
  /** Makes that another one. */
  claim(port: number, sequence: number, digest: string): void;
}

export function openShippedLog(pki: DemoPki): ShippedLog {
  const folder = mkdtempSync(join(tmpdir(), 'tw-ship-'));
  const path = join(folder, 'audit.jsonl');
  const position = join(folder, 'audit.shipped.json');
  const logged: string[] = [];
  let ahead = 0;
  let shipping: Shipping | null = null;
  const now = () => Date.now() + ahead;
  const log = createLog('test', { write: (line) => void logged.push(line) });
  const audit = openAudit({
    ...{ path, source: 'gateway/gw-1', now, heartbeatMs: 0, log },
    alsoHealthy: () => shipping?.keepsUp ?? true,
  });
  const files = () => allFiles(path, join(folder, 'archive'));
  const opened: ShippedLog = {
    ...{ audit, logged },
    get shipping() {
      return shipping;
    },
    ship(port, change = {}) {
      const config: SyslogConfig = {
        ...{ host: '127.0.0.1', port, serverName: 'localhost', tls: pki.gatewayToBroker },
        ...{ behindSeconds: 600, behindBytes: 64 * 1024, ...change },
      };
      shipping = new Shipping({
        ...{ config, audit, log, growing: path, files, now, random: () => 0 },
        monotonic: () => performance.now() + ahead,
        position: new Position(position, `127.0.0.1:${port}`),
      });
    },
    async stop() {
      await shipping?.stop();
      shipping = null;
    },
    record(count) {
      for (let i = 0; i < count; i++) {
        audit.record('user-enabled', { municipality: '131016', user: `user-${i}`, by: 'x' });
      }
    },
    pass(ms) {
      ahead += ms;
    },
    written() {
      const lines = files().flatMap((file) => readFileSync(file, 'utf8').trimEnd().split('\n'));
      producedIn(lines.map((line) => JSON.parse(line)));
      return lines;
    },
    confirmed: () => Number(JSON.parse(readFileSync(position, 'utf8')).sequence),
    claim: (port, sequence, digest) => new Position(position, `127.0.0.1:${port}`).write({ sequence, digest }),
  };
  onTestFinished(async () => {
    await opened.stop();
    audit.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return opened;
}
