// One browser with one page for the tests of one describe, as the person of the system under test has it.
import { basename } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { auditOf } from './audited.ts';
import { type Chromium, screenshot, startChromium } from './chromium.ts';
import type { SystemUnderTest } from './system.ts';

const AUDIT_LINES = 5;

export interface ChromiumUnderTest {
  /** @throws Error outside of the tests and hooks that follow useChromium() */
  readonly browser: Chromium;
  readonly page: Page;
}

/** Call it inside a describe, after useSystem(). When a test fails, what the page shows is kept, and said below it. */
export function useChromium(up: SystemUnderTest): ChromiumUnderTest {
  let started: { browser: Chromium; page: Page } | null = null;
  beforeAll(async () => {
    const { ca, p12, p12Password } = up.tanaka;
    const certificates = { authority: ca, user: { p12, password: p12Password } };
    const browser = await startChromium({ certificates, origins: [up.system.gateway] });
    started = { browser, page: await browser.context.newPage() };
  });
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail' || !started) return;
    const { browser, page } = started;
    await screenshot(page, `failed-${basename(task.file.name)}`).catch(() => {});
    const text = await page.textContent('body', { timeout: 1_000 }).catch(String);
    const events = auditOf(up.system, 'gateway')
      .slice(-AUDIT_LINES)
      .map((event) => JSON.stringify(event));
    const parts = { page: [text], browser: browser.complaints(), 'audit of the gateway': events };
    for (const [name, lines] of Object.entries(parts)) process.stderr.write(`--- ${name}\n${lines.join('\n')}\n`);
  });
  afterAll(() => started?.browser.close());

  const there = () => {
    if (!started) throw new Error('the browser is not up');
    return started;
  };
  return {
    get browser() {
      return there().browser;
    },
    get page() {
      return there().page;
    },
  };
}
