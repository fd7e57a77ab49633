// Input towards a VNC server: which message an event becomes, and what is still held down.
import { JIS_KEYS, jisCharacter, jisKeyOfCode } from '#protocol/inner/jis-keyboard.ts';
import { type InputEvent, inputMessage, PLAIN_BUTTONS } from '#protocol/inner/profile.ts';
import type { Size } from '#protocol/inner/screen/rectangle.ts';

type KeyEvent = Extract<InputEvent, { type: 'key' | 'physical-key' }>;

/** More keys than two hands hold; what is pressed beyond is not taken (T18). */
const HELD_MAX = 32;

const SHIFT_CODES = [JIS_KEYS.ShiftLeft.code, JIS_KEYS.ShiftRight.code].map((code) => `code ${code}`);

/** Remembers what is down, so that a session that ends leaves no key behind. */
export class VncInput {
  readonly #held = new Map<string, { keysym: number; code: number | null }>();
  readonly #send: (message: Uint8Array) => void;
  #pointer = { buttons: 0, x: 0, y: 0 };
  /** The server understands physical keys; else the keysym has to do. */
  physicalKeys = false;
  /** The server understands back and forward. */
  extendedButtons = false;

  constructor(send: (message: Uint8Array) => void) {
    this.#send = send;
  }

  handle(event: InputEvent, screen: Size): void {
    if (event.type !== 'pointer') {
      this.#key(event);
      return;
    }
    const x = Math.min(event.x, screen.width - 1);
    const y = Math.min(event.y, screen.height - 1);
    this.#pointer = { buttons: event.buttons, x, y };
    this.#sendPointer();
  }

  releaseAll(): void {
    for (const [name, key] of this.#held) this.#release(name, key);
    if (this.#pointer.buttons === 0) return;
    this.#pointer = { ...this.#pointer, buttons: 0 };
    this.#sendPointer();
  }

  /** Nothing else may be held: what is meant by a key depends on the others. */
  strike(chord: readonly number[]): void {
    this.releaseAll();
    for (const keysym of chord) this.#sendKey(true, { keysym, code: null });
    for (const keysym of chord.toReversed()) this.#sendKey(false, { keysym, code: null });
  }

  #key(event: KeyEvent): void {
    const name = event.type === 'physical-key' ? `code ${event.code}` : `keysym ${event.keysym}`;
    if (!event.down) {
      const held = this.#held.get(name);
      // What was never pressed here needs no release
      if (held) this.#release(name, held);
      return;
    }
    // A key that repeats stays the key it was pressed as, whatever the modifiers are by now
    const key = this.#held.get(name) ?? this.#keyOf(event);
    if (!key || this.#held.size >= HELD_MAX) return;
    this.#held.set(name, key);
    this.#sendKey(true, key);
  }

  #release(name: string, key: { keysym: number; code: number | null }): void {
    this.#held.delete(name);
    this.#sendKey(false, key);
  }

  #sendKey(down: boolean, { keysym, code }: { keysym: number; code: number | null }): void {
    this.#send(
      inputMessage(code === null ? { type: 'key', down, keysym } : { type: 'physical-key', down, keysym, code }),
    );
  }

  /** Back and forward are left out for a server that does not know the form with nine buttons. */
  #sendPointer(): void {
    const { buttons, x, y } = this.#pointer;
    this.#send(
      inputMessage({ type: 'pointer', buttons: this.extendedButtons ? buttons : buttons & PLAIN_BUTTONS, x, y }),
    );
  }

  /** null if there is no way to say this key to this server. */
  #keyOf(event: KeyEvent): { keysym: number; code: number | null } | null {
    if (event.type === 'key') return { keysym: event.keysym, code: null };
    if (this.physicalKeys) return { keysym: event.keysym, code: event.code };
    const keysym = event.keysym || this.#keysymOfCode(event.code);
    return keysym === null ? null : { keysym, code: null };
  }

  /** With the client's input method on there is no keysym: what the key means on a Japanese keyboard takes its place. */
  #keysymOfCode(code: number): number | null {
    const key = jisKeyOfCode(code);
    if (key) return JIS_KEYS[key].keysym;
    const shift = SHIFT_CODES.some((name) => this.#held.has(name));
    return jisCharacter(code, shift)?.codePointAt(0) ?? null;
  }
}
