// The 109 keys of a Japanese keyboard and what a program on an X desktop with the keymap jp106 is told of each.

/** KeyboardEvent.code, what stands on the key, X keycode, keysym, keysym with Shift. */
export type Row = readonly [code: string, legend: string, keycode: number, keysym: string, shifted: string];

/** The keys that other keyboards have not, or have with another meaning. */
export const JAPANESE: readonly Row[] = [
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
export const COMMON: readonly Row[] = [
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
export const KEYPAD: readonly Row[] = [
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
export const LOCKS: readonly string[] = ['CapsLock', 'ScrollLock'];

function letters(row: string, first: number): Row[] {
  return Array.from(row, (letter, i): Row => [`Key${letter}`, letter, first + i, letter.toLowerCase(), letter]);
}
