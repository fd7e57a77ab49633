// What goes wrong in the middle of a run: it ends soon, with one line, a report that says what it is, and no orphans.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { readReport } from '#bench/report/publish.ts';
import { ROOT, run } from '#lab/process.ts';

const WAIT = { timeout: 40_000, interval: 50 };

describe('a fault in the middle of a benchmark', () => {
  const root = mkdtempSync(join(tmpdir(), 'tw-bench-faults-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** One for all: certificates are made once and kept. */
  const out = join(root, 'out');

  /** Of the processes that a run started: each has the run's folder on its command line. */
  const pidsOf = (mark: string): number[] =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) => commandLine(pid).includes(mark))
      .map(Number);

  function start(...args: string[]) {
    // What a run before left behind is not a sign of this one.
    rmSync(join(out, 'system/load'), { recursive: true, force: true });
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(ROOT, 'bench/main.ts'), ...args, '--json', '--out', out],
      { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const ended = once(child, 'close').then(([code]) => ({ code, stdout, stderr }));
    /** Everything is up once the clients listen. */
    const up = () => vi.waitFor(() => expect(existsSync(join(out, 'system/load/load.sock'))).toBe(true), WAIT);
    return { child, ended, up };
  }

  const LONG = ['--scenario', 'fill,encode', '--tier', '10Mbps', '--sessions', '1', '--seconds', '120'];

  it('Ctrl-C keeps what there is, marks it as partial and leaves no process behind', async () => {
    const { child, ended, up } = start(...LONG);
    await up();
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(/a partial report: fill: stopped$/)]);
    const report = JSON.parse(stdout);
    expect(readReport(join(out, 'report.json')).partial).toBe('fill: stopped');
    expect(report).toMatchObject({ partial: 'fill: stopped', scenarios: [] });
    expect(report.notRun.map(({ scenario }: { scenario: string }) => scenario)).toEqual(['fill', 'encode']);
    expect(pidsOf(out)).toEqual([]);
  }, 60_000);

  it('a broker that is killed ends the run with its name, and the others with it', async () => {
    const { ended, up } = start(...LONG.toSpliced(1, 1, 'fill'));
    await up();
    const [broker] = pidsOf(join(out, 'system/broker/broker.json'));
    process.kill(broker as number, 'SIGKILL');
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout).partial).toMatch(/^fill: /);
    expect(pidsOf(out)).toEqual([]);
  }, 60_000);

  it('a folder that cannot be used is named, with exit code 3', async () => {
    const file = join(root, 'file');
    writeFileSync(file, '');
    const { code, stderr } = await run('bench/main.ts', ['--out', join(file, 'out')]);
    expect(code).toBe(3);
    expect(stderr).toBe(`${join(file, 'out')}: cannot be made (ENOTDIR)\n`);
  });

  it('a full disk is one line, and leaves no process behind', async () => {
    const args = ['bench/main.ts', ...LONG.toSpliced(1, 1, 'fill'), '--out', out];
    // The shell's limit for files stands for the full disk: the system's state does not fit.
    const child = spawn('/bin/bash', ['-c', 'ulimit -f 48; exec "$@"', 'bash', process.execPath, ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const [code] = await once(child, 'close');
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/a partial report: fill: /);
    expect(pidsOf(out)).toEqual([]);
  }, 60_000);

  it('a target without credentials, or that does not answer, is one line', async () => {
    const empty = join(root, 'nobody');
    mkdirSync(empty);
    const target = (credentials: string) => [
      ...['--target', 'https://127.0.0.1:1', '--credentials', credentials, '--out', join(root, 'target')],
    ];
    const without = await run('bench/main.ts', target(empty));
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('holds no credentials folder') });
  });
});

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // ended meanwhile
  }
}
