// A real TigerVNC desktop through gateway, broker and agent. What is typed is read on the X side; what the client shows
// is compared with what a second, independent reader is shown by the VNC server.

import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { keysFor } from '#client-sim/keyboard.ts';
import { run } from '#lab/process.ts';
import { NEEDED_FOR_VNC_DESKTOP, startVncDesktop, type VncDesktop } from '#lab/vnc-desktop.ts';
import { paintOnX } from '#lab/x-picture.ts';
import type { Region } from '#protocol/inner/screen/rectangle.ts';
import { createFramebuffer } from '#rfb/framebuffer.ts';
import { drawTight, type TightContents } from '#rfb/tight.ts';
import { decodeJpeg } from '#tests/support/frame-client.ts';
import { connectInProcess, type InProcessClient, type View } from '#tests/support/in-process-client.ts';
import { needs } from '#tests/support/need.ts';
import { expectThroughWatermark, type Picture } from '#tests/support/pictures.ts';
import { readRawPicture } from '#tests/support/raw-rfb.ts';
import { photo, psnr } from '#tests/support/shared-screen.ts';
import { useSystem } from '#tests/support/system.ts';
import { endOf } from '#web/core/ends.ts';

const WAIT = { timeout: 15_000, interval: 100 };
const SIZE = { width: 640, height: 400 };
/** What a JPEG rectangle must be at least, noise and the hard edges of the watermark included. */
const PSNR_MIN_DB = 27;
const PHOTO = { x: 192, y: 128, width: 320, height: 192 };
const PRINTABLE = Array.from({ length: 0x5f }, (_, i) => String.fromCharCode(0x20 + i)).join('');

describe.skipIf(!needs(...NEEDED_FOR_VNC_DESKTOP))('a real TigerVNC desktop through the whole path', () => {
  const folder = mkdtempSync(join(tmpdir(), 'telework-vnc-'));
  /** Where the agent looks for the desktop; it leads to whichever server runs. */
  const link = join(folder, 'desktop.sock');
  const wrongPassword = join(folder, 'wrong-password');
  let desktop: VncDesktop;
  let locked: VncDesktop;

  beforeAll(async () => {
    [desktop, locked] = await Promise.all([
      startVncDesktop({ ...SIZE, xterm: true }),
      startVncDesktop({ ...SIZE, xterm: false, password: 'himitsu' }),
    ]);
    symlinkSync(desktop.socketPath, link);
    writeFileSync(wrongPassword, 'chigau\n', { mode: 0o600 });
  });
  afterAll(async () => {
    await Promise.all([desktop?.stop(), locked?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const up = useSystem(() => [
    { name: 'vnc-01', kind: 'vnc', address: `unix:${link}` },
    { name: 'vnc-02', kind: 'vnc', address: locked.address, passwordFile: locked.passwordFile },
    { name: 'vnc-03', kind: 'vnc', address: locked.address, passwordFile: wrongPassword },
  ]);
  const idOf = (name: string) => up.system.desktops.find((id) => id.endsWith(name)) as string;

  let client: InProcessClient;
  let view: View;
  beforeAll(async () => {
    client = await connectInProcess(up.system, up.tanaka);
    await open('vnc-01');
  });
  afterAll(() => client?.close());

  async function open(name: string): Promise<void> {
    view = await client.open(idOf(name));
    await view.picture.complete;
  }

  const showsTheDesktop = () =>
    vi.waitFor(async () => {
      expectThroughWatermark(view.picture, view.watermarks, [await readRawPicture(desktop.socketPath)]);
    }, WAIT);

  async function type(text: string): Promise<void> {
    for (const event of keysFor(text)) {
      view.session.input(event);
      // Two thirds of the input lane's rate
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  }

  it('brings every printable ASCII character to the xterm by the keys of a JIS keyboard', async () => {
    await type(`${PRINTABLE}\n`);
    await vi.waitFor(() => expect(desktop.typed()).toBe(`${PRINTABLE}\n`), WAIT);
  });

  it('shows what the server shows, under the watermark, pixel for pixel', async () => {
    await showsTheDesktop();
  });

  it('sends text exactly and photos as good JPEG first; at rest every pixel is exact', async () => {
    await paintOnX(desktop.env, PHOTO, photo(1));
    await showsTheDesktop();
    // From here on nothing moves, so all that comes is of one picture.
    const before = view.stream.rectangles.length;
    view.session.refresh();
    await vi.waitFor(() => {
      const area = view.stream.rectangles.slice(before).reduce((sum, { region }) => sum + areaOf(region), 0);
      expect(area).toBeGreaterThanOrEqual(SIZE.width * SIZE.height + areaOf(PHOTO));
    }, WAIT);
    await showsTheDesktop();

    const sent = view.stream.rectangles.slice(before);
    const jpegs = sent.filter(({ contents }) => contents.kind === 'jpeg');
    expect(jpegs.length).toBeGreaterThan(0);
    for (const { region, contents } of sent) {
      const got = await drawn(region, contents);
      const wanted = crop(view.picture, region);
      if (contents.kind === 'jpeg') expect(psnr(got, wanted)).toBeGreaterThan(PSNR_MIN_DB);
      else expect(Buffer.compare(got, wanted)).toBe(0);
    }
  });

  it('takes another size', async () => {
    view.session.resize(800, 500);
    await vi.waitFor(() => expect([view.picture.width, view.picture.height]).toEqual([800, 500]), WAIT);
    await showsTheDesktop();
  });

  it('tells the client under the session’s keys when the server dies, and opens anew when it is back', async () => {
    const { pid } = up.system.processes.agent;
    await desktop.kill();
    expect(await view.ended).toEqual({ code: 'DESKTOP_LOST', authentic: true });
    const away = async () => endOf(await openNow('vnc-01'));
    await vi.waitFor(async () => expect(await away()).toEqual({ code: 'DESKTOP_OFFLINE', authentic: true }), WAIT);

    await desktop.stop();
    desktop = await startVncDesktop({ ...SIZE, xterm: true });
    rmSync(link);
    symlinkSync(desktop.socketPath, link);
    await open('vnc-01');
    await type('back\n');
    await vi.waitFor(() => expect(desktop.typed()).toBe('back\n'), WAIT);
    await showsTheDesktop();
    expect(up.system.processes.agent.pid).toBe(pid);
    expect(() => process.kill(pid, 0)).not.toThrow();
  });

  it('opens a desktop that asks for a password, and none with a wrong one', async () => {
    view.session.end();
    await open('vnc-02');
    await paintOnX(locked.env, { x: 0, y: 0, ...SIZE }, photo(2));
    const painted = pictureOf(photo(2));
    await vi.waitFor(() => expectThroughWatermark(view.picture, view.watermarks, [painted]), WAIT);

    view.session.end();
    const wrong = async () => endOf(await openNow('vnc-03'));
    await vi.waitFor(async () => expect(await wrong()).toEqual({ code: 'DESKTOP_OFFLINE', authentic: true }), WAIT);
  });

  /** @returns why it did not open */
  const openNow = (name: string): Promise<unknown> =>
    open(name).then(
      () => new Error(`${name} opened`),
      (error) => error,
    );
});

describe.skipIf(!needs(...NEEDED_FOR_VNC_DESKTOP))('npm start -- --vnc', () => {
  it('checks itself at a real desktop', async () => {
    const desktop = await startVncDesktop({ ...SIZE, xterm: true });
    const state = mkdtempSync(join(tmpdir(), 'telework-vnc-start-'));
    try {
      const args = ['--once', '--json', '--vnc', desktop.address, '--port', '0', '--state', state];
      const { code, stdout, stderr } = await run('lab/main.ts', args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ desktop: '999999/soumu/vnc-01', ...SIZE });
      expect(desktop.typed()).toContain('Hello, LGWAN!\n');
    } finally {
      await desktop.stop();
      rmSync(state, { recursive: true, force: true });
    }
  });
});

const areaOf = ({ width, height }: Region) => width * height;

/** One rectangle of the stream by itself: width * height pixels. */
async function drawn({ width, height }: Region, contents: TightContents): Promise<Uint8Array> {
  const picture = createFramebuffer(width, height);
  await drawTight(picture, { x: 0, y: 0, width, height }, contents, decodeJpeg);
  return picture.pixels;
}

function crop(picture: Picture, { x, y, width, height }: Region): Uint8Array {
  const rows = Array.from({ length: height }, (_, row) => {
    const at = 4 * ((y + row) * picture.width + x);
    return picture.pixels.subarray(at, at + 4 * width);
  });
  return new Uint8Array(Buffer.concat(rows));
}

function pictureOf(paint: (x: number, y: number) => number): Picture {
  const { width, height } = SIZE;
  const words = Uint32Array.from(
    { length: width * height },
    (_, i) => paint(i % width, Math.floor(i / width)) | 0xff00_0000,
  );
  return { width, height, pixels: new Uint8Array(words.buffer) };
}
