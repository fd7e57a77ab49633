// The gateway's door in front of a user's real browser: TLS by the browser itself, the certificate from its own store.
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type Chromium, NEEDED_FOR_CHROMIUM, screenshot, startChromium } from '#tests/support/chromium.ts';
import { needs } from '#tests/support/need.ts';
import type { BrowserCertificates } from '#tests/support/nss.ts';
import { useSystem } from '#tests/support/system.ts';

describe.skipIf(!needs(...NEEDED_FOR_CHROMIUM))('Chromium at the gateway’s door', () => {
  const up = useSystem(() => [{ name: 'pc-01', kind: 'office' }]);
  let browser: Chromium | null = null;
  afterEach(async () => {
    await browser?.close();
    browser = null;
  });
  afterAll(() => browser?.close());

  const user = () => ({ p12: up.tanaka.p12, password: up.tanaka.p12Password });
  async function open(certificates: BrowserCertificates) {
    browser = await startChromium({ certificates, origins: [up.system.gateway] });
    return await browser.context.newPage();
  }

  it('shows what is missing to a browser without a certificate, in Japanese and English', async () => {
    const page = await open({ authority: up.tanaka.ca });
    const response = await page.goto(up.system.gateway);
    expect(response?.status()).toBe(403);
    expect(await page.title()).not.toBe('');
    const text = await page.locator('body').textContent();
    expect(text).toContain('証明書');
    expect(text).toContain('certificate');
    await screenshot(page, 'no-certificate');
  });

  it('takes the certificate from the user’s store, without any error ignored', async () => {
    const page = await open({ authority: up.tanaka.ca, user: user() });
    const response = await page.goto(`${up.system.gateway}/healthz`);
    expect(response?.status()).toBe(200);
    expect(await response?.securityDetails()).toMatchObject({ protocol: 'TLS 1.3' });
    expect(await page.evaluate(() => isSecureContext)).toBe(true);
  });

  it('refuses a gateway whose certificate is of an authority that it does not trust', async () => {
    // Real, and valid, but the authority of users.
    const page = await open({ authority: up.system.pki.files.gatewayServer.authorities, user: user() });
    await expect(page.goto(up.system.gateway)).rejects.toThrow('ERR_CERT_AUTHORITY_INVALID');
  });
});
