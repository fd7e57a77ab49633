// A municipal employee at work in a real browser: signs in, pairs the browser with the office PC, opens it and types. What
// was typed stands on the X side; what the browser shows is f(desktop), pixel for pixel, where f is the watermark.

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { minimiseOf } from '#agent/desktop/office/layout.ts';
import { windowOf } from '#agent/desktop/office/windows.ts';
import { keysFor } from '#client-sim/keyboard.ts';
import { NEEDED_FOR_VNC_DESKTOP, startVncDesktop, type VncDesktop } from '#lab/vnc-desktop.ts';
import { strikeKeys, typeAtPage } from '#tests/support/browser-keyboard.ts';
import { NEEDED_FOR_CHROMIUM, screenshot } from '#tests/support/chromium.ts';
import { ExpectedOffice } from '#tests/support/expected-office.ts';
import { JAPANESE, LOCKS } from '#tests/support/jis-table.ts';
import { report } from '#tests/support/measured.ts';
import { needs } from '#tests/support/need.ts';
import { expectThroughWatermark } from '#tests/support/pictures.ts';
import { readRawPicture } from '#tests/support/raw-rfb.ts';
import { useSystem } from '#tests/support/system.ts';
import { useChromium } from '#tests/support/use-chromium.ts';
import { openAtPage, pairAtPage, pictureAt, signInByCode, watermarksOf } from '#tests/support/user-at-page.ts';
import { watchXKeys, type XKeyWatch } from '#tests/support/x-keys.ts';

const WAIT = { timeout: 15_000, interval: 100 };
const SIZE = { width: 800, height: 500 };
const PRINTABLE = Array.from({ length: 0x5f }, (_, i) => String.fromCharCode(0x20 + i)).join('');

describe.skipIf(!needs(...NEEDED_FOR_CHROMIUM, ...NEEDED_FOR_VNC_DESKTOP, 'xev'))('work in a real browser', () => {
  let desktop: VncDesktop;
  /** Only told of keys. */
  let bare: VncDesktop;
  let keys: XKeyWatch;
  beforeAll(async () => {
    desktop = await startVncDesktop({ ...SIZE, xterm: true });
    bare = await startVncDesktop({ ...SIZE, xterm: false });
    keys = await watchXKeys(bare.env, SIZE);
  });
  afterAll(async () => {
    await keys?.stop();
    await Promise.all([desktop?.stop(), bare?.stop()]);
  });

  const up = useSystem(() => [
    { name: 'pc-01', kind: 'office' },
    { name: 'vnc-01', kind: 'vnc', address: desktop.address },
    { name: 'vnc-02', kind: 'vnc', address: bare.address },
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

  it('says why it is over, and shows nothing of the desktop any more', async () => {
    await page.getByRole('button', { name: '切断' }).click();
    await page.getByRole('heading', { name: '接続が終了しました' }).waitFor();
    expect(await page.locator('canvas').count()).toBe(0);
    await page.getByRole('button', { name: '一覧に戻る' }).click();
  });

  it('brings the keys that only a Japanese keyboard has to a program on the desktop, each as itself', async () => {
    await pairAtPage(page, up.system, up.tanaka, idOf('vnc-02'));
    await openAtPage(page, idOf('vnc-02'));
    const seen: unknown[] = [];
    for (const [code, legend] of JAPANESE) {
      const strokes = Array.from({ length: LOCKS.includes(code) ? 2 : 1 }, () => ({ code, key: 'Process' }));
      await strikeKeys(page, strokes);
      const [pressed] = await keys.take(2 * strokes.length);
      seen.push([code, legend, pressed?.keycode, pressed?.keysym]);
    }
    expect(seen).toEqual(JAPANESE.map(([code, legend, keycode, keysym]) => [code, legend, keycode, keysym]));
  });

  it('has keys on the screen for those that a keyboard or browser keeps for itself', async () => {
    await page.getByRole('button', { name: 'キー', exact: true }).click();
    for (const [name, keysyms] of [
      ['半角/全角', ['Zenkaku_Hankaku']],
      ['変換', ['Henkan_Mode']],
      ['無変換', ['Muhenkan']],
      ['Windows キー', ['Super_L']],
      ['Ctrl + Alt + Delete', ['Control_L', 'Alt_L', 'Delete']],
    ] as const) {
      await page.locator('.desktop-panel:popover-open').getByRole('button', { name, exact: true }).click();
      const told = await keys.take(2 * keysyms.length);
      expect(told.filter(({ down }) => down).map(({ keysym }) => keysym)).toEqual(keysyms);
      expect(told.filter(({ down }) => !down)).toHaveLength(keysyms.length);
    }
    await page.getByRole('button', { name: '切断' }).click();
    await page.getByRole('button', { name: '一覧に戻る' }).click();
  });

  it('shows the simulated desktop soon after the page was loaded', async () => {
    await pairAtPage(page, up.system, up.tanaka, idOf('pc-01'));
    await page.reload();
    const pageToFirstFrameMs = Math.round(await openAtPage(page, idOf('pc-01')));
    report('page-to-first-frame', { pageToFirstFrameMs, aimMs: 2_000 });
  });

  it('works on the simulated desktop by mouse and keyboard, and shows it, pixel for pixel', async () => {
    await page.getByRole('button', { name: '原寸' }).click();
    const { width, height } = await pictureAt(page);
    const office = new ExpectedOffice('pc-01', width, height);
    const watermarks = await watermarksOf(up.system, up.tanaka, idOf('pc-01'));
    office.tell({ type: 'notice', text: '新しい端末が登録されました: tanaka / A new device was paired: tanaka' });
    // The film is the one thing whose frame nobody knows: it goes to the task bar.
    const film = minimiseOf(windowOf(office.state.windows, 'picture'));
    const [x, y] = [film.x + film.width / 2, film.y + film.height / 2];
    const canvas = await page.locator('.desktop-picture canvas').boundingBox();
    await page.mouse.click((canvas?.x ?? 0) + x, (canvas?.y ?? 0) + y);
    for (const buttons of [0, 1, 0]) office.tell({ type: 'pointer', buttons, x, y });
    const text = 'Hello, LGWAN! \\~^@:_|"\n';
    await typeAtPage(page, text);
    for (const event of keysFor(text)) office.tell(event);
    await vi.waitFor(async () => {
      expectThroughWatermark(await pictureAt(page), watermarks, office.pictures());
    }, WAIT);
    await screenshot(page, 'desktop-office');
  });

  it('complained of nothing', () => {
    expect(chromium.browser.complaints()).toEqual([]);
  });
});
