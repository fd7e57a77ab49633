// What an update says beside pixels, kept until there is room for it: the size of the screen, answers to resize
// requests, the input extensions, the cursor. They stand before the pixels of their update.
import { SizeReason, SizeStatus } from '#protocol/inner/screen/rectangle.ts';
import type { Cursor } from '../desktop/desktop.ts';
import type { Encoded } from './encode.ts';
import type { Size } from './tiles.ts';
import { cursorRectangle, INPUT_ANNOUNCEMENTS, NO_CURSOR, sizeRectangle } from './update.ts';

/**
 * granted: the screen has exactly the size asked for. unchanged: it had that size already. refused: it has another size,
 * be it the old one or one that the desktop chose.
 */
export type ResizeAnswer = 'granted' | 'unchanged' | 'refused';

export class Announcements {
  /** A Bell is a message of its own, between updates; however often it rings meanwhile, it is one. */
  bell = false;
  #sizeDue = false;
  #answers: ResizeAnswer[] = [];
  #inputDue = false;
  #cursor = cursorRectangle(NO_CURSOR);
  #cursorDue = false;

  /** All that a client must hear before its first pixel; the cursor too, since noVNC shows none before one came. */
  introduce(): void {
    this.#sizeDue = true;
    this.#inputDue = true;
    this.#cursorDue = true;
  }

  resized(): void {
    this.#sizeDue = true;
  }

  answerResize(answer: ResizeAnswer): void {
    this.#answers.push(answer);
  }

  cursor(cursor: Cursor): void {
    this.#cursor = cursorRectangle(cursor);
    this.#cursorDue = true;
  }

  get due(): boolean {
    return this.#sizeDue || this.#answers.length > 0 || this.#inputDue || this.#cursorDue;
  }

  /** @param screen as it is now. @returns what is due, in order; it is due no more */
  take(screen: Size): Pick<Encoded, 'bytes' | 'rectangles'>[] {
    const parts = [...this.#sizes(screen)];
    if (this.#inputDue) parts.push(...INPUT_ANNOUNCEMENTS);
    if (this.#cursorDue) parts.push(this.#cursor);
    this.#sizeDue = false;
    this.#answers = [];
    this.#inputDue = false;
    this.#cursorDue = false;
    return parts.map((bytes) => ({ bytes, rectangles: 1 }));
  }

  /**
   * A new size that is not the one asked for goes as the desktop's own (reason 0) with the refusal behind it: noVNC
   * would answer a granted size of another value with the same request, ten times a second.
   */
  *#sizes({ width, height }: Size): Generator<ReturnType<typeof sizeRectangle>> {
    const granted = this.#answers.includes('granted');
    if (this.#sizeDue && !granted) {
      yield sizeRectangle({ width, height, reason: SizeReason.desktop, status: SizeStatus.done });
    }
    for (const answer of this.#answers) {
      const status = {
        granted: SizeStatus.done,
        unchanged: SizeStatus.invalidLayout,
        refused: this.#sizeDue ? SizeStatus.outOfResources : SizeStatus.prohibited,
      }[answer];
      yield sizeRectangle({ width, height, reason: SizeReason.thisClient, status });
    }
  }
}
