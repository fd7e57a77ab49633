import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTls } from '#platform/hop/tls-files.ts';
import { Metrics } from '#platform/metrics/metrics.ts';
import { exposeTimeLeft } from '#platform/metrics/time-left.ts';
import { exposed, valueIn } from '#tests/support/exposition.ts';
import { type DemoPki, demoPki } from '#tests/support/pki.ts';

const folder = mkdtempSync(join(tmpdir(), 'telework-left-'));
let pki: DemoPki;
beforeAll(async () => {
  pki = await demoPki();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the time that certificates and lists have left', () => {
  it('is told by the files at the moment of asking, and is 0 once they have run out', async () => {
    const files = pki.brokerForAgents;
    const { own, trust } = loadTls(files);
    const metrics = new Metrics('broker');
    let now = own.validToDate.getTime() - 3_600_000;
    exposeTimeLeft(metrics, { agents: files }, () => now);
    const left = async (what: string) =>
      valueIn(await exposed(metrics), 'telework_valid_seconds', { files: 'agents', what });
    expect(await left('certificate')).toBe(3_600);
    now = (trust.revocations.nextUpdates[0] ?? 0) - 60_000;
    expect(await left('revocations')).toBe(60);
    expect(await left('authorities')).toBeGreaterThan(60);
    now += 61_000;
    expect(await left('revocations')).toBe(0);
  });

  it('is 0 for files that cannot be used, and right again when they can', async () => {
    const revocations = join(folder, 'crl.pem');
    const files = { ...pki.brokerForAgents, revocations };
    const metrics = new Metrics('broker');
    exposeTimeLeft(metrics, { agents: files }, Date.now);
    const left = async () =>
      valueIn(await exposed(metrics), 'telework_valid_seconds', { files: 'agents', what: 'revocations' });
    expect(await left()).toBe(0);
    copyFileSync(pki.brokerForAgents.revocations, revocations);
    expect(await left()).toBeGreaterThan(86_400);
    writeFileSync(revocations, 'no list');
    expect(await left()).toBe(0);
  });
});
