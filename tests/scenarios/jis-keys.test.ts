// Every key of a Japanese keyboard, pressed at the client and seen by a program on a real X desktop: it is the physical
// key that travels, so what it means is decided by the desktop's own keymap, whatever the client's side believes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NEEDED_FOR_VNC_DESKTOP, startVncDesktop, type VncDesktop } from '#lab/vnc-desktop.ts';
import { connectInProcess, type InProcessClient, type View } from '#tests/support/in-process-client.ts';
import { COMMON, JAPANESE, KEYPAD, LOCKS } from '#tests/support/jis-table.ts';
import { needs } from '#tests/support/need.ts';
import { scanCodeOf } from '#tests/support/novnc-codes.ts';
import { useSystem } from '#tests/support/system.ts';
import { watchXKeys, type XKey, type XKeyWatch } from '#tests/support/x-keys.ts';

const SIZE = { width: 640, height: 400 };

describe.skipIf(!needs(...NEEDED_FOR_VNC_DESKTOP, 'xev'))('the keys of a JIS keyboard at a real X desktop', () => {
  let desktop: VncDesktop;
  let keys: XKeyWatch;
  beforeAll(async () => {
    desktop = await startVncDesktop({ ...SIZE, xterm: false });
    keys = await watchXKeys(desktop.env, SIZE);
  });
  afterAll(async () => {
    await keys?.stop();
    await desktop?.stop();
  });

  const up = useSystem(() => [{ name: 'vnc-01', kind: 'vnc', address: desktop.address }]);
  let client: InProcessClient;
  let view: View;
  beforeAll(async () => {
    client = await connectInProcess(up.system, up.tanaka);
    view = await client.open(up.system.desktops[0] as string);
    await view.picture.complete;
  });
  afterAll(() => client?.close());

  /** What the desktop saw of these, one after the other. */
  async function send(...events: readonly { code: number; down: boolean; keysym?: number }[]): Promise<XKey[]> {
    for (const { code, down, keysym = 0 } of events) view.session.input({ type: 'physical-key', down, keysym, code });
    return await keys.take(events.length);
  }

  /** @returns X keycode and keysym, or all that the desktop saw if that was no press and release of one key */
  async function strike(code: string, keysym = 0): Promise<unknown[]> {
    const stroke = [true, false].map((down) => ({ code: scanCodeOf(code), down, keysym }));
    const [pressed, released] = await send(...stroke);
    if (LOCKS.includes(code)) await send(...stroke);
    const one = pressed?.down && !released?.down && pressed.keycode === released?.keycode;
    return one && pressed.keysym === released.keysym ? [pressed.keycode, pressed.keysym] : [pressed, released];
  }

  it.each([
    ['that only it has', JAPANESE],
    ['that it shares with others', COMMON],
    ['of its keypad', KEYPAD],
  ])('brings every key %s to the program as that key', async (_, rows) => {
    const seen: unknown[] = [];
    for (const [code, legend] of rows) seen.push([code, legend, ...(await strike(code))]);
    expect(seen).toEqual(rows.map(([code, legend, keycode, keysym]) => [code, legend, keycode, keysym]));

    seen.length = 0;
    await send({ code: scanCodeOf('ShiftLeft'), down: true });
    for (const [code, legend] of rows) seen.push([code, legend, ...(await strike(code))]);
    await send({ code: scanCodeOf('ShiftLeft'), down: false });
    expect(seen).toEqual(rows.map(([code, legend, keycode, , shifted]) => [code, legend, keycode, shifted]));
  });

  it.each([
    ['ro, as a keyboard of another country has it', 0x5c],
    ['yen, as a Mac says', 0xa5],
    ['あ, as an input method says', 0x0100_3042],
  ])('does not ask what the client believes that a key means: %s', async (_, believed) => {
    const seen: unknown[] = [];
    for (const [code, legend] of JAPANESE) seen.push([code, legend, ...(await strike(code, believed))]);
    expect(seen).toEqual(JAPANESE.map(([code, legend, keycode, keysym]) => [code, legend, keycode, keysym]));
  });

  it('leaves nothing held when the session ends while keys are down', async () => {
    const held = ['ShiftLeft', 'KeyA', 'Convert'].map((code) => ({ code: scanCodeOf(code), down: true }));
    const pressed = await send(...held);
    expect(pressed.map(({ down }) => down)).toEqual([true, true, true]);
    view.session.end();
    const released = await keys.take(3);
    expect(released.map(({ down }) => down)).toEqual([false, false, false]);
    expect(released.map(({ keycode }) => keycode).toSorted()).toEqual(pressed.map(({ keycode }) => keycode).toSorted());
  });
});
