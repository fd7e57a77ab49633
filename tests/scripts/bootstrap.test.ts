import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '#tests/support/run-script.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/bootstrap.mjs', import.meta.url));

/** Stands for npm: notes that it was called, then "installs" what the lock says. */
const NPM = `
  const fs = require('node:fs');
  fs.appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n');
  if (fs.existsSync('broken')) process.exit(7);
  setTimeout(() => {
    fs.mkdirSync('node_modules/.bin', { recursive: true });
    const lock = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
    for (const name of Object.keys(lock.packages)) if (lock.packages[name].optional || name === '') delete lock.packages[name];
    fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify(lock));
    fs.rmSync('node_modules/.bin/node', { force: true });
    fs.symlinkSync(process.execPath, 'node_modules/.bin/node');
  }, 300);
`;

describe('bootstrap', () => {
  let clone: string;

  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'tw-bootstrap-'));
    mkdirSync(join(clone, 'scripts'));
    copyFileSync(SCRIPT, join(clone, 'scripts/bootstrap.mjs'));
    writeFileSync(join(clone, 'npm-cli.cjs'), NPM);
    lock({ '': {}, 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.0.0', optional: true } });
  });

  afterEach(() => rmSync(clone, { recursive: true }));

  const lock = (packages: object) => writeFileSync(join(clone, 'package-lock.json'), JSON.stringify({ packages }));
  const calls = () => (existsSync(join(clone, 'calls')) ? readFileSync(join(clone, 'calls'), 'utf8') : '');
  const bootstrap = () =>
    run(process.execPath, [join(clone, 'scripts/bootstrap.mjs')], {
      ...process.env,
      npm_execpath: join(clone, 'npm-cli.cjs'),
    });

  it('installs a fresh clone from its lock, says so once on stderr, and is silent from then on', async () => {
    const first = await bootstrap();
    expect(first).toMatchObject({ exitCode: 0, stdout: '' });
    expect(first.stderr).toMatch(/^[^\n]+ \/ installing the locked packages[^\n]*\n$/);
    expect(calls()).toMatch(/^ci /);
    expect(await bootstrap()).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(calls().trimEnd().split('\n')).toHaveLength(1);
  });

  it('installs again when the lock has another version, one package more or one less', async () => {
    await bootstrap();
    const versions = [
      { 'node_modules/a': { version: '1.0.1' } },
      { 'node_modules/a': { version: '1.0.1' }, 'node_modules/c': { version: '1.0.0' } },
      { 'node_modules/c': { version: '1.0.0' } },
    ];
    for (const [i, packages] of versions.entries()) {
      lock(packages);
      expect((await bootstrap()).exitCode).toBe(0);
      expect(calls().trimEnd().split('\n')).toHaveLength(i + 2);
    }
  });

  it('installs once when two are started together', async () => {
    const both = await Promise.all([bootstrap(), bootstrap()]);
    expect(both.map((ended) => ended.exitCode)).toEqual([0, 0]);
    expect(calls().trimEnd().split('\n')).toHaveLength(1);
    expect(existsSync(join(clone, 'var/bootstrap.lock'))).toBe(false);
  });

  it('takes the place of one that was killed', async () => {
    mkdirSync(join(clone, 'var'));
    const dead = (await run(process.execPath, ['-p', 'process.pid'])).stdout.trim();
    writeFileSync(join(clone, 'var/bootstrap.lock'), dead);
    expect((await bootstrap()).exitCode).toBe(0);
  });

  it('ends with one line when the installation fails or the lock is damaged', async () => {
    writeFileSync(join(clone, 'broken'), '');
    const failed = await bootstrap();
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr.trimEnd().split('\n').at(-1)).toBe('npm ci failed (exit 7); see the lines above');
    expect(existsSync(join(clone, 'var/bootstrap.lock'))).toBe(false);
    writeFileSync(join(clone, 'package-lock.json'), '{');
    expect(await bootstrap()).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'package-lock.json is missing or damaged\n',
    });
  });
});
