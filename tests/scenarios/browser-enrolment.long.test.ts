// The enrolment page in a real browser that has no certificate yet: ask, save the key file, come back in another tab, fetch
// the .p12, and be let in by the gateway with what is in it.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Download, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mustRun } from '#lab/process.ts';
import { MUNICIPALITY } from '#lab/system.ts';
import { type Chromium, NEEDED_FOR_CHROMIUM, screenshot, startChromium } from '#tests/support/chromium.ts';
import { needs } from '#tests/support/need.ts';
import { useSystem } from '#tests/support/system.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const PASSWORD = 'Yuki-ga-furu-2026';
const WHO = ['--municipality', MUNICIPALITY, '--user', 'suzuki'];

declare const axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };

describe.skipIf(!needs(...NEEDED_FOR_CHROMIUM))('the enrolment page', () => {
  const up = useSystem(() => [{ name: 'pc-01', kind: 'office' }]);
  let browser: Chromium;
  let number: string;
  let keyFile: string;

  const admin = async (...args: string[]) =>
    JSON.parse(await mustRun('admin/main.ts', ['--socket', up.system.sockets.admin, '--json', ...args]));
  const open = async (query = ''): Promise<Page> => {
    const page = await browser.context.newPage();
    await page.goto(`${up.system.enrolment}/${query}`);
    return page;
  };
  const downloaded = async (page: Page, button: string): Promise<Download> => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: button }).click(),
    ]);
    return download;
  };
  /** What the page looks like is kept; that everybody can use it is checked. */
  const shown = async (page: Page, name: string): Promise<void> => {
    await screenshot(page, `enrolment-${name}`);
    const { violations } = await page.evaluate(() => axe.run());
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    expect(browser.complaints()).toEqual([]);
  };

  beforeAll(async () => {
    browser = await startChromium({ certificates: { authority: up.tanaka.ca }, origins: [] });
    await browser.context.addInitScript({ path: AXE });
    await admin('user', 'add', ...WHO, '--name', '鈴木花子');
  }, 90_000);
  afterEach(async () => {
    for (const page of browser.context.pages()) await page.close({ runBeforeUnload: false });
  });
  afterAll(() => browser?.close());

  it('asks with the code, keeps the key in a file, and shows the number that the administrator sees', async () => {
    const page = await open();
    await shown(page, 'ask');
    const ask = page.getByRole('button', { name: '鍵を作って申請する' });
    await page.getByLabel('申請コード').fill('００００００００００００００００');
    await page.getByLabel('ファイルのパスワード').fill('みじかい');
    expect(await page.getByRole('status').textContent()).toMatch(/半角/);
    await page.getByLabel('ファイルのパスワード').fill(PASSWORD);
    expect(await page.getByRole('status').textContent()).toBe('十分な強さです。');
    await page.getByLabel('パスワード（確認）').fill(`${PASSWORD}!`);
    await ask.click();
    await page.getByRole('alert').getByText('一致しません').waitFor();
    await page.getByLabel('パスワード（確認）').fill(PASSWORD);
    await ask.click();
    await page.getByRole('alert').getByText('申請コードを受け付けられませんでした').waitFor();
    // Of this refusal the browser tells its own console.
    expect(browser.complaints()).toEqual([expect.stringContaining('403')]);
    await shown(page, 'refused');

    const { code } = await admin('enrolment', 'code', ...WHO);
    await page.getByLabel('申請コード').fill(code.toLowerCase());
    await ask.click();
    await page.getByRole('heading', { name: '申請しました' }).waitFor();
    number = (await page.locator('.secret').textContent()) ?? '';
    expect((await admin('enrolment', 'list')).requests).toContainEqual(
      expect.objectContaining({ request: number, user: 'suzuki', state: 'waiting' }),
    );
    const saved = await downloaded(page, '鍵ファイルを保存する');
    expect(saved.suggestedFilename()).toBe(`telework-${number}.key`);
    keyFile = join(up.system.folder, saved.suggestedFilename());
    await saved.saveAs(keyFile);
    await page.getByRole('button', { name: '証明書を受け取る' }).click();
    await page.getByText('まだ発行されていません').waitFor();
    await shown(page, 'handed-in');
  }, 90_000);

  it('gives the certificate to the key file and its password, in another tab, and the gateway lets it in', async () => {
    const carried = join(up.system.folder, 'carried');
    await admin('enrolment', 'export', '--out', carried, '--request', number);
    const issued = join(carried, 'issued.pem');
    await mustRun('certs/main.ts', [
      ...['issue', 'user', '--dir', up.system.pki.dir, '--enrolment', join(carried, `${number}.json`)],
      ...['--number', number, '--out', issued],
    ]);
    await admin('enrolment', 'import', issued);

    const page = await open();
    await page.getByRole('button', { name: /申請済みの方/ }).click();
    const fetchIt = page.getByRole('button', { name: '証明書を受け取る' });
    await fetchIt.click();
    await page.getByText('鍵ファイルを選んでください').waitFor();
    await page.getByLabel('鍵ファイル').setInputFiles(keyFile);
    await page.getByLabel('ファイルのパスワード').fill('another password');
    await fetchIt.click();
    await page.getByText('パスワードが違います').waitFor();
    await page.getByLabel('鍵ファイル').setInputFiles(up.tanaka.clientCert);
    await fetchIt.click();
    await page.getByText('鍵ファイルではありません').waitFor();
    await shown(page, 'collect');

    await page.getByLabel('鍵ファイル').setInputFiles(keyFile);
    await page.getByLabel('ファイルのパスワード').fill(PASSWORD);
    await fetchIt.click();
    await page.getByRole('heading', { name: '証明書ができました' }).waitFor();
    await shown(page, 'done');
    const p12 = await downloaded(page, '証明書ファイル（.p12）を保存する');
    expect(p12.suggestedFilename()).toBe(`telework-suzuki-${number}.p12`);
    const file = join(up.system.folder, 'suzuki.p12');
    await p12.saveAs(file);

    const user = await startChromium({
      certificates: { authority: up.tanaka.ca, user: { p12: file, password: PASSWORD } },
      origins: [up.system.gateway],
    });
    try {
      const response = await (await user.context.newPage()).goto(`${up.system.gateway}/healthz`);
      expect(response?.status()).toBe(200);
    } finally {
      await user.close();
    }
  }, 120_000);

  it('reads in English too, and leaves nothing in the browser’s storage', async () => {
    const page = await open('?lang=en');
    await page.getByRole('button', { name: 'Make the key and ask' }).waitFor();
    await shown(page, 'ask-en');
    const kept = await page.evaluate(async () => ({
      local: localStorage.length,
      session: sessionStorage.length,
      databases: (await indexedDB.databases()).length,
      cookies: document.cookie,
    }));
    expect(kept).toEqual({ local: 0, session: 0, databases: 0, cookies: '' });
  }, 60_000);
});
