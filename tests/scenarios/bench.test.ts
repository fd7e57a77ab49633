import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '#lab/process.ts';

describe('npm run bench', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tw-bench-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('measures requests and full handshakes with client certificates on a real gateway', async () => {
    const { code, stdout, stderr } = await run('bench/main.ts', ['--json', '--seconds', '1', '--state', folder]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.requests[0]).toMatchObject({ path: '/healthz', refused: 0 });
    expect(report.handshakes.group).toBe('X25519MLKEM768');
    expect(report.handshakes.count).toBeGreaterThan(10);
  }, 60_000);

  it('refuses a bad flag with exit code 2', async () => {
    expect((await run('bench/main.ts', ['--seconds', '0'])).code).toBe(2);
  });
});
