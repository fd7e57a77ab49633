import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pageRoutes } from '#gateway/doors/page.ts';
import { clientTls } from '#platform/hop/tls.ts';
import { Failure } from '#platform/process/exit.ts';
import { openGateway, type TestGateway } from '#tests/support/gateway.ts';
import { demoPki } from '#tests/support/pki.ts';

const INDEX = '<!doctype html><title>テレワーク</title>';
const SCRIPT = 'console.log("page");';

/** As the builder makes it, beside a file that is nobody's business. */
function builtPage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'telework-page-'));
  mkdirSync(join(folder, 'user', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'page.json'), '{}');
  writeFileSync(join(folder, 'user', 'index.html'), INDEX);
  writeFileSync(join(folder, 'user', 'assets', 'index-abc.js'), SCRIPT);
  writeFileSync(join(folder, 'user', 'assets', 'index-abc.css'), ':root { color: red }');
  return join(folder, 'user');
}

describe('a gateway with a page', () => {
  let test: TestGateway;
  let folder: string;
  const get = (path: string, headers = {}) => test.ask(test.pki.users.tanaka, path, { headers });

  beforeAll(async () => {
    folder = builtPage();
    test = await openGateway({ pki: await demoPki(), page: folder });
  }, 60_000);
  afterAll(async () => {
    await test.close();
    rmSync(join(folder, '..'), { recursive: true, force: true });
  });

  it('serves it to who has a certificate, signed in or not, in either language', async () => {
    for (const path of ['/', '/?lang=ja', '/?lang=en']) {
      const answer = await get(path);
      expect([answer.status, answer.text]).toEqual([200, INDEX]);
      expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    }
    const script = await get('/assets/index-abc.js');
    expect([script.status, script.text]).toEqual([200, SCRIPT]);
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
  });

  it('shows nothing of it without a certificate: the help page stands before it', async () => {
    for (const path of ['/', '/?lang=en', '/assets/index-abc.js']) {
      const answer = await test.ask(null, path, { headers: { accept: 'text/html' } });
      expect(answer.status).toBe(403);
      expect(answer.text).toContain('クライアント証明書が必要です');
      expect(answer.headers['content-security-policy']).not.toContain('script-src');
    }
  });

  it('sends these headers with it, and no others', async () => {
    const { origin } = test;
    const numeric = origin.replace('localhost', '127.0.0.1');
    const { date, ...headers } = (await get('/')).headers;
    expect(date).toBeDefined();
    expect(headers).toEqual({
      'cache-control': 'no-store',
      connection: 'close',
      'content-length': String(Buffer.byteLength(INDEX)),
      'content-security-policy': [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        `connect-src 'self' ${origin} ${origin.replace('https', 'wss')} ${numeric} ${numeric.replace('https', 'wss')}`,
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
      ].join('; '),
      'content-type': 'text/html; charset=utf-8',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy':
        'accelerometer=(), autoplay=(), browsing-topics=(), camera=(), clipboard-read=(), clipboard-write=(), ' +
        'display-capture=(), encrypted-media=(), geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), ' +
        'idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), ' +
        'picture-in-picture=(), screen-wake-lock=(), serial=(), storage-access=(), usb=(), window-management=(), ' +
        'xr-spatial-tracking=(), fullscreen=(self), publickey-credentials-create=(self), publickey-credentials-get=(self)',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=31536000',
      vary: 'Accept-Encoding',
      'x-content-type-options': 'nosniff',
    });
  });

  it('sends the same ones with everything else of it', async () => {
    const { 'content-length': _, 'content-type': __, date: ___, ...ofPage } = (await get('/')).headers;
    expect((await get('/assets/index-abc.css')).headers).toMatchObject(ofPage);
  });

  it('compresses it for who takes that, to the same bytes', async () => {
    const { encoding, bytes } = await new Promise<{ encoding: unknown; bytes: Buffer }>((resolve, reject) => {
      const port = Number(new URL(test.origin).port);
      const headers = { 'accept-encoding': 'gzip, deflate, br' };
      const tls = clientTls(test.pki.users.tanaka, 'localhost');
      request(
        { ...tls, host: '127.0.0.1', port, path: '/assets/index-abc.js', headers, agent: false },
        async (answer) => {
          const chunks: Buffer[] = [];
          for await (const chunk of answer) chunks.push(chunk as Buffer);
          resolve({ encoding: answer.headers['content-encoding'], bytes: Buffer.concat(chunks) });
        },
      )
        .on('error', reject)
        .end();
    });
    expect(encoding).toBe('gzip');
    expect(gunzipSync(bytes).toString()).toBe(SCRIPT);
  });

  it.for([
    '/index.html',
    '/page.json',
    '/../page.json',
    '/assets/../index.html',
    '/assets/../../page.json',
    '/assets/%2e%2e/%2e%2e/page.json',
    '/assets/..%2f..%2fpage.json',
    '/assets/..\\..\\page.json',
    '/assets//index-abc.js',
    '/assets/./index-abc.js',
    '/assets/index-abc.js%00.css',
    '/assets/index-abc.js?v=1',
    '/ASSETS/index-abc.js',
    '/assets/',
    '/assets',
    '//',
    '/?',
    '/?lang=fr',
    '/?lang=en&x=1',
  ])('has nothing at %s', async (path) => {
    const answer = await get(path);
    expect([answer.status, answer.json?.code]).toEqual([404, 'NOT_FOUND']);
  });

  it('answers no other method there', async () => {
    const answer = await test.ask(test.pki.users.tanaka, '/', { method: 'POST', body: {} });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET']);
  });
});

describe('the folder of a page', () => {
  let folder: string;
  beforeEach(() => {
    folder = builtPage();
  });
  afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));
  const paths = () => pageRoutes(folder, () => []).map((route) => route.path);
  const asset = (name: string, bytes: string | Buffer = '') => writeFileSync(join(folder, 'assets', name), bytes);

  it('is the whole list of what is served', () => {
    expect(paths()).toEqual(['/', '/?lang=ja', '/?lang=en', '/assets/index-abc.css', '/assets/index-abc.js']);
    for (const route of pageRoutes(folder, () => []))
      expect(route).toMatchObject({ method: 'GET', needs: 'certificate' });
  });

  it.for<[string, () => void, RegExp]>([
    ['no index.html', () => rmSync(join(folder, 'index.html')), /index\.html: missing/],
    ['no folder at all', () => rmSync(folder, { recursive: true }), /assets: cannot be read/],
    ['a source map', () => asset('index-abc.js.map'), /index-abc\.js\.map: not a file of a page/],
    ['a hidden file', () => asset('.env.js'), /\.env\.js: not a file of a page/],
    ['a name with a space', () => asset('a b.js'), /not a file of a page/],
    ['a folder', () => mkdirSync(join(folder, 'assets', 'deep.js')), /deep\.js: missing, or not a plain file/],
    [
      'a link out of it',
      () => symlinkSync('/etc/passwd', join(folder, 'assets', 'x.js')),
      /x\.js: missing, or not a plain file/,
    ],
    ['too many files', () => Array.from({ length: 64 }, (_, i) => asset(`a${i}.js`)), /more than 64 files/],
    ['a file that is too large', () => asset('a.js', Buffer.alloc(4 * 1024 * 1024 + 1)), /a\.js/],
    [
      'too many bytes',
      () => ['a.js', 'b.js', 'c.js'].map((name) => asset(name, Buffer.alloc(2 ** 21))),
      /more than 4194304/,
    ],
  ])('is refused in one line with %s', ([, spoil, line]) => {
    spoil();
    expect(paths).toThrow(Failure);
    expect(paths).toThrow(line);
    expect(() => paths()).not.toThrow(/\n/);
  });
});
