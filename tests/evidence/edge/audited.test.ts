import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { watchAudit } from '#evidence/edge/audited.ts';
import { openAudit } from '#platform/audit/chain.ts';

it('counts what a real audit log gained since, by what its lines say was not written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tw-audited-'));
  const path = join(folder, 'state/audit.jsonl');
  const audit = openAudit({ path, source: 'gateway', now: Date.now, heartbeatMs: 0 });
  onTestFinished(() => {
    audit.close();
    rmSync(folder, { recursive: true });
  });
  const refused = (reason: 'RATE_EXCEEDED' | 'MALFORMED', detail: string) =>
    audit.record('connection-refused', { reason, listener: 'user', address: '192.0.2.1', detail });
  refused('MALFORMED', 'before');
  const gained = watchAudit(path);
  refused('RATE_EXCEEDED', 'connections of one address');
  refused('RATE_EXCEEDED', 'connections of one address (41 more were not written one by one)');
  refused('MALFORMED', 'ClientHello: no TLS');
  audit.record('signed-out', { municipality: '999999', user: 'a' });
  const seen = gained('connection-refused');
  expect(seen).toMatchObject({ written: 3, counted: 44, reasons: { RATE_EXCEEDED: 2, MALFORMED: 1 } });
  expect(seen.bytes).toBeGreaterThan(500);
});
