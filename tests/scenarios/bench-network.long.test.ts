// A line between two network namespaces: the kernel's rate beside ours, what each of the two counts, and losses.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { NetworkResult } from '#bench/result.ts';
import { ROOT, run } from '#lab/process.ts';
import { needs, needsRoot } from '#tests/support/need.ts';

const able = needs('ip', 'tc', 'nft') && needsRoot();

describe.skipIf(!able)('npm run bench -- --scenario network', () => {
  const out = mkdtempSync(join(tmpdir(), 'tw-bench-network-'));
  afterAll(() => rmSync(out, { recursive: true, force: true }));
  const args = ['--scenario', 'network', '--seconds', '1', '--json', '--out', out];

  /** Namespaces that others made meanwhile carry other pids. */
  const namespacesOf = (pid: number | undefined) =>
    ['/run/netns', '/etc/netns']
      .flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []))
      .filter((name) => name.startsWith(`tw-${pid}-`));

  const processesOf = (mark: string) =>
    readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(mark));

  it('fills the line at either rate, counts as the kernel counts, and stands losses', async () => {
    const { code, stdout, stderr } = await run('bench/main.ts', args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { lines, ...rest } = JSON.parse(stdout) as NetworkResult;
    expect(rest).toMatchObject({ scenario: 'network', mbps: 10, baseRoundTripMs: 20 });
    expect(lines.map(({ rate, lostPerMille }) => [rate, lostPerMille])).toEqual([
      ['shaper', 0],
      ['tbf', 0],
      ['shaper', 1],
      ['shaper', 10],
    ]);
    for (const { lostPerMille, missing, figures } of lines) {
      // What a kernel lacks is no fault of ours; it says so itself.
      if (figures === null) {
        expect(missing).toMatch(/\S/);
        continue;
      }
      expect(figures.utilisation).toBeGreaterThan(0.5);
      expect(figures.utilisation).toBeLessThan(1.1);
      expect(figures.keyRoundTripMs.count).toBeGreaterThan(5);
      expect(figures.keyRoundTripMs.p50).toBeGreaterThanOrEqual(20);
      expect(figures.stalenessMs.p50).toBeGreaterThanOrEqual(10);
      // Two independent counts of one stream: 2 % by what they count differently, the rest by what is under way between them.
      expect(figures.ratio).toBeGreaterThan(0.94);
      expect(figures.ratio).toBeLessThan(1.06);
      expect(figures.kernelBytes / figures.kernelPackets).toBeLessThanOrEqual(1_500);
      expect(figures.inwardBytes).toBeGreaterThan(0);
      if (lostPerMille === 0) expect(figures.lostPackets).toBe(0);
      if (lostPerMille === 10) expect(figures.lostPackets).toBeGreaterThan(0);
      expect(figures.processes.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['gateway', 'broker', 'replay', 'load', 'link', 'counters']),
      );
    }
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('<section id="network">');
    expect(processesOf(out)).toEqual([]);
  }, 60_000);

  it('leaves neither namespaces nor processes behind after Ctrl-C', async () => {
    rmSync(join(out, 'system/load'), { recursive: true, force: true });
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(ROOT, 'bench/main.ts'), ...args.with(3, '60')],
      { cwd: ROOT, stdio: 'ignore' },
    );
    const ended = once(child, 'close');
    await vi.waitFor(() => expect(existsSync(join(out, 'system/load/load.sock'))).toBe(true), {
      timeout: 40_000,
      interval: 50,
    });
    expect(namespacesOf(child.pid)).toHaveLength(4);
    child.kill('SIGINT');
    expect(await ended).toEqual([1, null]);
    expect(namespacesOf(child.pid)).toEqual([]);
    expect(processesOf(out)).toEqual([]);
  }, 60_000);
});

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // ended meanwhile
  }
}
