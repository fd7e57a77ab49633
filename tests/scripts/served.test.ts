// The comparison of a served page, against a listener of this test's own.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DemoPki, demoPki } from '#tests/support/pki.ts';
import { type Ran, run } from '#tests/support/run-script.ts';

const ROOT = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'telework-served-'));
const PAGE: Readonly<Record<string, string>> = { 'index.html': '<!doctype html>', 'assets/a-12345678.js': 'let a;' };

let pki: DemoPki;
let server: Server;
let origin: string;
/** What the listener answers: path → text. */
let answers: Record<string, string>;

const served = (...args: string[]): Promise<Ran> =>
  run(process.execPath, ['--disable-warning=ExperimentalWarning', join(ROOT, 'scripts/served.mjs'), ...args]);
const compare = (...args: string[]) =>
  served('--url', origin, '--ca', pki.users.tanaka.authorities, '--built', scratch, ...args);

beforeAll(async () => {
  pki = await demoPki();
  mkdirSync(join(scratch, 'user/assets'), { recursive: true });
  for (const [name, text] of Object.entries(PAGE)) writeFileSync(join(scratch, 'user', name), text);
  const files = Object.fromEntries(Object.keys(PAGE).map((name) => [`user/${name}`, 'not looked at']));
  writeFileSync(join(scratch, 'page.json'), JSON.stringify({ files }));
  const { key, certificate, authorities } = pki.gatewayServer;
  const tls = { key: readFileSync(key), cert: readFileSync(certificate), ca: readFileSync(authorities) };
  server = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const text =
      request.socket && 'authorized' in request.socket && request.socket.authorized
        ? answers[request.url ?? '']
        : undefined;
    response.writeHead(text === undefined ? 403 : 200).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `https://localhost:${(server.address() as AddressInfo).port}`;
}, 60_000);
afterAll(() => {
  server.close();
  rmSync(scratch, { recursive: true, force: true });
});
beforeEach(() => {
  answers = { '/': PAGE['index.html'] as string, '/assets/a-12345678.js': PAGE['assets/a-12345678.js'] as string };
});

const withCertificate = () => ['--cert', pki.users.tanaka.certificate, '--key', pki.users.tanaka.key];

describe('a page that is served', () => {
  it('is the same, to whoever has a certificate', async () => {
    expect(await compare(...withCertificate())).toEqual({ exitCode: 0, stderr: '', stdout: '2 files, all the same\n' });
    const { files } = JSON.parse((await compare(...withCertificate(), '--json')).stdout);
    for (const name of Object.keys(PAGE)) expect(files[name].built).toBe(files[name].served);
  });

  it('is found out for one byte more, and for a file that is not there', async () => {
    answers['/'] += ' ';
    delete answers['/assets/a-12345678.js'];
    const { exitCode, stdout } = await compare(...withCertificate());
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /^index\.html: another \([0-9a-f]{64}\)\nassets\/a-12345678\.js: another \(403\)\n2 of 2 files are others\n$/,
    );
  });
});

describe('the comparison', () => {
  it.for<[string, () => string[], RegExp]>([
    [
      'without a certificate',
      () => ['--url', origin, '--ca', pki.users.tanaka.authorities, '--built', scratch],
      /answers 403; is a certificate missing\?/,
    ],
    [
      'of a server that is not trusted',
      () => ['--url', origin, '--ca', pki.agent.authorities, '--built', scratch],
      /https:\/\/localhost:\d+\/: [A-Z_]+$/,
    ],
    [
      'where nobody listens',
      () => ['--url', 'https://localhost:1', '--ca', pki.users.tanaka.authorities, '--built', scratch],
      /ECONNREFUSED/,
    ],
    [
      'with a folder that has no page',
      () => ['--url', origin, '--ca', pki.users.tanaka.authorities, '--built', '/nowhere'],
      /no built page \(ENOENT\)/,
    ],
    [
      'with a file that is not there',
      () => ['--url', origin, '--ca', '/nowhere', '--built', scratch],
      /cannot be read \(ENOENT\)/,
    ],
  ])('is none and says why in one line: %s', async ([, args, why]) => {
    const { exitCode, stdout, stderr } = await served(...args());
    expect([exitCode, stdout]).toEqual([3, '']);
    expect(stderr.trimEnd()).toMatch(why);
    expect(stderr.trimEnd()).not.toContain('\n');
  });

  it.for([
    [['--ca', 'x']],
    [['--url', 'http://localhost', '--ca', 'x']],
    [['--url', 'https://localhost/', '--ca', 'x']],
    [['--url', 'https://localhost']],
    [['--url', 'https://localhost', '--ca', 'x', '--page', 'other']],
    [['--url', 'https://localhost', '--ca', 'x', '--cert', 'y']],
  ])('refuses bad arguments: %s', async ([args]) => {
    expect(await served(...(args ?? []))).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(/^.+\n$/),
    });
  });
});
