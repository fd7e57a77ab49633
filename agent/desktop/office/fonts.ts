// The typeface of the simulated desktop, from an npm package: no font of the system is needed.
import { fileURLToPath } from 'node:url';
import { createCanvas, GlobalFonts, type SKRSContext2D } from '@napi-rs/canvas';
import type { Measure } from './office.ts';

const PACKAGE = '@expo-google-fonts/noto-sans-jp';
const REGULAR = 'Office Sans';
const BOLD = 'Office Sans Bold';

GlobalFonts.registerFromPath(
  fileURLToPath(import.meta.resolve(`${PACKAGE}/400Regular/NotoSansJP_400Regular.ttf`)),
  REGULAR,
);
GlobalFonts.registerFromPath(fileURLToPath(import.meta.resolve(`${PACKAGE}/700Bold/NotoSansJP_700Bold.ttf`)), BOLD);

/** @param size in pixels */
export const regular = (size: number): string => `${size}px "${REGULAR}"`;
export const bold = (size: number): string => `${size}px "${BOLD}"`;

export const NOTEPAD_FONT = regular(17);

/** Measures in the notepad's font. Whole pixels, so that a letter's picture doesn't depend on the letters before it. */
export function notepadMeasure(): Measure {
  const context = createCanvas(1, 1).getContext('2d');
  context.font = NOTEPAD_FONT;
  const known = new Map<string, number>();
  return (character) => {
    const width = known.get(character) ?? Math.max(1, Math.round(context.measureText(character).width));
    known.set(character, width);
    return width;
  };
}

/** One line of text with its middle at `y`; cut to `width` pixels. */
export function drawText(context: SKRSContext2D, text: string, x: number, y: number, width: number): void {
  context.textBaseline = 'middle';
  let shown = text;
  while (shown.length > 1 && context.measureText(shown).width > width) shown = `${shown.slice(0, -2)}…`;
  context.fillText(shown, x, y);
}
