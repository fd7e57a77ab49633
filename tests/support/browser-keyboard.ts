// A Japanese keyboard at the browser: real key events by physical key, since Playwright's own keyboard is an American one.
import type { Page } from 'playwright-core';
import { JIS_KEYS, jisCodeOf } from '#protocol/inner/jis-keyboard.ts';
import { domCodeOf } from './novnc-codes.ts';

export interface Stroke {
  /** KeyboardEvent.code */
  readonly code: string;
  /** What the browser believes that it means: KeyboardEvent.key. */
  readonly key: string;
}

const SHIFT: Stroke = { code: 'ShiftLeft', key: 'Shift' };
const SHIFT_MODIFIER = 8;

/** Presses and releases each key in turn; the page's own handlers see every event before the next one comes. */
export async function strikeKeys(page: Page, strokes: readonly (Stroke & { shift?: boolean })[]): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const event = (down: boolean, { code, key }: Stroke, modifiers = 0) =>
    devtools.send('Input.dispatchKeyEvent', { type: down ? 'rawKeyDown' : 'keyUp', code, key, modifiers });
  try {
    for (const { shift = false, ...stroke } of strokes) {
      const modifiers = shift ? SHIFT_MODIFIER : 0;
      if (shift) await event(true, SHIFT, modifiers);
      await event(true, stroke, modifiers);
      await event(false, stroke, modifiers);
      if (shift) await event(false, SHIFT);
    }
  } finally {
    await devtools.detach();
  }
}

/** @param text printable ASCII and '\n' */
export const typeAtPage = (page: Page, text: string): Promise<void> =>
  strikeKeys(
    page,
    Array.from(text, (character) => {
      if (character === '\n') return { code: domCodeOf(JIS_KEYS.Enter.code), key: 'Enter' };
      const key = jisCodeOf(character);
      if (!key) throw new Error('no key of a Japanese keyboard');
      return { code: domCodeOf(key.code), key: character, shift: key.shift };
    }),
  );
