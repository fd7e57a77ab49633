// The physical keys of a Japanese (JIS X 6002, 109 key) keyboard, by the code a QEMU key event carries: set 1 scan
// codes, with 0x80 added for those that a keyboard sends after 0xe0. A keysym says what the client believes a key
// means; the code says which key it is, and stays right while an input method swallows the keysym.

/** code → what the key writes, plain and with Shift. An empty text writes nothing. */
const PRINTED: readonly (readonly [code: number, plain: string, shifted: string])[] = [
  [0x02, '1', '!'],
  [0x03, '2', '"'],
  [0x04, '3', '#'],
  [0x05, '4', '$'],
  [0x06, '5', '%'],
  [0x07, '6', '&'],
  [0x08, '7', "'"],
  [0x09, '8', '('],
  [0x0a, '9', ')'],
  [0x0b, '0', ''],
  [0x0c, '-', '='],
  [0x0d, '^', '~'],
  [0x7d, '¥', '|'],
  [0x10, 'q', 'Q'],
  [0x11, 'w', 'W'],
  [0x12, 'e', 'E'],
  [0x13, 'r', 'R'],
  [0x14, 't', 'T'],
  [0x15, 'y', 'Y'],
  [0x16, 'u', 'U'],
  [0x17, 'i', 'I'],
  [0x18, 'o', 'O'],
  [0x19, 'p', 'P'],
  [0x1a, '@', '`'],
  [0x1b, '[', '{'],
  [0x1e, 'a', 'A'],
  [0x1f, 's', 'S'],
  [0x20, 'd', 'D'],
  [0x21, 'f', 'F'],
  [0x22, 'g', 'G'],
  [0x23, 'h', 'H'],
  [0x24, 'j', 'J'],
  [0x25, 'k', 'K'],
  [0x26, 'l', 'L'],
  [0x27, ';', '+'],
  [0x28, ':', '*'],
  [0x2b, ']', '}'],
  [0x2c, 'z', 'Z'],
  [0x2d, 'x', 'X'],
  [0x2e, 'c', 'C'],
  [0x2f, 'v', 'V'],
  [0x30, 'b', 'B'],
  [0x31, 'n', 'N'],
  [0x32, 'm', 'M'],
  [0x33, ',', '<'],
  [0x34, '.', '>'],
  [0x35, '/', '?'],
  [0x73, '\\', '_'],
  [0x39, ' ', ' '],
];

/** The keypad with Num Lock on. */
const KEYPAD: readonly (readonly [code: number, character: string])[] = [
  [0x37, '*'],
  [0x47, '7'],
  [0x48, '8'],
  [0x49, '9'],
  [0x4a, '-'],
  [0x4b, '4'],
  [0x4c, '5'],
  [0x4d, '6'],
  [0x4e, '+'],
  [0x4f, '1'],
  [0x50, '2'],
  [0x51, '3'],
  [0x52, '0'],
  [0x53, '.'],
  [0xb5, '/'],
];

/** Keys that write nothing, with their code and keysym. */
export const JIS_KEYS = {
  Escape: { code: 0x01, keysym: 0xff1b },
  Backspace: { code: 0x0e, keysym: 0xff08 },
  Tab: { code: 0x0f, keysym: 0xff09 },
  Enter: { code: 0x1c, keysym: 0xff0d },
  ControlLeft: { code: 0x1d, keysym: 0xffe3 },
  ZenkakuHankaku: { code: 0x29, keysym: 0xff2a },
  ShiftLeft: { code: 0x2a, keysym: 0xffe1 },
  ShiftRight: { code: 0x36, keysym: 0xffe2 },
  AltLeft: { code: 0x38, keysym: 0xffe9 },
  CapsLock: { code: 0x3a, keysym: 0xffe5 },
  KanaMode: { code: 0x70, keysym: 0xff27 },
  Convert: { code: 0x79, keysym: 0xff23 },
  NonConvert: { code: 0x7b, keysym: 0xff22 },
  KeypadEnter: { code: 0x9c, keysym: 0xff8d },
  ControlRight: { code: 0x9d, keysym: 0xffe4 },
  AltRight: { code: 0xb8, keysym: 0xffea },
  Home: { code: 0xc7, keysym: 0xff50 },
  Up: { code: 0xc8, keysym: 0xff52 },
  PageUp: { code: 0xc9, keysym: 0xff55 },
  Left: { code: 0xcb, keysym: 0xff51 },
  Right: { code: 0xcd, keysym: 0xff53 },
  End: { code: 0xcf, keysym: 0xff57 },
  Down: { code: 0xd0, keysym: 0xff54 },
  PageDown: { code: 0xd1, keysym: 0xff56 },
  Delete: { code: 0xd3, keysym: 0xffff },
  MetaLeft: { code: 0xdb, keysym: 0xffeb },
  MetaRight: { code: 0xdc, keysym: 0xffec },
} as const;

export type JisKey = keyof typeof JIS_KEYS;

const characterOfCode = new Map<number, readonly [string, string]>([
  ...PRINTED.map(([code, plain, shifted]) => [code, [plain, shifted]] as const),
  ...KEYPAD.map(([code, character]) => [code, [character, character]] as const),
]);
const keyOfCode = new Map<number, JisKey>(
  Object.entries(JIS_KEYS).map(([key, { code }]) => [code, key as JisKey] as const),
);
const keyOfKeysym = new Map<number, JisKey>(
  Object.entries(JIS_KEYS).map(([key, { keysym }]) => [keysym, key as JisKey] as const),
);
const codeOfAscii = new Map<string, { code: number; shift: boolean }>(
  PRINTED.flatMap(([code, plain, shifted]) => [
    [shifted, { code, shift: true }] as const,
    [plain, { code, shift: false }] as const,
  ]).filter(([character]) => /^[\x20-\x7e]$/.test(character)),
);

/** What the key with this code writes; null if it has no character at all, '' if it has none with (or without) Shift. */
export function jisCharacter(code: number, shift: boolean): string | null {
  const characters = characterOfCode.get(code);
  return characters ? characters[shift ? 1 : 0] : null;
}

/** The key that writes nothing with this code. */
export const jisKeyOfCode = (code: number): JisKey | null => keyOfCode.get(code) ?? null;

/** The key that writes nothing with this keysym. */
export const jisKeyOfKeysym = (keysym: number): JisKey | null => keyOfKeysym.get(keysym) ?? null;

/** The key that writes a character of printable ASCII; null for any other character. */
export const jisCodeOf = (character: string): { code: number; shift: boolean } | null =>
  codeOfAscii.get(character) ?? null;
