// The user's keys and pointer on their way into the input lane: never above its rate, moves coalesced, and everything that
// was pressed can be let go of. A flood (a wheel that spins freely, a script) costs presses, never a release.
import type { InputEvent } from '#protocol/inner/profile.ts';
import { BURST_SECONDS, INPUT_PER_SECOND } from '#protocol/limits.ts';
import { Paced, type PacedOptions } from './paced.ts';

/** Buttons 4 to 7: each step of a wheel is a press and a release. */
const WHEEL = 0x78;
const ALL_BUTTONS = 0x1ff;
/** Steps of a wheel that wait longer than this would scroll on after the hand has stopped. */
const WHEEL_WAITING_MAX = 10;
/** Input that waits two seconds is of no use to anybody. */
const WAITING_MAX = BURST_SECONDS * INPUT_PER_SECOND;

interface Waiting {
  event: InputEvent;
  /** Nothing but the place of the pointer has changed. */
  move: boolean;
}

export type KeyEvent = Exclude<InputEvent, { type: 'pointer' }>;

export class InputQueue {
  readonly #queue: Paced<Waiting>;
  /** Keys that are down as far as the other end will know. */
  readonly #held = new Map<string, KeyEvent>();
  #pointer = { buttons: 0, x: 0, y: 0 };

  constructor(options: Pick<PacedOptions<InputEvent>, 'now' | 'after' | 'send'>) {
    this.#queue = new Paced<Waiting>({
      perSecond: INPUT_PER_SECOND,
      now: options.now,
      after: options.after,
      send: ({ event }) => options.send(event),
      merge: (waiting, item) => (waiting.move && item.move ? item : null),
    });
  }

  /** Where the pointer was last. */
  get pointer(): Readonly<{ x: number; y: number }> {
    return this.#pointer;
  }

  put(event: InputEvent): void {
    if (event.type === 'pointer') this.#putPointer(event.buttons, event.x, event.y);
    else this.#putKey(event);
  }

  /** Lets go of every key and button. */
  release(): void {
    for (const key of [...this.#held.values()]) this.#putKey({ ...key, down: false });
    if (this.#pointer.buttons !== 0) this.#putPointer(0, this.#pointer.x, this.#pointer.y);
  }

  close(): void {
    this.#queue.close();
  }

  #putKey(event: KeyEvent): void {
    const key = event.type === 'key' ? `sym ${event.keysym}` : `code ${event.code}`;
    if (event.down && this.#queue.length >= WAITING_MAX) return;
    if (!event.down && !this.#held.has(key)) return;
    if (event.down) this.#held.set(key, event);
    else this.#held.delete(key);
    this.#queue.put({ event, move: false });
  }

  #putPointer(wanted: number, x: number, y: number): void {
    const before = this.#pointer.buttons;
    const buttons = wanted & ~(wanted & ~before & this.#refusedButtons());
    this.#pointer = { buttons, x, y };
    this.#queue.put({ event: { type: 'pointer', buttons, x, y }, move: buttons === before });
  }

  /** Buttons that are not pressed while so much waits. */
  #refusedButtons(): number {
    if (this.#queue.length >= WAITING_MAX) return ALL_BUTTONS;
    return this.#queue.length >= WHEEL_WAITING_MAX ? WHEEL : 0;
  }
}
