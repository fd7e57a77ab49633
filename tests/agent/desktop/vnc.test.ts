// Against the real TigerVNC.
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Desktop } from '#agent/desktop/desktop.ts';
import { openVnc } from '#agent/desktop/vnc.ts';
import { NEEDED_FOR_VNC_DESKTOP, startVncDesktop, type VncDesktop } from '#lab/vnc-desktop.ts';
import { JIS_KEYS, jisCodeOf } from '#protocol/inner/jis-keyboard.ts';
import { needs } from '#tests/support/need.ts';
import { readRawPicture } from '#tests/support/raw-rfb.ts';
import { Recorder } from '#tests/support/recorder.ts';

const WAIT = { timeout: 15_000 };

let attached: Desktop | null = null;
afterEach(() => attached?.close());

async function attach(address: string, passwordFile?: string): Promise<{ desktop: Desktop; seen: Recorder }> {
  const seen = new Recorder();
  attached = await openVnc({ address, lock: 'none', ...(passwordFile ? { passwordFile } : {}) }, seen);
  return { desktop: attached, seen };
}

/** Each key down and up, with Shift where the key needs it, and no keysym at all: as with an input method on. */
function press(desktop: Desktop, ...keys: { code: number; shift: boolean }[]): void {
  for (const { code, shift } of keys) {
    const strokes = shift ? [JIS_KEYS.ShiftLeft.code, code] : [code];
    for (const stroke of strokes) desktop.input({ type: 'physical-key', down: true, keysym: 0, code: stroke });
    for (const stroke of strokes.toReversed()) {
      desktop.input({ type: 'physical-key', down: false, keysym: 0, code: stroke });
    }
  }
}

const ENTER = { code: JIS_KEYS.Enter.code, shift: false };

describe.skipIf(!needs(...NEEDED_FOR_VNC_DESKTOP))('a real VNC desktop', () => {
  let server: VncDesktop;
  beforeAll(async () => {
    server = await startVncDesktop({ width: 640, height: 400, xterm: true });
  }, 30_000);
  afterAll(() => server?.stop());

  async function samePicture(desktop: Desktop): Promise<void> {
    await vi.waitFor(async () => {
      const { width, height, pixels } = await readRawPicture(server.socketPath);
      expect([desktop.screen.width, desktop.screen.height]).toEqual([width, height]);
      expect(Buffer.compare(desktop.screen.pixels, pixels)).toBe(0);
    }, WAIT);
  }

  it('opens with the whole picture in shared memory, as a second reader sees it', async () => {
    const { desktop } = await attach(server.address);
    expect(desktop.screen.pixels.buffer).toBeInstanceOf(SharedArrayBuffer);
    const { pixels } = await readRawPicture(server.socketPath);
    expect(Buffer.compare(desktop.screen.pixels, pixels)).toBe(0);
  });

  it('brings every printable ASCII character to the xterm by its physical JIS key', async () => {
    const { desktop, seen } = await attach(server.address);
    const ascii = Array.from({ length: 0x5f }, (_, i) => String.fromCharCode(0x20 + i)).join('');
    const keys = Array.from(ascii, (character) => jisCodeOf(character) ?? ENTER);
    press(desktop, ...keys, ENTER);
    await vi.waitFor(() => expect(server.typed()).toContain(`${ascii}\n`), WAIT);
    await vi.waitFor(() => expect(seen.damages.length).toBeGreaterThan(0), WAIT);
    await samePicture(desktop);
  });

  it('brings a few characters outside the keyboard by Unicode keysyms', async () => {
    const { desktop } = await attach(server.address);
    for (const character of '住民票') {
      const keysym = 0x0100_0000 + (character.codePointAt(0) ?? 0);
      desktop.input({ type: 'key', down: true, keysym });
      desktop.input({ type: 'key', down: false, keysym });
    }
    press(desktop, ENTER);
    await vi.waitFor(() => expect(server.typed()).toContain('住民票\n'), WAIT);
  });

  it('takes scrolling text with copied rectangles exactly', async () => {
    const { desktop } = await attach(server.address);
    const lines = Array.from({ length: 40 }, () => [...'scroll', ...'ing'].map((c) => jisCodeOf(c) ?? ENTER));
    for (const line of lines) press(desktop, ...line, ENTER);
    await vi.waitFor(() => expect(server.typed().match(/scrolling\n/g)).toHaveLength(40), WAIT);
    await samePicture(desktop);
  });

  it('is resized when asked, with a new picture', async () => {
    const { desktop, seen } = await attach(server.address);
    expect(await desktop.resize(720, 440)).toBe(true);
    expect(seen.screens.at(-1)).toBe(desktop.screen);
    await samePicture(desktop);
    expect(await desktop.resize(640, 400)).toBe(true);
    expect(await desktop.resize(640, 400)).toBe(true);
  });

  it('lets go of a key that is still down when the session ends', async () => {
    const { desktop } = await attach(server.address);
    desktop.input({ type: 'physical-key', down: true, keysym: 0, code: JIS_KEYS.ShiftLeft.code });
    desktop.close();
    const { desktop: next } = await attach(server.address);
    press(next, { code: 0x1e, shift: false }, { code: 0x30, shift: false }, ENTER);
    await vi.waitFor(() => expect(server.typed()).toMatch(/\nab\n$/), WAIT);
  });
});

describe.skipIf(!needs(...NEEDED_FOR_VNC_DESKTOP))('a real VNC desktop without a program', () => {
  it('sends the pointer apart, with straight alpha', async () => {
    const server = await startVncDesktop({ width: 320, height: 200, xterm: false });
    try {
      const { desktop, seen } = await attach(server.address);
      desktop.input({ type: 'pointer', buttons: 0, x: 30, y: 30 });
      execFileSync('xsetroot', ['-cursor_name', 'left_ptr'], { env: server.env });
      await vi.waitFor(() => expect(seen.cursors.at(-1)?.width).toBeGreaterThan(0), WAIT);
      const cursor = seen.cursors.at(-1);
      expect(cursor?.rgba.length).toBe(4 * (cursor?.width ?? 0) * (cursor?.height ?? 0));
    } finally {
      await server.stop();
    }
  });

  it('asks for a password and takes the right one only', async () => {
    const password = 'Mihon-12';
    const server = await startVncDesktop({ width: 320, height: 200, xterm: false, password });
    try {
      const { desktop } = await attach(server.address, server.passwordFile);
      expect(desktop.screen.width).toBe(320);

      const refused = { reason: 'DESKTOP_UNREACHABLE' };
      await expect(attach(server.address)).rejects.toMatchObject(refused);
      const wrong = join(server.passwordFile, '..', 'wrong');
      writeFileSync(wrong, 'Mihon-13\n', { mode: 0o600 });
      await expect(attach(server.address, wrong)).rejects.toMatchObject(refused);

      const longer = join(server.passwordFile, '..', 'longer');
      writeFileSync(longer, `${password}-and-more\n`, { mode: 0o600 });
      expect((await attach(server.address, longer)).desktop.screen.width).toBe(320);

      chmodSync(longer, 0o640);
      const error = await attach(server.address, longer).catch((caught: Error) => caught);
      expect(error).toMatchObject(refused);
      expect((error as Error).message).toContain('0600');
      expect((error as Error).message).not.toContain(password);
    } finally {
      await server.stop();
    }
  });

  it('is reported gone, once, when its server dies in the middle', async () => {
    const server = await startVncDesktop({ width: 320, height: 200, xterm: false });
    try {
      const { desktop, seen } = await attach(server.address);
      await server.kill();
      await vi.waitFor(() => expect(seen.refusals).toHaveLength(1), WAIT);
      expect(seen.refusals[0]?.reason).toBe('VNC_GONE');
      desktop.input({ type: 'key', down: true, keysym: 0x61 });
      expect(await desktop.resize(400, 300)).toBe(false);
      desktop.close();
      await expect(attach(server.address)).rejects.toMatchObject({ reason: 'DESKTOP_UNREACHABLE' });
    } finally {
      await server.stop();
    }
  });
});
