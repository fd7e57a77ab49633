// Passkeys in a real browser: one for signing in, made by the gateway's ceremony, and another one that only the agent
// knows, made in a pairing. Neither ever signs what the gateway sent as it is.
import { createHash } from 'node:crypto';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { audited } from '#tests/support/audited.ts';
import { NEEDED_FOR_CHROMIUM, screenshot } from '#tests/support/chromium.ts';
import { needs } from '#tests/support/need.ts';
import { useSystem } from '#tests/support/system.ts';
import { useChromium } from '#tests/support/use-chromium.ts';
import { firstFrame, openAtPage, pairAtPage, signInByCode } from '#tests/support/user-at-page.ts';
import { addAuthenticator, type VirtualAuthenticator } from '#tests/support/virtual-authenticator.ts';

describe.skipIf(!needs(...NEEDED_FOR_CHROMIUM))('passkeys in a real browser', () => {
  const up = useSystem(() => [{ name: 'pc-01', kind: 'office' }]);
  const chromium = useChromium(up);
  let page: Page;
  let authenticator: VirtualAuthenticator;
  beforeAll(async () => {
    page = chromium.page;
    authenticator = await addAuthenticator(page);
  });

  let forSignIn = '';
  /** How often each has signed. */
  async function countsByUse(): Promise<{ signIn?: number; pairing?: number }> {
    const held = await authenticator.credentials();
    return Object.fromEntries(
      held.map(({ credentialId, signCount }) => [credentialId === forSignIn ? 'signIn' : 'pairing', signCount]),
    );
  }
  const pc = () => up.system.desktops[0] as string;
  const desktopsAreShown = () => page.getByRole('heading', { name: 'デスクトップ', level: 1 }).waitFor();

  it('adds one for signing in, after a sign-in by code', async () => {
    await signInByCode(page, up.system, up.tanaka);
    await page.getByRole('link', { name: 'マイページ' }).click();
    await page.getByLabel('名前').fill('貸与ノートPC');
    await page.getByRole('button', { name: 'パスキーを追加する' }).click();
    await page.getByText('パスキーを登録しました。').waitFor();
    const held = await authenticator.credentials();
    expect(held).toMatchObject([{ rpId: 'localhost' }]);
    forSignIn = held[0]?.credentialId ?? '';
  });

  it('signs in by it, over a challenge that the page has made of the gateway’s nonce', async () => {
    await page.getByRole('button', { name: 'サインアウト' }).click();
    await page.getByText('サインアウトしました。').waitFor();
    await screenshot(page, 'signed-out');
    const asked = page.waitForResponse((response) => response.url().endsWith('/api/sign-in/webauthn/options'));
    const answered = page.waitForRequest((request) => request.url().endsWith('/api/sign-in/webauthn'));
    await page.getByRole('button', { name: 'パスキーでサインイン' }).click();
    await desktopsAreShown();

    const nonce = Buffer.from((await (await asked).json()).nonce, 'base64url');
    const { clientDataJSON } = (await answered).postDataJSON().credential.response;
    const { type, origin, challenge } = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString());
    expect({ type, origin }).toEqual({ type: 'webauthn.get', origin: up.system.gateway });
    expect(nonce).toHaveLength(32);
    expect(challenge).toBe(createHash('sha256').update('tw/signin/1\0').update(nonce).digest('base64url'));
  });

  it('makes another one in the pairing, under a name that the gateway never learns', async () => {
    await pairAtPage(page, up.system, up.tanaka, pc(), 'パスキー');
    const held = await authenticator.credentials();
    expect(held).toHaveLength(2);
    expect(new Set(held.map(({ userHandle }) => userHandle)).size).toBe(2);
    await audited(up.system, 'agent', 'pairing-made', { user: 'tanaka', proof: 'passkey' });
  });

  it('opens the desktop by that one, which the agent verifies', async () => {
    const before = await countsByUse();
    await openAtPage(page, pc());
    const after = await countsByUse();
    expect(after).toEqual({ signIn: before.signIn, pairing: (before.pairing ?? 0) + 1 });
    await page.getByRole('button', { name: '切断' }).click();
    await page.getByRole('button', { name: '一覧に戻る' }).click();
  });

  it('opens nothing without the user’s finger or PIN, and says so', async () => {
    await authenticator.setUserVerified(false);
    await page.getByRole('button', { name: '開く: pc-01' }).click();
    await page.getByRole('heading', { name: '接続できませんでした' }).waitFor();
    await screenshot(page, 'not-opened');
    await authenticator.setUserVerified(true);
    await page.getByRole('button', { name: 'もう一度接続する' }).click();
    await firstFrame(page);
  });

  it('complained of nothing', () => {
    expect(chromium.browser.complaints()).toEqual([]);
  });
});
