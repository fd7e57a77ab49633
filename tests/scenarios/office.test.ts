// A teleworker at the simulated office desktop, through gateway, broker and agent. Whatever is done there, the client
// shows f(desktop), pixel for pixel, where f is the watermark.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { contentOf, minimiseOf } from '#agent/desktop/office/layout.ts';
import { type WindowId, windowOf } from '#agent/desktop/office/windows.ts';
import { keysFor } from '#client-sim/keyboard.ts';
import type { InputEvent } from '#protocol/inner/profile.ts';
import { SizeReason, SizeStatus } from '#protocol/inner/screen/rectangle.ts';
import { Suite } from '#protocol/inner/suites.ts';
import { ExpectedOffice } from '#tests/support/expected-office.ts';
import { connectInProcess, type InProcessClient, type View } from '#tests/support/in-process-client.ts';
import { difference, expectThroughWatermark } from '#tests/support/pictures.ts';
import { useSystem } from '#tests/support/system.ts';

/** What rests is refined to lossless after half a second. */
const WAIT = { timeout: 15_000, interval: 100 };
const LEFT = 1;
const WHEEL_DOWN = 16;

describe('the simulated office desktop through the whole path', () => {
  const up = useSystem(() => [{ name: 'pc-01', kind: 'office' }]);
  let client: InProcessClient;
  let view: View;
  let office: ExpectedOffice;

  beforeAll(async () => {
    client = await connectInProcess(up.system, up.tanaka);
    await begin(Suite.p256);
  });
  afterAll(() => client?.close());

  async function begin(suite: Suite): Promise<void> {
    view = await client.open(up.system.desktops[0] as string, suite);
    office = new ExpectedOffice('pc-01', view.picture.width, view.picture.height);
    await view.picture.complete;
  }

  function act(...events: InputEvent[]): void {
    for (const event of events) {
      view.session.input(event);
      office.tell(event);
    }
  }

  const point = (x: number, y: number, buttons = 0): InputEvent => ({ type: 'pointer', buttons, x, y });
  const place = (id: WindowId) => windowOf(office.state.windows, id);

  async function click(x: number, y: number): Promise<void> {
    act(point(x, y), point(x, y, LEFT), point(x, y));
  }

  /** The film is the one thing whose frame nobody knows: it goes to the task bar. */
  async function putFilmAway(): Promise<void> {
    const { x, y, width, height } = minimiseOf(place('picture'));
    await click(x + width / 2, y + height / 2);
  }

  const showsTheOffice = () =>
    vi.waitFor(() => expectThroughWatermark(view.picture, view.watermarks, office.pictures()), WAIT);

  it('tells whoever is at the desktop, under the first suite, that a device was paired', async () => {
    expect(view.suite).toBe(Suite.p256);
    office.tell({ type: 'notice', text: '新しい端末が登録されました: tanaka / A new device was paired: tanaka' });
    await putFilmAway();
    await showsTheOffice();
  });

  it('opens anew under the second suite, and finds the desktop as after switching on', async () => {
    view.session.end();
    expect(await view.ended).toEqual({ code: 'ENDED', authentic: true });
    await begin(Suite.x25519);
    expect(view.suite).toBe(Suite.x25519);
  });

  it('plays a film', async () => {
    const { x, y, width, height } = contentOf(place('picture'));
    const film = () =>
      Array.from({ length: height }, (_, row) => {
        const at = 4 * ((y + row) * view.picture.width + x);
        return Buffer.from(view.picture.pixels.slice(at, at + 4 * width)).toString('base64');
      }).join();
    const seen = new Set<string>();
    await vi.waitFor(() => expect(seen.add(film()).size).toBeGreaterThan(3), WAIT);
  });

  it('shows the desktop under its watermark, and nothing without it', async () => {
    await putFilmAway();
    await showsTheOffice();
    for (const bare of office.pictures()) expect(difference(view.picture, bare)).not.toBeNull();
  });

  it('shows what is typed, in ASCII by JIS keys and in Japanese', async () => {
    act(...keysFor('Hello, LGWAN! \\~^@:_|"\n住民票の写し 3通\n'));
    await showsTheOffice();
  });

  it('scrolls the list by the wheel', async () => {
    const { x, y, width, height } = contentOf(place('list'));
    const middle = [x + Math.round(width * 0.75), y + Math.round(height / 2)] as const;
    for (let notch = 0; notch < 5; notch++) act(point(...middle, WHEEL_DOWN), point(...middle));
    expect(office.state.list.top).toBe(15);
    await showsTheOffice();
  });

  it('drags a window by its title', async () => {
    const before = place('list');
    const hold = [before.x + before.width / 2, before.y + 10] as const;
    act(point(...hold), point(...hold, LEFT));
    for (let i = 1; i <= 10; i++) act(point(hold[0] - 20 * i, hold[1] - 10 * i, LEFT));
    act(point(hold[0] - 200, hold[1] - 100));
    expect(place('list')).toMatchObject({ x: before.x - 200, y: before.y - 100 });
    await showsTheOffice();
  });

  it('takes another size', async () => {
    view.session.resize(1024, 700);
    office.tell({ type: 'resize', width: 1024, height: 700 });
    await showsTheOffice();
    expect([view.picture.width, view.picture.height]).toEqual([1024, 700]);
    expect(view.stream.sizes.at(-1)).toMatchObject({ reason: SizeReason.thisClient, status: SizeStatus.done });
  });

  it('answers a size that the desktop cannot have, and keeps the one it has', async () => {
    const answers = view.stream.sizes.length;
    view.session.resize(320, 200);
    await vi.waitFor(() => expect(view.stream.sizes.length).toBeGreaterThan(answers), WAIT);
    const answer = { width: 1024, height: 700, reason: SizeReason.thisClient, status: SizeStatus.prohibited };
    expect(view.stream.sizes.at(-1)).toMatchObject(answer);
    await showsTheOffice();
  });

  it('sends everything again when the client asks for it', async () => {
    view.stream.rectangles.length = 0;
    view.session.refresh();
    const area = () => view.stream.rectangles.reduce((sum, { region }) => sum + region.width * region.height, 0);
    await vi.waitFor(() => expect(area()).toBeGreaterThanOrEqual(1024 * 700), WAIT);
    await showsTheOffice();
  });
});
