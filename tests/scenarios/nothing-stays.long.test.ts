// Nothing of a session stays in the browser's profile, home and temp folder (I1, I2), whether it ends as it should or the
// browser is killed. Swap, hibernation and pictures taken by the operating system are outside of what a page can do.
import { randomInt } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { typeAtPage } from '#tests/support/browser-keyboard.ts';
import { type Chromium, NEEDED_FOR_CHROMIUM, startChromium } from '#tests/support/chromium.ts';
import {
  KINDS,
  Recording,
  recordCryptography,
  recordPixels,
  type Secret,
  searchFor,
} from '#tests/support/leak-search.ts';
import { needs } from '#tests/support/need.ts';
import { useSystem } from '#tests/support/system.ts';
import { openAtPage, pairAtPage, signInByCode } from '#tests/support/user-at-page.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

describe.skipIf(!needs(...NEEDED_FOR_CHROMIUM))('what a session leaves in the browser', () => {
  const up = useSystem(() => [{ name: 'pc-01', kind: 'office' }]);
  const pc = () => up.system.desktops[0] as string;
  let browser: Chromium;
  afterEach(() => browser?.close());

  /** A person at work, and what of it is secret. */
  async function work(): Promise<{ page: Page; recording: Recording }> {
    const { ca, p12, p12Password } = up.tanaka;
    const certificates = { authority: ca, user: { p12, password: p12Password } };
    browser = await startChromium({ certificates, origins: [up.system.gateway] });
    const recording = new Recording();
    await recordCryptography(browser.context, recording);
    const page = await browser.context.newPage();
    await signInByCode(page, up.system, up.tanaka);
    await pairAtPage(page, up.system, up.tanaka, pc());
    await openAtPage(page, pc());
    const text = Array.from({ length: 16 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
    recording.text(text);
    await typeAtPage(page, text);
    await expect.poll(() => countOf(recording.secrets)).toMatchObject({ 'key events': 24, tile: 24 });
    await recordPixels(page, recording);
    const counts = countOf(recording.secrets);
    for (const kind of KINDS) expect(counts[kind], kind).toBeGreaterThan(1);
    return { page, recording };
  }

  it('nothing, when the session and the browser end as they should; the storage holds the device key and the pin', async () => {
    const { page, recording } = await work();
    await page.getByRole('button', { name: '切断' }).click();
    await page.getByRole('heading', { name: '接続が終了しました' }).waitFor();
    expect(await page.locator('canvas').count()).toBe(0);
    await page.getByRole('button', { name: '一覧に戻る' }).click();
    await page.getByRole('button', { name: 'サインアウト' }).click();
    await page.getByText('サインアウトしました。').waitFor();
    expect(await storageOf(page)).toEqual({
      databases: {
        telework: { 'device-keys': [['privateKey, publicKey', false]], pins: [['agentKey, credentialId', null]] },
      },
      caches: [],
      storage: 0,
      workers: 0,
    });
    expect(await browser.context.cookies()).toEqual([]);
    await browser.quit();
    expect(searchFor(recording.secrets, browser.folder)).toEqual([]);
  });

  it('nothing, when the browser is killed in the middle of it', async () => {
    const { recording } = await work();
    await browser.kill();
    expect(searchFor(recording.secrets, browser.folder)).toEqual([]);
  });

  it('but a page that does leave something behind is found out, each kind of it', async () => {
    const { page, recording } = await work();
    // The newest of each kind; while the browser ends, newer ones come that the page has not kept.
    const { secrets } = recording;
    await page.evaluate(
      leak,
      secrets.map(({ bytes }) => bytes.toString('base64')),
    );
    await browser.quit();
    const found = searchFor(secrets, browser.folder);
    for (const place of ['Local Storage', 'IndexedDB', 'CacheStorage']) {
      const there = found.filter(({ file }) => file.includes(place)).map(({ kind }) => kind);
      expect([place, ...new Set(there)].toSorted()).toEqual([place, ...KINDS].toSorted());
    }
  });
});

function countOf(secrets: readonly Secret[]): Record<string, number> {
  return Object.fromEntries(KINDS.map((kind) => [kind, secrets.filter((secret) => secret.kind === kind).length]));
}

/** Everything that a page can store, with the members of what is stored and whether a key of it can be taken out. */
function storageOf(page: Page): Promise<unknown> {
  return page.evaluate(async () => {
    const wait = <T>(request: IDBRequest<T>) =>
      new Promise<T>((done, failed) => {
        request.onsuccess = () => done(request.result);
        request.onerror = () => failed(request.error);
      });
    const databases: Record<string, Record<string, unknown[]>> = {};
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await wait(indexedDB.open(name));
      const stores: Record<string, unknown[]> = {};
      for (const store of database.objectStoreNames) {
        const all = await wait(database.transaction(store).objectStore(store).getAll());
        stores[store] = all.map((one) => [Object.keys(one).sort().join(', '), one.privateKey?.extractable ?? null]);
      }
      databases[name] = stores;
      database.close();
    }
    return {
      databases,
      caches: await caches.keys(),
      storage: localStorage.length + sessionStorage.length,
      workers: (await navigator.serviceWorker.getRegistrations()).length,
    };
  });
}

/** Runs in the page. */
async function leak(secrets: string[]): Promise<void> {
  localStorage.setItem('leak', secrets.map((secret) => atob(secret)).join(' '));
  const bytes = secrets.map((secret) => Uint8Array.from(atob(secret), (character) => character.charCodeAt(0)));
  const request = indexedDB.open('leak');
  request.onupgradeneeded = () => request.result.createObjectStore('leak');
  await new Promise((done) => {
    request.onsuccess = done;
  });
  const transaction = request.result.transaction('leak', 'readwrite', { durability: 'strict' });
  transaction.objectStore('leak').put(bytes, 'leak');
  await new Promise((done) => {
    transaction.oncomplete = done;
  });
  await (await caches.open('leak')).put('/leak', new Response(secrets.join(' ')));
}
