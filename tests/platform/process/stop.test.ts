import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runScript } from '#tests/support/run-script.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const serving = (body: string) => `
  import { announceReady } from '#platform/process/ready.ts';
  import { runProcess } from '#platform/process/stop.ts';
  runProcess('server', async (life) => {
    setInterval(() => {}, 1000);
    ${body}
    announceReady({ name: 'server', port: 1 });
  });
`;

/** Starts a process, does something to it when it is ready, and returns how it ended. */
async function whenReady(body: string, act: (child: ChildProcess) => void, env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', serving(body)], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: 'pipe',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (stdout === '') queueMicrotask(() => act(child));
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exitCode = await new Promise((resolve) => child.on('close', resolve));
  return { exitCode, lines: stdout.trimEnd().split('\n'), stderr };
}

const STEPS = `
  life.onStop(() => console.log('first registered'));
  life.onStop(async () => { await new Promise((r) => setTimeout(r, 20)); console.log('last registered'); });
`;

describe('a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('undoes everything once, last first, at %s', async (signal) => {
    const ended = await whenReady(STEPS, (child) => child.kill(signal));
    expect(ended).toEqual({
      exitCode: 0,
      lines: ['{"ready":true,"name":"server","port":1}', 'last registered', 'first registered'],
      stderr: '',
    });
  });

  it('ends with the one who started it if asked to, by the end of stdin', async () => {
    const ended = await whenReady(STEPS, (child) => child.stdin?.end(), { TW_STOP_WITH_STDIN: '1' });
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.lines).toContain('first registered');
  });

  it('ends, having undone everything, although nobody reads its lines any more', async () => {
    const body = `
      const { writeFileSync } = await import('node:fs');
      life.onStop(() => writeFileSync(3, 'undone'));
      life.onStop(() => new Promise((resolve) => setTimeout(resolve, 20)));
      life.onStop(() => { throw new Error('a step that has something to say'); });
    `;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', serving(body)], {
      cwd: ROOT,
      env: { ...process.env, TW_STOP_WITH_STDIN: '1' },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let undone = '';
    child.stdio[3]?.on('data', (text: Buffer) => (undone += text));
    const exit = new Promise((resolve) => child.on('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdout.destroy();
    child.stderr.destroy();
    child.stdin.end();
    expect(await exit).toBe(1);
    await expect.poll(() => undone).toBe('undone');
  });

  it.each([
    ['an exception', "throw new TypeError('unforeseen')"],
    ['a rejection', "Promise.reject(new TypeError('unforeseen'))"],
  ])('ends with one line and exit code 1 at %s nobody caught, having undone everything', async (_, fault) => {
    const ended = await whenReady(`${STEPS} setTimeout(() => { ${fault} }, 50);`, () => {});
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(/^server: internal error: TypeError: unforeseen[^\n]*\n$/);
    expect(ended.lines.slice(1)).toEqual(['last registered', 'first registered']);
  });

  it('ends with one line when it cannot start', async () => {
    const { exitCode, stdout, stderr } = await runScript(`
      import { Failure } from '#platform/process/exit.ts';
      import { runProcess } from '#platform/process/stop.ts';
      runProcess('gateway', async (life) => {
        life.onStop(() => console.log('undone'));
        throw new Failure('port 443 on 127.0.0.1 is in use by another process');
      });
    `);
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 1,
      stdout: 'undone\n',
      stderr: 'gateway: port 443 on 127.0.0.1 is in use by another process\n',
    });
  });

  it('goes on with the other steps when one fails or hangs', async () => {
    const body = `${STEPS} life.onStop(() => { throw new Error('broken step'); });`;
    const ended = await whenReady(body, (child) => child.kill('SIGTERM'));
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(/^server: internal error: Error: broken step/);
    expect(ended.lines.slice(1)).toEqual(['last registered', 'first registered']);
  });

  it('ends at once at the second signal', async () => {
    const body = `life.onStop(() => new Promise(() => { console.log('hanging'); process.kill(process.pid, 'SIGTERM'); }));`;
    const ended = await whenReady(body, (child) => child.kill('SIGINT'));
    expect(ended).toMatchObject({ exitCode: 1, stderr: '' });
    expect(ended.lines.at(-1)).toBe('hanging');
  });
});
