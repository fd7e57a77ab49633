// Every page of the user in a real browser, in Japanese and English: kept as a picture to be looked at, checked with
// axe-core, worked by Tab alone; and what the browser was told of the page's rights.
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { pairingCode } from '#lab/person.ts';
import { axeViolations, notReachedByTab } from '#tests/support/accessibility.ts';
import { NEEDED_FOR_CHROMIUM, screenshot } from '#tests/support/chromium.ts';
import { needs } from '#tests/support/need.ts';
import { useSystem } from '#tests/support/system.ts';
import { useChromium } from '#tests/support/use-chromium.ts';
import { codeOf, firstFrame } from '#tests/support/user-at-page.ts';
import { addAuthenticator } from '#tests/support/virtual-authenticator.ts';
import { administer, renewFactor } from '#tests/support/watched-system.ts';

/** It would run in a page that made markup of it. */
const MARKUP = '<img src=x onerror=alert(1)>';

describe.skipIf(!needs(...NEEDED_FOR_CHROMIUM))('the pages in a real browser', () => {
  const up = useSystem(() => [
    { name: 'pc-01', kind: 'office' },
    { name: 'pc-02', kind: 'office' },
  ]);
  const chromium = useChromium(up);
  let page: Page;
  beforeAll(async () => {
    page = chromium.page;
    await addAuthenticator(page);
  });

  const pc = () => up.system.desktops[0] as string;
  const primary = (within = 'main') => page.locator(`${within} button.primary`).first();

  /** @returns what is wrong with the page for somebody, in both languages */
  async function look(name: string): Promise<string[]> {
    const found: string[] = [];
    for (const language of ['ja', 'en']) {
      expect(await page.locator('html').getAttribute('lang')).toBe(language);
      await screenshot(page, `${name}-${language}`);
      const wrong = [
        ...(await axeViolations(page)),
        ...(await notReachedByTab(page)).map((what) => `no Tab to ${what}`),
      ];
      found.push(...wrong.map((what) => `${name} (${language}): ${what}`));
      await page.locator('.language').click();
    }
    return found;
  }

  it('signing in', async () => {
    await page.goto(up.system.gateway);
    await page.locator('main form').first().waitFor();
    const before = await look('sign-in');
    await page.locator('main summary').click();
    expect([...before, ...(await look('sign-in-trouble'))]).toEqual([]);
  });

  it('a sign-in that was refused', async () => {
    await page.locator('main input.code').first().fill('000000');
    await page.locator('main button[type=submit]').first().click();
    await page.locator('main .notice.bad').first().waitFor();
    await screenshot(page, 'sign-in-refused');
    expect(await axeViolations(page)).toEqual([]);
  });

  it('the list of desktops', async () => {
    await renewFactor(up.system, up.tanaka);
    await page.reload();
    await page
      .locator('main input.code')
      .first()
      .fill(await codeOf(up.tanaka));
    await page.locator('main button[type=submit]').first().click();
    await page.locator('main .list').waitFor();
    expect(await look('desktops')).toEqual([]);
  });

  it('names with markup in them, as text wherever they stand (T20)', async () => {
    const [, second] = up.system.desktops;
    await administer(up.system, 'entitlement.add', up.tanaka, { desktop: second, label: MARKUP });
    await page.reload();
    await page.getByRole('heading', { name: MARKUP, exact: true }).waitFor();
    await page.getByRole('button', { name: `この端末を登録する: ${MARKUP}` }).click();
    await page.getByText(`「${MARKUP}」`).waitFor();
    expect(await page.locator('body :is(img, script, svg)').count()).toBe(0);
    await page.getByRole('button', { name: 'やめる' }).click();
    expect(chromium.browser.complaints()).toEqual([]);
  });

  it('pairing, and its fingerprint', async () => {
    await page.getByRole('button', { name: /pc-01/ }).click();
    await page.locator('input[type=radio]').first().waitFor();
    expect(await look('pair')).toEqual([]);
    await page.locator('main input.code').fill((await pairingCode(up.system, up.tanaka, pc())) ?? '');
    await page.locator('main button[type=submit]').click();
    await page.locator('main .identifier').waitFor();
    expect(await look('paired')).toEqual([]);
    await primary().click();
  });

  it('the own factors, a passkey, an authenticator app being set up, and recovery codes', async () => {
    await page.locator('nav a').nth(1).click();
    await page.getByLabel('名前').fill(MARKUP);
    await page.getByRole('button', { name: 'パスキーを追加する' }).click();
    await page.getByText('パスキーを登録しました。').waitFor();
    const before = await look('account');
    await page.getByRole('button', { name: '登録し直す' }).click();
    await page.locator('main .secret').waitFor();
    const setting = await look('account-totp');
    await page.getByRole('button', { name: '回復コードを作る' }).click();
    await page.locator('main .codes').waitFor();
    expect([...before, ...setting, ...(await look('account-recovery'))]).toEqual([]);
  });

  it('a desktop: toolbar, keys, connection, and its end', async () => {
    await page.locator('nav a').first().click();
    await page.getByRole('button', { name: '開く: pc-01' }).click();
    await firstFrame(page);
    await screenshot(page, 'desktop');
    const wrong = [...(await axeViolations(page)), ...(await notReachedByTab(page))];
    for (const [name, button] of [
      ['keys', page.getByRole('button', { name: 'キー', exact: true })],
      ['quality', page.getByRole('button', { name: /通信状態/ })],
    ] as const) {
      await button.click();
      await page.locator('.desktop-panel:popover-open').waitFor();
      await screenshot(page, `desktop-${name}`);
      wrong.push(...(await axeViolations(page)));
      await page.keyboard.press('Escape');
    }
    await page.locator('.desktop-picture canvas').focus();
    await page.keyboard.press('Control+Alt+Home');
    expect(await page.evaluate(() => document.activeElement?.closest('[role=toolbar]') !== null)).toBe(true);
    await page.getByRole('button', { name: '切断' }).click();
    await page.getByRole('heading', { name: '接続が終了しました' }).waitFor();
    await screenshot(page, 'ended');
    wrong.push(...(await axeViolations(page)), ...(await notReachedByTab(page)));
    expect(wrong).toEqual([]);
  });

  it('signed out', async () => {
    await page.getByRole('button', { name: '一覧に戻る' }).click();
    await page.getByRole('button', { name: 'サインアウト' }).click();
    await page.getByText('サインアウトしました。').waitFor();
    expect(await look('signed-out')).toEqual([]);
  });

  it('gives the browser the strictest rights that work, and the browser had nothing to complain of', async () => {
    const response = await page.goto(up.system.gateway);
    const headers = response?.headers() ?? {};
    expect(headers['content-security-policy']?.split('; ')).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'", "trusted-types 'none'"]),
    );
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'x-content-type-options': 'nosniff',
    });
    const rights = await page.evaluate(() =>
      Object.fromEntries(
        ['clipboard-read', 'clipboard-write', 'display-capture'].map((name) => [
          name,
          (
            document as unknown as { featurePolicy: { allowsFeature(name: string): boolean } }
          ).featurePolicy.allowsFeature(name),
        ]),
      ),
    );
    expect(rights).toEqual({ 'clipboard-read': false, 'clipboard-write': false, 'display-capture': false });
    expect(await page.evaluate(() => [isSecureContext, crossOriginIsolated])).toEqual([true, true]);
    expect(chromium.browser.complaints()).toEqual([]);
  });
});
