// Who serves the page's code (T04). The gateway here serves changed code, which takes the session's keys: the one thing that an
// end-to-end session cannot survive. Whoever takes the page from another origin does not run it; that is a supported
// deployment, and a whole session goes through it. A site that is not configured can do nothing (T24).
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustRun } from '#lab/process.ts';
import { audited } from '#tests/support/audited.ts';
import { type Chromium, NEEDED_FOR_CHROMIUM, screenshot, startChromium } from '#tests/support/chromium.ts';
import { needs } from '#tests/support/need.ts';
import { filesOfPage, headersIn, type PageServer, servePage } from '#tests/support/page-server.ts';
import { useSystem } from '#tests/support/system.ts';
import { codeOf, openAtPage, pairAtPage } from '#tests/support/user-at-page.ts';
import { renewFactor } from '#tests/support/watched-system.ts';

const PAGE_HOST = 'telework-page.example.test';
const PAGE = `https://${PAGE_HOST}`;
/** What a gateway in the wrong hands would put before the page's own code. */
const TAKE_KEYS = `
  globalThis.taken = [];
  const { importKey } = SubtleCrypto.prototype;
  SubtleCrypto.prototype.importKey = function (...given) {
    if (given[2] === 'AES-GCM') globalThis.taken.push(given[1].slice());
    return importKey.apply(this, given);
  };
`;
const EVIL_HOST = 'evil.example.test';

describe.skipIf(!needs(...NEEDED_FOR_CHROMIUM))('the page and who serves it', () => {
  const up = useSystem(() => [{ name: 'pc-01', kind: 'office' }]);
  const built = mkdtempSync(join(tmpdir(), 'telework-page-'));
  const changed = join(built, 'changed');
  /** The page's code, in its folder. */
  let script: string;
  const servers: PageServer[] = [];
  let browser: Chromium;
  let page: Page;
  beforeAll(async () => {
    const { system, tanaka } = up;
    const said = await mustRun('scripts/page.mjs', ['--out', built, '--gateway', system.gateway]);
    const files = filesOfPage(join(built, 'user'));
    const own = await servePage(system, { host: PAGE_HOST, files, headers: headersIn(said) });
    const frame = Buffer.from(`<!doctype html><title>evil</title><iframe src="${system.gateway}/"></iframe>`);
    const evil = await servePage(system, { host: EVIL_HOST, files: new Map([['/', frame]]), headers: {} });
    servers.push(own, evil);

    const config = join(system.folder, 'gateway', 'gateway.json');
    const { origins, page: honest, ...rest } = JSON.parse(readFileSync(config, 'utf8'));
    script = scriptOf(honest);
    cpSync(honest, changed, { recursive: true });
    writeFileSync(join(changed, script), TAKE_KEYS + readFileSync(join(honest, script), 'utf8'));
    writeFileSync(config, JSON.stringify({ ...rest, page: changed, origins: [...origins, PAGE] }));
    await system.restart('gateway');
    browser = await startChromium({
      certificates: { authority: tanaka.ca, user: { p12: tanaka.p12, password: tanaka.p12Password } },
      origins: [system.gateway],
      hosts: `MAP ${PAGE_HOST} 127.0.0.1:${own.port}, MAP ${EVIL_HOST} 127.0.0.1:${evil.port}`,
    });
    page = await browser.context.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    for (const server of servers) await server.close();
    rmSync(built, { recursive: true, force: true });
  });

  const pc = () => up.system.desktops[0] as string;

  async function signInAt(origin: string): Promise<void> {
    await renewFactor(up.system, up.tanaka);
    await page.goto(origin);
    await page.getByLabel('認証アプリのコード（6桁）').fill(await codeOf(up.tanaka));
    await page.getByRole('button', { name: 'コードでサインイン' }).click();
  }
  const taken = () => page.evaluate(() => (globalThis as { taken?: Uint8Array[] }).taken?.length ?? 0);

  it('is lost when the gateway serves changed code itself; only its bytes beside those of the build tell', async () => {
    await signInAt(up.system.gateway);
    await pairAtPage(page, up.system, up.tanaka, pc());
    await openAtPage(page, pc());
    expect(await taken()).toBeGreaterThan(0);
    const served = await page.evaluate(
      async (path) => [...new Uint8Array(await (await fetch(path)).arrayBuffer())],
      `/${script}`,
    );
    const { files } = JSON.parse(await mustRun('scripts/page.mjs', ['--json']));
    expect(files[`user/${script}`]).toMatch(/^[0-9a-f]{64}$/);
    expect(createHash('sha256').update(Uint8Array.from(served)).digest('hex')).not.toBe(files[`user/${script}`]);
    await page.getByRole('button', { name: '切断' }).click();
    await page.getByRole('heading', { name: '接続が終了しました' }).waitFor();
  });

  it('carries a whole session from another origin, of which that gateway has nothing', async () => {
    const asked = page.waitForRequest((request) => request.url().endsWith('/api/desktops'));
    await browser.context.clearCookies();
    await signInAt(PAGE);
    expect(await (await asked).headerValue('authorization')).toMatch(/^Bearer \S{20,}$/);
    await pairAtPage(page, up.system, up.tanaka, pc());
    await openAtPage(page, pc());
    await screenshot(page, 'other-origin');
    expect(await taken()).toBe(0);
    expect(await browser.context.cookies()).toEqual([]);
    expect(await page.evaluate(() => localStorage.length + sessionStorage.length)).toBe(0);
    expect(browser.complaints()).toEqual([]);
  });

  it('runs no script of the gateway’s there, whatever the gateway would like it to', async () => {
    const outcome = await page.evaluate(
      (gateway) =>
        new Promise((done) => {
          const script = document.createElement('script');
          script.onload = () => done('ran');
          script.onerror = () => done('blocked');
          // Trusted Types: the page could not even name it by a string.
          try {
            script.src = `${gateway}/assets/main.js`;
          } catch (error) {
            done((error as Error).name);
            return;
          }
          document.head.append(script);
        }),
      up.system.gateway,
    );
    expect(['blocked', 'TypeError']).toContain(outcome);
    browser.complaints();
  });

  it('has lost its sign-in when it is loaded again, since nothing of it was stored', async () => {
    await page.reload();
    await page.getByRole('button', { name: 'コードでサインイン' }).waitFor();
  });

  it('cannot frame the gateway’s own page: no clickjacking (T20)', async () => {
    const evil = await browser.context.newPage();
    await evil.goto(`https://${EVIL_HOST}`);
    await expect.poll(() => evil.frames().length).toBe(2);
    await expect.poll(() => browser.complaints().join()).toMatch(/frame-ancestors|refused to connect|X-Frame/i);
    expect(await evil.frames()[1]?.locator('button').count()).toBe(0);
    await evil.close();
  });

  it('of an attacker opens no WebSocket and reads no answer, with the user’s certificate on the connection (T24)', async () => {
    const evil = await browser.context.newPage();
    await evil.goto(`https://${EVIL_HOST}`);
    const outcome = await evil.evaluate(async (gateway) => {
      const socket = new WebSocket(`${gateway.replace('https', 'wss')}/relay`);
      const opened = await new Promise((done) => {
        socket.onopen = () => done(true);
        socket.onclose = () => done(false);
      });
      const read = (path: string, init: RequestInit = {}) =>
        fetch(gateway + path, { credentials: 'include', ...init }).then(
          ({ status }) => status,
          (error) => error.name,
        );
      return {
        opened,
        session: await read('/api/session'),
        open: await read('/api/desktops/open', { method: 'POST', body: '{}' }),
      };
    }, up.system.gateway);
    expect(outcome).toEqual({ opened: false, session: 'TypeError', open: 'TypeError' });
    await audited(up.system, 'gateway', 'bypass-attempt', { reason: 'ORIGIN_WRONG', user: 'tanaka' });
    await evil.close();
  });
});

function scriptOf(folder: string): string {
  const name = /<script [^>]*src="\.?\/?(assets\/[^"]+\.js)"/.exec(
    readFileSync(join(folder, 'index.html'), 'utf8'),
  )?.[1];
  if (!name) throw new Error('the page has no script');
  return name;
}
