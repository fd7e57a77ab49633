import { afterEach, describe, expect, it } from 'vitest';
import type { Desktop, Rectangle, Screen } from '#agent/desktop/desktop.ts';
import { expectedNotepadText } from '#agent/desktop/office/draw-notepad.ts';
import { contentOf, noticeOf } from '#agent/desktop/office/layout.ts';
import { openOffice } from '#agent/desktop/office/open.ts';
import { startWindows, windowOf } from '#agent/desktop/office/windows.ts';
import { Recorder } from '#tests/support/recorder.ts';

const WIDTH = 800;
const HEIGHT = 600;

let open: Desktop | null = null;
afterEach(() => open?.close());

async function start(): Promise<{ desktop: Desktop; seen: Recorder }> {
  const seen = new Recorder();
  open = await openOffice({ name: 'desk-01', width: WIDTH, height: HEIGHT, now: () => Date.UTC(2026, 3, 1) }, seen);
  return { desktop: open, seen };
}

/** A running thread keeps a message port open. */
const threads = () => process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length;
const THREADS_BEFORE = threads();

function crop(screen: Screen, { x, y, width, height }: Rectangle): Uint8Array {
  const rows = Array.from({ length: height }, (_, i) => {
    const at = 4 * ((y + i) * screen.width + x);
    return screen.pixels.slice(at, at + 4 * width);
  });
  return new Uint8Array(Buffer.concat(rows));
}

describe('the simulated desktop in its thread', () => {
  it('has a whole opaque picture in shared memory when it opens, and sends a pointer', async () => {
    const { desktop, seen } = await start();
    expect(desktop.screen.pixels.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(desktop.screen.pixels.length).toBe(4 * WIDTH * HEIGHT);
    expect(desktop.screen.pixels.every((value, i) => i % 4 !== 3 || value === 255)).toBe(true);
    await expect.poll(() => seen.cursors).toHaveLength(1);
    const [cursor] = seen.cursors;
    expect(cursor?.rgba.length).toBe(4 * (cursor?.width ?? 0) * (cursor?.height ?? 0));
  });

  it('shows typed Japanese, the very pixels that drawing it apart gives, and reports them as damage', async () => {
    const { desktop, seen } = await start();
    const text = '転入届 3件 OK';
    const expected = expectedNotepadText(text, WIDTH, HEIGHT);
    expect(crop(desktop.screen, expected.rectangle)).not.toEqual(expected.pixels);
    for (const character of text) {
      const point = character.codePointAt(0) ?? 0;
      desktop.input({ type: 'key', down: true, keysym: point < 0x100 ? point : 0x0100_0000 + point });
    }
    await expect.poll(() => crop(desktop.screen, expected.rectangle)).toEqual(expected.pixels);
    const { x, y, width } = expected.rectangle;
    await expect
      .poll(() => seen.damages.some((r) => r.y <= y && r.y + r.height > y && r.x + r.width >= x + width))
      .toBe(true);
  });

  it('moves its picture by itself, inside its window only', async () => {
    const { seen } = await start();
    const picture = contentOf(windowOf(startWindows(WIDTH, HEIGHT), 'picture'));
    await expect.poll(() => seen.damages).toContainEqual(picture);
  });

  it('grants a size in its range with a new picture, and no other', async () => {
    const { desktop, seen } = await start();
    const before = desktop.screen;
    expect(await desktop.resize(1024, 700)).toBe(true);
    expect(seen.screens).toEqual([desktop.screen]);
    expect([desktop.screen.width, desktop.screen.height, desktop.screen.pixels.length]).toEqual([
      1024,
      700,
      4 * 1024 * 700,
    ]);
    expect(desktop.screen.pixels.buffer).not.toBe(before.pixels.buffer);
    expect(await desktop.resize(320, 200)).toBe(false);
    expect(await desktop.resize(1920, 1201)).toBe(false);
    expect(desktop.screen.width).toBe(1024);
  });

  it('shows a notice', async () => {
    const { desktop, seen } = await start();
    desktop.notice('この端末が登録されました。');
    await expect.poll(() => seen.damages).toContainEqual(noticeOf(WIDTH, HEIGHT));
  });

  it('shows nothing of what was open once it is locked, takes no key, and is open again for the next', async () => {
    const { desktop } = await start();
    const fresh = desktop.screen.pixels.slice();
    desktop.input({ type: 'key', down: true, keysym: 0x78 });
    await desktop.lock();
    const locked = desktop.screen.pixels.slice();
    const text = expectedNotepadText('x', WIDTH, HEIGHT);
    expect(crop(desktop.screen, text.rectangle)).not.toEqual(text.pixels);
    expect(Buffer.compare(locked, fresh)).not.toBe(0);
    desktop.input({ type: 'key', down: true, keysym: 0x78 });
    desktop.input({ type: 'pointer', buttons: 1, x: 400, y: 300 });
    desktop.notice('himitsu');
    // Answered after what was sent before it.
    expect(await desktop.resize(WIDTH + 1, HEIGHT)).toBe(true);
    expect(await desktop.resize(WIDTH, HEIGHT)).toBe(true);
    expect(Buffer.compare(desktop.screen.pixels, locked)).toBe(0);
    desktop.close();
    await expect(desktop.lock()).rejects.toThrow('LOCK_FAILED');
    expect(Buffer.compare((await start()).desktop.screen.pixels, fresh)).toBe(0);
  });

  it('reports nothing after close, and ends its thread', async () => {
    const { desktop, seen } = await start();
    desktop.notice('…');
    expect(threads()).toBeGreaterThan(THREADS_BEFORE);
    desktop.close();
    desktop.close();
    const counted = seen.damages.length;
    await expect.poll(() => threads()).toBe(THREADS_BEFORE);
    expect(await desktop.resize(1024, 700)).toBe(false);
    desktop.input({ type: 'key', down: true, keysym: 0x61 });
    expect([seen.damages.length, seen.refusals]).toEqual([counted, []]);
  });
});
