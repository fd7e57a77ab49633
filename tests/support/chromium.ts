// A user's browser: Debian's Chromium with a profile, a home and a temp folder of its own, the user's certificate installed
// and the municipality's gateway chosen to get it without asking. No proxy, no ignored TLS error, no switch in the page.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { vi } from 'vitest';
import { ROOT } from '#lab/process.ts';
import { type BrowserCertificates, makeNssDatabase, NEEDED_FOR_NSS } from './nss.ts';

const CHROMIUM = '/usr/bin/chromium';
const START_MAX_MS = 60_000;
const CLOSE_MAX_MS = 10_000;
/** For anything that a page should show. */
const WAIT_MAX_MS = 15_000;
const SCREENSHOTS = join(ROOT, 'var', 'screenshots');

/** For describe.skipIf(!needs(...NEEDED_FOR_CHROMIUM)). */
export const NEEDED_FOR_CHROMIUM = ['chromium', ...NEEDED_FOR_NSS] as const;

export interface ChromiumOptions {
  readonly certificates: BrowserCertificates;
  /** Of the servers that get the user's certificate; the browser would ask the user at any other. */
  readonly origins: readonly string[];
  /** Where it finds hosts, as Chromium writes it: "MAP host 127.0.0.1:port". */
  readonly hosts?: string;
}

export interface Chromium {
  readonly context: BrowserContext;
  /** Everything that the browser may write to: profile, home, temp folder. */
  readonly folder: string;
  /** Everything it complained of since the last call: errors of the console, of scripts, of the content policy. */
  complaints(): string[];
  /** All of its processes at once, without a chance to clean up. The folder stays. */
  kill(): Promise<void>;
  /** As a user closes it. The folder stays. */
  quit(): Promise<void>;
  close(): Promise<void>;
}

export async function startChromium({ certificates, origins, hosts }: ChromiumOptions): Promise<Chromium> {
  const folder = mkdtempSync(join(tmpdir(), 'chromium-'));
  const [home, temp, profile] = ['home', 'tmp', 'profile'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [home, temp, join(profile, 'Default')]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const complaints: string[] = [];
  const kill = async () => {
    for (const pid of processesWith(profile)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {} // it has just ended
    }
    await vi.waitUntil(() => processesWith(profile).length === 0, { timeout: CLOSE_MAX_MS, interval: 20 });
  };
  let context: BrowserContext;
  try {
    await makeNssDatabase(home, certificates);
    writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences(origins)));
    context = await chromium.launchPersistentContext(profile, {
      executablePath: CHROMIUM,
      env: { PATH: process.env.PATH ?? '', HOME: home, TMPDIR: temp, LANG: 'C.UTF-8' },
      args: [...ARGUMENTS, ...(hosts ? [`--host-resolver-rules=${hosts}`] : [])],
      timeout: START_MAX_MS,
      viewport: { width: 1280, height: 800 },
      locale: 'ja-JP',
      timezoneId: 'Asia/Tokyo',
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
  } catch (error) {
    await kill();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  context.setDefaultTimeout(WAIT_MAX_MS);
  context.on('console', (message) => {
    // An answer of the gateway's API other than 200 is the page's own business.
    const isAnswer = new URL(message.location().url || 'about:blank').pathname.startsWith('/api/');
    if (message.type() === 'error' && !isAnswer) complaints.push(message.text());
  });
  context.on('weberror', (failure) => complaints.push(String(failure.error())));
  // The page never opens one: a script did that got in from somewhere.
  context.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      console.error(`content policy: ${violatedDirective} ${blockedURI}`);
    });
  });
  const quit = async () => {
    // One that was killed cannot close any more.
    const closed = context.close().catch(() => {});
    await Promise.race([closed, new Promise((late) => setTimeout(late, CLOSE_MAX_MS).unref())]);
    await kill();
  };
  return {
    context,
    folder,
    complaints: () => complaints.splice(0),
    kill,
    quit,
    async close() {
      await quit();
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** Kept to be looked at. */
export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

const ARGUMENTS = [
  '--no-proxy-server',
  '--no-first-run',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Its own sandbox does not work for root.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

function preferences(origins: readonly string[]): object {
  const chosen = origins.map((origin) => [`${origin},*`, { setting: { filters: [{}] } }]);
  const exceptions = { auto_select_certificate: Object.fromEntries(chosen) };
  return { profile: { content_settings: { exceptions } } };
}

/** The browser and what it started: each names the profile on its command line. */
function processesWith(profile: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && commandOf(pid).includes(profile));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
