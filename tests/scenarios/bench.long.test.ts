import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readReport } from '#bench/report/publish.ts';
import { run } from '#lab/process.ts';

describe('npm run bench', () => {
  const out = mkdtempSync(join(tmpdir(), 'tw-bench-'));
  afterAll(() => rmSync(out, { recursive: true, force: true }));
  const bench = (...args: string[]) => run('bench/main.ts', [...args, '--out', out]);

  it('fills a line through the real relays and says how full, how late and how fair', async () => {
    const args = [
      '--scenario',
      'fill',
      '--tier',
      '10Mbps',
      '--sessions',
      '3',
      '--seconds',
      '2',
      '--rtt',
      '10',
      '--json',
    ];
    const { code, stdout, stderr } = await bench(...args);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ scenario: 'fill', tier: '10Mbps', sessions: 3, baseRoundTripMs: 10 });
    // Speed is no test, but these are wrong if bench measures anything else than what it says.
    expect(result.utilisation).toBeGreaterThan(0.5);
    expect(result.utilisation).toBeLessThan(1.1);
    expect(result.goodputShare).toBeLessThan(result.utilisation);
    expect(result.keyRoundTripMs.idleP50).toBeGreaterThanOrEqual(10);
    expect(result.keyRoundTripMs.full.count).toBeGreaterThan(10);
    expect(result.stalenessMs.count).toBeGreaterThan(10);
    expect(result.jain).toBeGreaterThan(0.5);
    const report = readReport(join(out, 'report.json'));
    expect(report).toMatchObject({ partial: null, notRun: [], scenarios: [{ scenario: 'fill', sessions: 3 }] });
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('10Mbps');
    const names = result.processes.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['gateway', 'broker', 'replay', 'load', 'link', 'others']);
    for (const { cpuSeconds } of result.processes.slice(0, -1)) expect(cpuSeconds).toBeGreaterThan(0);
  }, 60_000);

  it('measures the doors of the gateway', async () => {
    const { code, stdout } = await bench('--scenario', 'morning', '--sessions', '2', '--seconds', '1', '--json');
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ users: 2, failed: 0, signInMs: { count: 2 }, openMs: { count: 2 } });
    expect(result.requests[0]).toMatchObject({ path: '/healthz', refused: 0 });
    expect(result.handshakes.group).toBe('X25519MLKEM768');
    expect(result.handshakes.count).toBeGreaterThan(10);
  }, 60_000);

  it('refuses bad arguments with one line and exit code 2', async () => {
    const { code, stdout, stderr } = await run('bench/main.ts', ['--tier', '11Mbps']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^unknown tier "11Mbps"; there are 10Mbps, .*\n$/);
  });
});
