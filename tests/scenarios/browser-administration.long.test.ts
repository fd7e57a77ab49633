// The administrators' page in a real browser: begin with a code from the host, set up an authenticator app, look after users,
// and be the second person for a looser policy. Names that look like markup stay text (T22).
import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { generate } from 'otplib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { employ } from '#lab/administrator.ts';
import { mustRun } from '#lab/process.ts';
import { MUNICIPALITY, type System } from '#lab/system.ts';
import { type Chromium, NEEDED_FOR_CHROMIUM, screenshot, startChromium } from '#tests/support/chromium.ts';
import { needs } from '#tests/support/need.ts';
import { useSystem } from '#tests/support/system.ts';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SCRIPT = '<img src=x onerror=alert(1)>';
const STEP_MS = 30_000;

declare const axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };

describe.skipIf(!needs(...NEEDED_FOR_CHROMIUM))("the administrators' page", () => {
  const up = useSystem(() => [{ name: 'pc-01', kind: 'office' }]);
  let browser: Chromium;
  let page: Page;

  const admin = async (...args: string[]) =>
    JSON.parse(await mustRun('admin/main.ts', ['--socket', up.system.sockets.admin, '--json', ...args]));
  const press = (name: string | RegExp) => page.getByRole('button', { name }).click();
  const goTo = (name: string) => page.getByRole('navigation').getByRole('link', { name }).click();
  /** What the page looks like is kept; that everybody can use it is checked. */
  const shown = async (name: string): Promise<void> => {
    await screenshot(page, `administration-${name}`);
    const { violations } = await page.evaluate(() => axe.run());
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    expect(browser.complaints()).toEqual([]);
  };

  beforeAll(async () => {
    const { ca, p12, p12Password } = await employ(up.system, 'yamada');
    browser = await startChromium({
      certificates: { authority: ca, user: { p12, password: p12Password } },
      origins: [up.system.administration],
    });
    await browser.context.addInitScript({ path: AXE });
    page = await browser.context.newPage();
    page.setDefaultTimeout(10_000);
  }, 90_000);
  afterAll(() => browser?.close());

  it('lets in by a code from the host, to set up an authenticator app and nothing else', async () => {
    await page.goto(`${up.system.administration}/`);
    await page.getByText('この端末の管理者用証明書：yamada').waitFor();
    // That nobody is signed in yet is an answer that the browser tells its own console of.
    browser.complaints();
    await shown('sign-in');
    const { code } = await admin('administrator', 'activate', '--name', 'yamada');
    await page.getByText('初めて使うとき').click();
    await page.getByLabel('利用開始コードまたは回復コード').fill(code);
    await press('このコードを使う');
    await page.getByText('コードで一時的にサインインしています').waitFor();
    expect(await page.getByRole('navigation').getByRole('link').allTextContents()).toEqual(['自分のサインイン方法']);
    await press('認証アプリを登録する');
    const secret = ((await page.locator('.secret').textContent()) ?? '').replaceAll(' ', '');
    const codeAt = (ms: number) => generate({ secret, epoch: Math.floor(ms / 1000) });
    await page
      .locator('input.code')
      .first()
      .fill(await codeAt(Date.now() - STEP_MS));
    await press('登録を完了する');
    await page.getByRole('status').waitFor();
    await shown('own-factors');

    await press('サインアウト');
    await page.getByText('サインアウトしました').waitFor();
    browser.complaints();
    await page.getByLabel('認証アプリのコード').fill(await codeAt(Date.now()));
    await press('コードでサインイン');
    await page.getByRole('heading', { level: 1, name: '利用者' }).waitFor();
  }, 90_000);

  it('shows the users, takes a new one, and any name as text', async () => {
    await page.getByLabel('団体コード').fill(MUNICIPALITY);
    await page.getByLabel('利用者ID（').fill('suzuki');
    await page.getByLabel('氏名', { exact: true }).fill(SCRIPT);
    await press('追加');
    await page.getByRole('cell').getByText(SCRIPT).waitFor();
    expect(await page.locator('td img').count()).toBe(0);
    await shown('users');
    await page.getByLabel('利用者ID（').fill('suzuki');
    await page.getByLabel('団体コード').fill(MUNICIPALITY);
    await page.getByLabel('氏名', { exact: true }).fill('鈴木');
    await press('追加');
    await page.getByRole('alert').getByText('すでに登録されています').waitFor();
    browser.complaints();

    await press(`開く: ${SCRIPT}`);
    await page.getByLabel('デスクトップ（').fill(String(up.system.desktops[0]));
    await press('利用を許可する');
    await page.getByText(String(up.system.desktops[0])).waitFor();
    await press('利用開始コードを発行する');
    await page.locator('.secret').waitFor();
    await shown('user');
    const { users } = await admin('user', 'list', '--find', 'suzuki');
    expect(users).toEqual([expect.objectContaining({ name: SCRIPT, desktops: [up.system.desktops[0]] })]);
  }, 60_000);

  it('shows sessions and desktops', async () => {
    await goTo('接続状況');
    await page.getByRole('cell', { name: String(up.system.desktops[0]) }).waitFor();
    await page.getByText('使用中の接続はありません').waitFor();
    await shown('live');
  }, 60_000);

  it('gives out an enrolment code once, shows the request under the fingerprint of its key, and refuses it', async () => {
    await goTo('利用者');
    await press(`開く: ${SCRIPT}`);
    await press('申請コードを発行する');
    await page.getByText(/^申請コード（(明日 )?\d+:\d+ まで、一度だけ有効）$/).waitFor();
    const number = await handIn(up.system, (await page.locator('.secret').textContent()) ?? '');
    await goTo('接続状況');
    await page.getByText('この画面からは発行できません').waitFor();
    const row = page.getByRole('row').filter({ hasText: number });
    await row.getByText('発行待ち').waitFor();
    expect(await row.textContent()).toContain(SCRIPT);
    await shown('requests');
    await press(`却下: ${number}`);
    await press(`本当に却下する: ${number}`);
    await row.getByText('却下', { exact: true }).waitFor();
    expect((await admin('enrolment', 'list')).requests).toContainEqual(
      expect.objectContaining({ request: number, user: 'suzuki', state: 'declined' }),
    );
  }, 60_000);

  it('approves what somebody else asked for', async () => {
    const ofOurs = ['--municipality', MUNICIPALITY];
    await admin('policy', 'set', ...ofOurs, '--password', 'yes');
    expect(await admin('policy', 'set', ...ofOurs, '--password', 'no')).toMatchObject({ held: true });
    await goTo('ポリシー');
    await page.getByText('local さんの申し出').waitFor();
    await shown('policy');
    await press('承認する');
    await press('本当に承認する');
    await page.getByText('変更しました。').waitFor();
    expect(await admin('policy', 'show', ...ofOurs)).toMatchObject({ policy: { password: false }, waiting: null });
  }, 60_000);
});

/** On the user's own device. @returns the request's number, as that user sees it */
async function handIn({ folder, enrolment, pki }: System, code: string): Promise<string> {
  const own = join(folder, 'suzuki');
  mkdirSync(own, { mode: 0o700 });
  copyFileSync(pki.files.user.authorities, join(own, 'gateway-ca.pem'));
  copyFileSync(pki.files.user.revocations, join(own, 'gateway-crl.pem'));
  const asked = ['enrol', '--credentials', own, '--enrolment', enrolment, '--name', 'suzuki', '--code', code, '--json'];
  return JSON.parse(await mustRun('client-sim/main.ts', asked)).request;
}
