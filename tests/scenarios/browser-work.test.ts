// A municipal employee at work in a real browser: signs in, pairs the browser with the office PC, opens it and types. What
// was typed stands on the X side; what the browser shows is f(desktop), pixel for pixel, where f is the watermark.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { NEEDED_FOR_VNC_DESKTOP, startVncDesktop, type VncDesktop } from '#lab/vnc-desktop.ts';
import { typeAtPage } from '#tests/support/browser-keyboard.ts';
import { NEEDED_FOR_CHROMIUM, screenshot } from '#tests/support/chromium.ts';
import { needs } from '#tests/support/need.ts';
import { expectThroughWatermark } from '#tests/support/pictures.ts';
import { readRawPicture } from '#tests/support/raw-rfb.ts';
import { useSystem } from '#tests/support/system.ts';
import { useChromium } from '#tests/support/use-chromium.ts';
import { openAtPage, pairAtPage, pictureAt, signInByCode, watermarksOf } from '#tests/support/user-at-page.ts';

const WAIT = { timeout: 15_000, interval: 100 };
const SIZE = { width: 800, height: 500 };
const PRINTABLE = Array.from({ length: 0x5f }, (_, i) => String.fromCharCode(0x20 + i)).join('');

describe.skipIf(!needs(...NEEDED_FOR_CHROMIUM, ...NEEDED_FOR_VNC_DESKTOP))('work in a real browser', () => {
  let desktop: VncDesktop;
  beforeAll(async () => {
    desktop = await startVncDesktop({ ...SIZE, xterm: true });
  });
  afterAll(() => desktop?.stop());

  const up = useSystem(() => [
    { name: 'pc-01', kind: 'office' },
    { name: 'vnc-01', kind: 'vnc', address: desktop.address },
  ]);
  const idOf = (name: string) => up.system.desktops.find((id) => id.endsWith(name)) as string;

  const chromium = useChromium(up);
  let page: Page;
  beforeAll(async () => {
    page = chromium.page;
  });

  it('signs in by certificate and one-time code', async () => {
    await signInByCode(page, up.system, up.tanaka);
    await screenshot(page, 'desktops');
  });

  it('pairs this browser with the desktop, by a code from the office', async () => {
    await pairAtPage(page, up.system, up.tanaka, idOf('vnc-01'));
  });

  it('opens the real desktop and shows it, pixel for pixel', async () => {
    await openAtPage(page, idOf('vnc-01'));
    const watermarks = await watermarksOf(up.system, up.tanaka, idOf('vnc-01'));
    await vi.waitFor(async () => {
      expectThroughWatermark(await pictureAt(page), watermarks, [await readRawPicture(desktop.socketPath)]);
    }, WAIT);
  });

  it('types every printable ASCII character on a Japanese keyboard; the text stands on the X side', async () => {
    await typeAtPage(page, `${PRINTABLE}\n`);
    await vi.waitFor(() => expect(desktop.typed()).toBe(`${PRINTABLE}\n`), WAIT);
    await screenshot(page, 'desktop-vnc');
  });

  it('complained of nothing', () => {
    expect(chromium.browser.complaints()).toEqual([]);
  });
});
