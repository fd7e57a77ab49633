// The simulated desktop a second time, without its thread: told the same events, it knows every pixel of the other one.
import { createCanvas } from '@napi-rs/canvas';
import { draw } from '#agent/desktop/office/draw.ts';
import { notepadMeasure } from '#agent/desktop/office/fonts.ts';
import { type Office, type OfficeEvent, screenOf, startOffice, step } from '#agent/desktop/office/office.ts';
import type { Picture } from './pictures.ts';

export class ExpectedOffice {
  readonly #measure = notepadMeasure();
  #office: Office;

  /** As after switching on. @param name as in agent.json */
  constructor(name: string, width: number, height: number) {
    this.#office = startOffice(name, width, height, Date.now());
  }

  get state(): Office {
    return this.#office;
  }

  tell(event: OfficeEvent): void {
    this.#office = step(this.#office, event, this.#measure).office;
  }

  /** As it looks now, with the caret and without: it blinks by a clock of its own. */
  pictures(): Picture[] {
    this.tell({ type: 'clock', now: Date.now() });
    const { width, height } = this.#office;
    return [true, false].map((caretShown) => {
      const context = createCanvas(width, height).getContext('2d');
      const office = { ...this.#office, caretShown };
      draw(context, office, screenOf(office), this.#measure);
      return { width, height, pixels: new Uint8Array(context.getImageData(0, 0, width, height).data.buffer) };
    });
  }
}
