// noVNC's own table of physical keys, which its package does not export: what the page sends for a KeyboardEvent.code.
const TABLE = '../../node_modules/@novnc/novnc/core/input/xtscancodes.js';
const codes: Readonly<Record<string, number>> = (await import(TABLE)).default;

/** As a QEMU key event carries it: what a keyboard says after 0xe0 has the eighth bit. @throws Error if noVNC knows none */
export function scanCodeOf(code: string): number {
  const found = codes[code];
  if (found === undefined) throw new Error(`noVNC does not know ${code}`);
  return found > 0xff ? 0x80 | (found & 0x7f) : found;
}

const names = new Map(Object.keys(codes).map((code) => [scanCodeOf(code), code] as const));

/** @returns KeyboardEvent.code of the key with this scan code */
export function domCodeOf(scanCode: number): string {
  const name = names.get(scanCode);
  if (name === undefined) throw new Error(`noVNC has no key 0x${scanCode.toString(16)}`);
  return name;
}
