// The archive, as the system's own tar reads it.
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { run, runScript } from '#tests/support/run-script.ts';

const TAR = join(import.meta.dirname, '../../scripts/tar.mjs');
const scratch = mkdtempSync(join(tmpdir(), 'telework-tar-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Entry {
  name: string;
  content?: string;
  executable?: boolean;
  link?: string;
}

let archives = 0;
async function write(entries: Entry[]): Promise<{ path: string; sha256: string; stderr: string }> {
  const path = join(scratch, `${archives++}.tar`);
  const { stdout, stderr } = await runScript(`
    const { writeTar } = await import('${TAR}');
    const entries = ${JSON.stringify(entries)}.map((entry) => ({ ...entry, bytes: () => Buffer.from(entry.content ?? '') }));
    try { console.log(writeTar('${path}', entries)); } catch (error) { console.error(error.message); }
  `);
  return { path, sha256: stdout.trim(), stderr };
}

function unpacked(path: string): string {
  const into = `${path}.d`;
  mkdirSync(into);
  execFileSync('tar', ['-xf', path, '--no-same-owner'], { cwd: into, stdio: 'pipe' });
  return into;
}

const long = (length: number) => `${'a'.repeat(length)}/${'b'.repeat(90)}`;

describe('a tar archive', () => {
  it('gives back names, bytes, modes and links', async () => {
    const entries: Entry[] = [
      { name: 'p/empty', content: '' },
      { name: 'p/block', content: 'x'.repeat(512) },
      { name: 'p/日本'.replace('日本', 'japan'), content: '日本語\n' },
      { name: 'p/run', content: '#!/bin/sh\n', executable: true },
      { name: 'p/.bin/run', link: '../run' },
      { name: long(150), content: 'far down' },
    ];
    const { path, sha256 } = await write(entries);
    const into = unpacked(path);
    for (const { name, content, link } of entries) {
      if (link) expect(readlinkSync(join(into, name))).toBe(link);
      else expect(readFileSync(join(into, name), 'utf8'), name).toBe(content);
    }
    expect(lstatSync(join(into, 'p/run')).mode & 0o777).toBe(0o755);
    expect(lstatSync(join(into, 'p/block')).mode & 0o777).toBe(0o644);
    expect(execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64)).toBe(sha256);
    const listed = execFileSync('tar', ['-tvf', path, '--numeric-owner', '--utc'], { encoding: 'utf8' })
      .trimEnd()
      .split('\n');
    for (const line of listed) expect(line).toMatch(/ 0\/0 +\d+ 1980-01-01 00:00 /);
  });

  it('holds any bytes of any length', async () => {
    const texts = fc.sample(fc.string({ unit: 'binary', maxLength: 3000 }), 40);
    const { path } = await write(texts.map((content, i) => ({ name: `f/${i}`, content })));
    const into = unpacked(path);
    for (const [i, text] of texts.entries()) {
      expect(readFileSync(join(into, 'f', String(i))).equals(Buffer.from(text)), String(i)).toBe(true);
    }
  });

  it('depends on nothing but its entries', async () => {
    const entries = [{ name: 'a', content: '1' }];
    const first = await write(entries);
    utimesSync(first.path, 1, 1);
    expect((await write(entries)).sha256).toBe(first.sha256);
    expect((await write([{ name: 'a', content: '2' }])).sha256).not.toBe(first.sha256);
    expect((await write([{ name: 'a', content: '1', executable: true }] as Entry[])).sha256).not.toBe(first.sha256);
  });

  it.each([
    ['too long a name', { name: `${'a'.repeat(300)}/b` }],
    ['a last part that is too long', { name: `a/${'b'.repeat(120)}` }],
    ['a first part that is too long', { name: long(160) }],
    ['letters that a header cannot hold', { name: 'p/日本' }],
    ['a link that is too long', { name: 'a', link: 'b'.repeat(101) }],
  ])('is not written with %s', async (_, entry) => {
    expect((await write([entry])).stderr).toMatch(/^.+: (?:too long for a tar archive|no name for a tar archive)\n$/);
  });
});

describe('npm run package', () => {
  const PACKAGE = join(import.meta.dirname, '../../scripts/package.mjs');
  const make = (...args: string[]) =>
    runScript(`process.argv = ['node', 'x', ...${JSON.stringify(args)}]; await import('${PACKAGE}');`);
  const key = (name: string, ...options: string[]) => {
    const path = join(scratch, name);
    execFileSync('openssl', ['genpkey', ...options, '-out', path], { stdio: 'pipe' });
    return path;
  };

  it('says how it is used', async () => {
    expect(await make('--help')).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringMatching(/--sign KEY/),
    });
  });

  it.each([[['--platform', 'amiga-m68k']], [['--platform', 'darwin-x64']], [['extra']], [['--sgin', 'x']]])(
    'refuses bad arguments in one line: %s',
    async (args) => {
      expect(await make(...args)).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(/^.+\n$/) });
    },
  );

  it('refuses a key that is weak, of another kind, no key, or open to others, before it builds anything', async () => {
    writeFileSync(join(scratch, 'no.pem'), 'no key', { mode: 0o600 });
    const weak = key('weak.pem', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048');
    const other = key('other.pem', '-algorithm', 'ED25519');
    const open = key('open.pem', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256');
    execFileSync('chmod', ['644', open]);
    for (const [path, why] of [
      [weak, 'must be ECDSA P-256 or RSA of 3072 bits or more'],
      [other, 'must be ECDSA P-256 or RSA of 3072 bits or more'],
      [open, 'others than its owner may use this key; chmod 600 it'],
      [join(scratch, 'no.pem'), 'no private key in PEM'],
      [join(scratch, 'none.pem'), 'cannot be read (ENOENT)'],
    ] as const) {
      expect(await make('--sign', path)).toEqual({ exitCode: 1, stdout: '', stderr: `${path}: ${why}\n` });
    }
  });

  it('says in one line that npm has the packages nowhere, and leaves nothing behind', async () => {
    const out = join(scratch, 'nothing');
    const env = {
      ...process.env,
      ...{
        npm_config_cache: join(scratch, 'cache'),
        npm_config_registry: 'http://127.0.0.1:9/',
        npm_config_fetch_retries: '0',
      },
    };
    const args = ['--disable-warning=ExperimentalWarning', PACKAGE, '--platform', 'linux-x64', '--out', out];
    const ended = await run(process.execPath, args, env);
    expect(ended).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/^npm ci: .*ECONNREFUSED.*\n$/),
    });
    expect(readdirSync(out)).toEqual([]);
  });

  it('says in one line that it cannot write there', async () => {
    expect(await make('--out', '/dev/null/x')).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/^\/dev\/null\/x: .+\n$/),
    });
  });
});
