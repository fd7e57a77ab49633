// How a desktop is locked: what agent.json may say, and what a command may and may not do.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chordOf, LOCK_MAX_MS, lockSchema, runLockCommand } from '#agent/desktop/lock.ts';
import { refusalFrom } from '#protocol/codes.ts';

describe('a lock in agent.json', () => {
  it.each([
    ['Super_L+l', [0xffeb, 0x6c]],
    ['Control_L+Alt_L+l', [0xffe3, 0xffe9, 0x6c]],
    ['F12', [0xffc9]],
  ])('may be the keys %s', (keys, keysyms) => {
    expect(chordOf(keys)).toEqual(keysyms);
    expect(lockSchema.parse({ keys })).toEqual({ keys });
  });

  it.each([
    ...['', '+', 'Super_L+', 'Super+l', 'L', 'ab', 'Super_L l', 'a+b+c+d+e', 'F13'].map((keys) => ({ keys })),
    { command: [] },
    { command: ['loginctl', 'lock-session'] },
    { command: 'loginctl lock-session' },
    { keys: 'Super_L+l', command: ['/usr/bin/true'] },
    ...['', 'None', null, undefined, {}],
  ])('is never %j', (lock) => {
    expect(lockSchema.safeParse(lock).success).toBe(false);
  });

  it('may be none, written out', () => {
    expect(lockSchema.parse('none')).toBe('none');
  });
});

describe('a lock command', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'telework-lock-'));
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  const script = (text: string): readonly [string, ...string[]] => {
    const path = join(folder, 'lock.sh');
    writeFileSync(path, text);
    return ['/bin/sh', path, join(folder, 'out')];
  };
  const outcome = (command: readonly [string, ...string[]]) =>
    runLockCommand(command).then(
      () => 'locked',
      (error) => refusalFrom(error).message,
    );

  it('is run as it stands, without a shell', async () => {
    const out = join(folder, '$(touch here) ; *');
    expect(await outcome(['/usr/bin/touch', out])).toBe('locked');
    expect(existsSync(out)).toBe(true);
  });

  it('sees nothing of the agent’s environment (T16)', async () => {
    vi.stubEnv('TELEWORK_TEST_SECRET', 'himitsu');
    expect(await outcome(script('env > "$1"'))).toBe('locked');
    const names = readFileSync(join(folder, 'out'), 'utf8').match(/^[A-Z_]+(?==)/gm);
    expect(names?.filter((name) => !['PATH', 'LANG', 'PWD', 'OLDPWD', 'SHLVL', '_'].includes(name))).toEqual([]);
  });

  it('that fails or does not exist is told without what it said', async () => {
    expect(await outcome(script('echo himitsu; echo himitsu >&2; exit 3'))).toBe(
      'LOCK_FAILED: the command ended with 3',
    );
    expect(await outcome(['/nowhere/lock'])).toBe('LOCK_FAILED: the command cannot be run: ENOENT');
  });

  it('that hangs is killed with what it started', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const result = outcome(script('sleep 1000 & echo $! > "$1.part"; mv "$1.part" "$1"; wait'));
    while (!existsSync(join(folder, 'out'))) await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(LOCK_MAX_MS);
    expect(await result).toBe(`LOCK_FAILED: the command took longer than ${LOCK_MAX_MS} ms`);
    const child = Number(readFileSync(join(folder, 'out'), 'utf8'));
    vi.useRealTimers();
    await vi.waitFor(() => expect(isRunning(child)).toBe(false), { timeout: 10_000 });
  });
});

/** A zombie that nobody has reaped runs no more. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
