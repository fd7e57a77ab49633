// npm run bench -- --target: a deployment that is not bench's own, here one as npm start brings it up.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pairingCode } from '#lab/person.ts';
import { mustRun, run } from '#lab/process.ts';
import { useSystem } from '#tests/support/system.ts';

describe('a benchmark of somebody else’s gateway', () => {
  const out = mkdtempSync(join(tmpdir(), 'tw-bench-target-'));
  afterAll(() => rmSync(out, { recursive: true, force: true }));
  const up = useSystem(() => [{ name: 'pc-01', kind: 'office' }]);
  const bench = (url: string) => {
    const credentials = join(up.system.folder, 'client');
    return run('bench/main.ts', [
      '--target',
      url,
      '--credentials',
      credentials,
      '--seconds',
      '3',
      '--json',
      '--out',
      out,
    ]);
  };

  beforeAll(async () => {
    const { system, tanaka } = up;
    const desktop = system.desktops[0] as string;
    const code = (await pairingCode(system, tanaka, desktop)) as string;
    await mustRun('client-sim/main.ts', [
      ...['pair', '--user', tanaka.user, '--credentials', tanaka.folder, '--gateway', system.gateway],
      // The code of the step before, so that the current one is left for bench.
      ...['--desktop', desktop, '--code', code, '--totp-uri', tanaka.totpFile, '--otp-age', '30'],
    ]);
  });

  it('signs its users in, opens their desktops and asks for whole screens', async () => {
    const { code, stdout, stderr } = await bench(up.system.gateway);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      scenario: 'target',
      users: 1,
      lost: 0,
      signInMs: { count: 1 },
      openMs: { count: 1 },
    });
    expect(result.refreshMs.count).toBeGreaterThan(0);
    expect(result.bytes).toBeGreaterThan(10_000);
    expect(result.updates).toBeGreaterThan(0);
  }, 60_000);

  it('says in one line that nothing answers', async () => {
    const { code, stderr } = await bench('https://localhost:1');
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(/localhost:1.*nothing answers/)]);
  }, 60_000);
});
