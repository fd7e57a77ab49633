import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pageRoutes } from '#gateway/doors/page.ts';
import { type Ran, run } from '#tests/support/run-script.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGES = ['user', 'enrol', 'admin'];
const USER_PAGE_GZIP_MAX = 150_000;

const scratch = mkdtempSync(join(tmpdir(), 'telework-build-'));
const built = join(scratch, 'built');
const build = (args: string[], root = ROOT): Promise<Ran> =>
  run(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'scripts/page.mjs'), ...args]);

/** "user/index.html" → bytes as text */
function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

const ofKind = (kind: RegExp) => Object.entries(contents(built)).filter(([name]) => kind.test(name));

beforeAll(async () => {
  expect(await build(['--out', built])).toMatchObject({ exitCode: 0, stderr: '' });
}, 60_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the built page', () => {
  it('is the same, byte by byte, from the same sources in another place', async () => {
    const elsewhere = join(scratch, 'elsewhere', 'project');
    mkdirSync(elsewhere, { recursive: true });
    for (const part of [
      'web',
      'protocol',
      'certs',
      'gateway',
      'platform',
      'scripts',
      'package.json',
      'package-lock.json',
    ]) {
      cpSync(join(ROOT, part), join(elsewhere, part), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(elsewhere, 'node_modules'));
    const again = join(scratch, 'again');
    expect(await build(['--out', again], elsewhere)).toMatchObject({ exitCode: 0, stderr: '' });
    expect(contents(again)).toEqual(contents(built));
  });

  it('is what a listener serves', () => {
    for (const page of PAGES) {
      const paths = pageRoutes(join(built, page), () => []).map((route) => route.path);
      expect(paths.filter((path) => /^\/assets\/[\w-]+-[\w-]{8}\.(?:js|css)$/.test(path)).length).toBeGreaterThan(1);
    }
  });

  it(`of a user is below ${USER_PAGE_GZIP_MAX} bytes gzip`, async ({ annotate }) => {
    const sizes = ofKind(/^user\/.*\.(?:html|js|css|svg)$/).map(([, text]) => gzipSync(text, { level: 9 }).length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    await annotate(`the user page has ${total} bytes gzip`);
    expect(total).toBeLessThan(USER_PAGE_GZIP_MAX);
  });

  it('loads everything from where it came from', () => {
    for (const [name, text] of ofKind(/\.(?:html|css)$/)) {
      const addresses = [...text.matchAll(/(?:src|href)="([^"]*)"|url\(([^)]*)\)|@import/g)].map(
        (found) => found[1] ?? found[2],
      );
      for (const address of addresses) expect(address, name).toMatch(/^"?\/assets\/[\w.-]+"?$/);
      expect(text, name).not.toMatch(/https?:|\/\/[a-z]/);
    }
  });

  it('has no inline script, style or handler, which the CSP would refuse', () => {
    for (const [name, text] of ofKind(/\.html$/)) {
      expect(text, name).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=/);
      expect(text.match(/<script /g), name).toHaveLength(1);
    }
  });

  it('has no source map, and no name of the machine that built it', () => {
    for (const [name, text] of Object.entries(contents(built))) {
      expect(name).not.toMatch(/\.map$/);
      expect(text, name).not.toMatch(/sourceMappingURL/);
      expect(text.includes(ROOT), name).toBe(false);
    }
  });

  it('carries the licences of what is in it', () => {
    for (const page of PAGES) {
      expect(readFileSync(join(built, page, 'assets/licences.md'), 'utf8')).toMatch(/zod/);
    }
  });
});

describe('building again', () => {
  const modified = () => statSync(join(built, 'user/index.html')).mtimeMs;

  it('changes nothing while the sources are the same', async () => {
    const before = modified();
    const { stdout } = await build(['--out', built, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ folder: built, built: false });
    expect(modified()).toBe(before);
  });

  it('puts right what was changed, and takes away what does not belong there', async () => {
    const before = contents(built);
    writeFileSync(join(built, 'user/index.html'), 'changed');
    writeFileSync(join(built, 'admin/assets/old.js'), 'old');
    const { stdout } = await build(['--out', built, '--json']);
    expect(JSON.parse(stdout).built).toBe(true);
    expect(contents(built)).toEqual(before);
  });

  it('may go on twice at once', async () => {
    const together = join(scratch, 'together');
    const [one, two] = await Promise.all([build(['--out', together]), build(['--out', together])]);
    expect([one, two]).toMatchObject([{ exitCode: 0 }, { exitCode: 0 }]);
    expect(contents(together)).toEqual(contents(built));
  });
});

describe('a page for another server', () => {
  it('names its gateway, and says which headers that server must send', async () => {
    const out = join(scratch, 'other');
    const { exitCode, stdout } = await build(['--out', out, '--gateway', 'https://telework.example.jp:8443']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      "connect-src 'self' https://telework.example.jp:8443 wss://telework.example.jp:8443; require-trusted",
    );
    for (const header of [
      'Permissions-Policy: ',
      'Cross-Origin-Embedder-Policy: require-corp',
      'Cache-Control: no-store',
    ]) {
      expect(stdout).toContain(`\n${header}`);
    }
    const named = '<meta name="gateway" content="https://telework.example.jp:8443">';
    for (const page of PAGES) expect(readFileSync(join(out, page, 'index.html'), 'utf8')).toContain(named);
    expect(readFileSync(join(built, 'user/index.html'), 'utf8')).toContain('<meta name="gateway" content="">');
  });
});

describe('the command', () => {
  it('says how it is used', async () => {
    expect(await build(['--help'])).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: expect.stringMatching(/--out DIR/),
    });
  });

  it.for([
    [['--outt', 'x']],
    [['--gateway', 'http://telework.example.jp']],
    [['--gateway', 'https://telework.example.jp/']],
    [['--gateway', 'https://telework.example.jp:443']],
    [['--gateway', 'https://telework.example.jp:99999']],
    [['--gateway', 'https://x" onload="alert(1)']],
    [['--out']],
    [['extra']],
  ])('refuses bad arguments in one line: %s', async ([args]) => {
    const { exitCode, stdout, stderr } = await build(args ?? []);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^.+\n$/);
  });

  it.for([
    ['/proc/nowhere', 'ENOENT'],
    ['/dev/null/page', 'ENOTDIR'],
  ] as const)('says in one line that it cannot write to %s', async ([out, why]) => {
    expect(await build(['--out', out])).toEqual({
      ...{ exitCode: 1, stdout: '' },
      stderr: `${out}: cannot be written (${why})\n`,
    });
  });
});
