// Every key of a Japanese keyboard, pressed at the client and seen by a program on a real X desktop: it is the physical
// key that travels, so what it means is decided by the desktop's own keymap, whatever the client's side believes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NEEDED_FOR_VNC_DESKTOP, startVncDesktop, type VncDesktop } from '#lab/vnc-desktop.ts';
import { connectInProcess, type InProcessClient, type View } from '#tests/support/in-process-client.ts';
import { needs } from '#tests/support/need.ts';
import { useSystem } from '#tests/support/system.ts';
import { watchXKeys, type XKey, type XKeyWatch } from '#tests/support/x-keys.ts';

const SIZE = { width: 640, height: 400 };

/** noVNC's own table, which its package does not export: KeyboardEvent.code → set 1 scan code. */
const NOVNC_TABLE = '../../node_modules/@novnc/novnc/core/input/xtscancodes.js';

/** KeyboardEvent.code, what stands on the key, X keycode, keysym, keysym with Shift. */
type Row = readonly [code: string, legend: string, keycode: number, keysym: string, shifted: string];

/** The keys that other keyboards have not, or have with another meaning. */
const JAPANESE: readonly Row[] = [
  ['Backquote', '半角/全角', 49, 'Zenkaku_Hankaku', 'Zenkaku_Hankaku'],
  ['Convert', '変換', 100, 'Henkan_Mode', 'Henkan_Mode'],
  ['NonConvert', '無変換', 102, 'Muhenkan', 'Muhenkan'],
  ['KanaMode', 'カタカナ ひらがな ローマ字', 101, 'Hiragana_Katakana', 'Hiragana_Katakana'],
  ['CapsLock', '英数', 66, 'Eisu_toggle', 'Caps_Lock'],
  ['Digit2', '2 " ふ', 11, '2', 'quotedbl'],
  ['Digit6', '6 & お', 15, '6', 'ampersand'],
  ['Digit7', "7 ' や", 16, '7', 'apostrophe'],
  ['Digit8', '8 ( ゆ', 17, '8', 'parenleft'],
  ['Digit9', '9 ) よ', 18, '9', 'parenright'],
  ['Digit0', '0 わ を', 19, '0', 'asciitilde'],
  ['Minus', '- = ほ', 20, 'minus', 'equal'],
  ['Equal', '^ ~ へ', 21, 'asciicircum', 'asciitilde'],
  ['IntlYen', '¥ | ー', 132, 'backslash', 'bar'],
  ['BracketLeft', '@ ` ゛', 34, 'at', 'grave'],
  ['BracketRight', '[ { ゜', 35, 'bracketleft', 'braceleft'],
  ['Semicolon', '; + れ', 47, 'semicolon', 'plus'],
  ['Quote', ': * け', 48, 'colon', 'asterisk'],
  ['Backslash', '] } む', 51, 'bracketright', 'braceright'],
  ['IntlRo', '\\ _ ろ', 97, 'backslash', 'underscore'],
];

/** The others of the 109. */
const COMMON: readonly Row[] = [
  ['Escape', 'Esc', 9, 'Escape', 'Escape'],
  ...Array.from({ length: 10 }, (_, i): Row => [`F${i + 1}`, `F${i + 1}`, 67 + i, `F${i + 1}`, `F${i + 1}`]),
  ['F11', 'F11', 95, 'F11', 'F11'],
  ['F12', 'F12', 96, 'F12', 'F12'],
  ['Digit1', '1 ! ぬ', 10, '1', 'exclam'],
  ['Digit3', '3 # あ', 12, '3', 'numbersign'],
  ['Digit4', '4 $ う', 13, '4', 'dollar'],
  ['Digit5', '5 % え', 14, '5', 'percent'],
  ['Backspace', 'Backspace', 22, 'BackSpace', 'BackSpace'],
  ['Tab', 'Tab', 23, 'Tab', 'ISO_Left_Tab'],
  ...letters('QWERTYUIOP', 24),
  ...letters('ASDFGHJKL', 38),
  ['Enter', 'Enter', 36, 'Return', 'Return'],
  ...letters('ZXCVBNM', 52),
  ['Comma', ', < ね', 59, 'comma', 'less'],
  ['Period', '. > る', 60, 'period', 'greater'],
  ['Slash', '/ ? め', 61, 'slash', 'question'],
  ['Space', '', 65, 'space', 'space'],
  ['ControlLeft', 'Ctrl', 37, 'Control_L', 'Control_L'],
  ['ControlRight', 'Ctrl', 105, 'Control_R', 'Control_R'],
  ['ShiftRight', 'Shift', 62, 'Shift_R', 'Shift_R'],
  ['AltLeft', 'Alt', 64, 'Alt_L', 'Meta_L'],
  ['AltRight', 'Alt', 108, 'Alt_R', 'Meta_R'],
  ['MetaLeft', 'Windows', 133, 'Super_L', 'Super_L'],
  ['MetaRight', 'Windows', 134, 'Super_R', 'Super_R'],
  ['ContextMenu', 'アプリケーション', 135, 'Menu', 'Menu'],
  ['PrintScreen', 'PrtSc', 107, 'Print', 'Print'],
  ['Pause', 'Pause', 127, 'Pause', 'Pause'],
  ['ScrollLock', 'ScrLk', 78, 'Scroll_Lock', 'Scroll_Lock'],
  ['Insert', 'Ins', 118, 'Insert', 'Insert'],
  ['Delete', 'Del', 119, 'Delete', 'Delete'],
  ['Home', 'Home', 110, 'Home', 'Home'],
  ['End', 'End', 115, 'End', 'End'],
  ['PageUp', 'PgUp', 112, 'Prior', 'Prior'],
  ['PageDown', 'PgDn', 117, 'Next', 'Next'],
  ['ArrowUp', '↑', 111, 'Up', 'Up'],
  ['ArrowLeft', '←', 113, 'Left', 'Left'],
  ['ArrowDown', '↓', 116, 'Down', 'Down'],
  ['ArrowRight', '→', 114, 'Right', 'Right'],
  ['NumpadDivide', '/', 106, 'KP_Divide', 'KP_Divide'],
  ['NumpadMultiply', '*', 63, 'KP_Multiply', 'KP_Multiply'],
  ['NumpadSubtract', '-', 82, 'KP_Subtract', 'KP_Subtract'],
  ['NumpadAdd', '+', 86, 'KP_Add', 'KP_Add'],
  ['NumpadEnter', 'Enter', 104, 'KP_Enter', 'KP_Enter'],
];

/** Switched on by the first; Shift makes arrows of it. */
const KEYPAD: readonly Row[] = [
  ['NumLock', 'Num', 77, 'Num_Lock', 'Num_Lock'],
  ['Numpad7', '7', 79, 'KP_7', 'KP_Home'],
  ['Numpad8', '8', 80, 'KP_8', 'KP_Up'],
  ['Numpad9', '9', 81, 'KP_9', 'KP_Prior'],
  ['Numpad4', '4', 83, 'KP_4', 'KP_Left'],
  ['Numpad5', '5', 84, 'KP_5', 'KP_Begin'],
  ['Numpad6', '6', 85, 'KP_6', 'KP_Right'],
  ['Numpad1', '1', 87, 'KP_1', 'KP_End'],
  ['Numpad2', '2', 88, 'KP_2', 'KP_Down'],
  ['Numpad3', '3', 89, 'KP_3', 'KP_Next'],
  ['Numpad0', '0', 90, 'KP_0', 'KP_Insert'],
  ['NumpadDecimal', '.', 91, 'KP_Decimal', 'KP_Delete'],
];

/** Struck twice, so that the next row finds them as they were. Num Lock stays on while the keypad is tried. */
const LOCKS = ['CapsLock', 'ScrollLock'];
const SHIFT = 0x2a;

function letters(row: string, first: number): Row[] {
  return Array.from(row, (letter, i): Row => [`Key${letter}`, letter, first + i, letter.toLowerCase(), letter]);
}

describe.skipIf(!needs(...NEEDED_FOR_VNC_DESKTOP, 'xev'))('the keys of a JIS keyboard at a real X desktop', () => {
  let desktop: VncDesktop;
  let keys: XKeyWatch;
  let codes: Readonly<Record<string, number>>;
  beforeAll(async () => {
    codes = (await import(NOVNC_TABLE)).default;
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

  /** As noVNC sends it: what a keyboard says after 0xe0 has the eighth bit. */
  function scanCode(code: string): number {
    const found = codes[code];
    if (found === undefined) throw new Error(`noVNC does not know ${code}`);
    return found > 0xff ? 0x80 | (found & 0x7f) : found;
  }

  /** What the desktop saw of these, one after the other. */
  async function send(...events: readonly { code: number; down: boolean; keysym?: number }[]): Promise<XKey[]> {
    for (const { code, down, keysym = 0 } of events) view.session.input({ type: 'physical-key', down, keysym, code });
    return await keys.take(events.length);
  }

  /** @returns X keycode and keysym, or all that the desktop saw if that was no press and release of one key */
  async function strike(code: string, keysym = 0): Promise<unknown[]> {
    const stroke = [true, false].map((down) => ({ code: scanCode(code), down, keysym }));
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
    await send({ code: SHIFT, down: true });
    for (const [code, legend] of rows) seen.push([code, legend, ...(await strike(code))]);
    await send({ code: SHIFT, down: false });
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
    const held = ['ShiftLeft', 'KeyA', 'Convert'].map((code) => ({ code: scanCode(code), down: true }));
    const pressed = await send(...held);
    expect(pressed.map(({ down }) => down)).toEqual([true, true, true]);
    view.session.end();
    const released = await keys.take(3);
    expect(released.map(({ down }) => down)).toEqual([false, false, false]);
    expect(released.map(({ keycode }) => keycode).toSorted()).toEqual(pressed.map(({ keycode }) => keycode).toSorted());
  });
});
