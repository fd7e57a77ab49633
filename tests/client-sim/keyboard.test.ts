import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IDLE_KEYBOARD, pressKey } from '#agent/desktop/office/keys.ts';
import { keysFor } from '#client-sim/keyboard.ts';
import { Failure } from '#platform/process/exit.ts';

/** What the simulated desktop reads from the events. */
function read(text: string): string {
  let keyboard = IDLE_KEYBOARD;
  let result = '';
  for (const event of keysFor(text)) {
    if (event.type === 'pointer') throw new Error('a pointer in a text');
    const { keyboard: next, stroke } = pressKey(keyboard, event);
    keyboard = next;
    if (stroke?.type === 'text') result += stroke.character;
    if (stroke?.type === 'key') result += { Enter: '\n', Tab: '\t' }[stroke.key as string] ?? `<${stroke.key}>`;
  }
  expect(keyboard.held.size).toBe(0);
  return result;
}

describe('typing a text', () => {
  it('arrives as it was written, ASCII and Japanese mixed', () => {
    const text = 'Hello, LGWAN! ~`{}[]|\\@^_ ¥1,000\n転入届\tテレワーク𠮷野家é';
    expect(read(text)).toBe(text);
  });

  it('arrives whatever printable text it is', () => {
    const printable = fc.oneof(
      fc.integer({ min: 0x20, max: 0x7e }),
      fc.integer({ min: 0x3041, max: 0x3096 }),
      fc.integer({ min: 0x4e00, max: 0x9fff }),
    );
    fc.assert(
      fc.property(fc.array(printable), (points) => {
        const text = String.fromCodePoint(...points);
        expect(read(text)).toBe(text);
      }),
    );
  });

  it('uses physical keys for ASCII only', () => {
    expect(keysFor('aあ').map(({ type }) => type)).toEqual(['physical-key', 'physical-key', 'key', 'key']);
  });

  it('releases every key right after it was pressed, Shift around it', () => {
    const events = keysFor('A').map((event) => (event.type === 'physical-key' ? [event.code, event.down] : null));
    expect(events).toEqual([
      [0x2a, true],
      [0x1e, true],
      [0x1e, false],
      [0x2a, false],
    ]);
  });

  it('takes the line ends of Windows for one Enter', () => {
    expect(keysFor('\r\n')).toEqual(keysFor('\n'));
  });

  it('refuses other control characters without repeating the text', () => {
    for (const text of ['secret\u001b', 'a\u0000', '\u0085', '\ud800']) {
      expect(() => keysFor(text)).toThrow(Failure);
      expect(() => keysFor(text)).not.toThrow(/secret/);
    }
  });
});
