// The line between toolbar and picture that says when the session will end. Its sentence is read out once, not each second.
import { element } from '../element.ts';
import { button, Told } from '../form.ts';
import type { Say } from '../frame.ts';
import { fill } from '../language.ts';
import { DESKTOP } from './texts.ts';
import type { Warning } from './time-limits.ts';

const SENTENCES = { overall: DESKTOP.overallWarning, certificate: DESKTOP.certificateWarning };

export class Warnings {
  readonly node = element('div', { class: 'desktop-warning', hidden: true });
  readonly #say: Say;
  readonly #sentence = element('p', { role: 'alert' });
  readonly #left = element('span', { 'aria-hidden': 'true' });
  readonly #goOn: HTMLButtonElement;

  /** @param goOn the user is there */
  constructor(say: Say, goOn: () => void) {
    this.#say = say;
    this.#goOn = button(say(DESKTOP.goOn), 'primary small', { say, told: new Told(), run: goOn });
    this.node.append(this.#sentence, this.#left, this.#goOn);
  }

  show(warning: Warning | null): void {
    this.node.hidden = warning === null;
    if (warning === null) {
      this.#sentence.textContent = '';
      return;
    }
    const idle = warning.kind === 'idle';
    this.#goOn.hidden = !idle;
    this.#left.textContent = idle ? this.#say(fill(DESKTOP.idleLeft, { seconds: warning.secondsLeft })) : '';
    const sentence = this.#say(
      idle ? DESKTOP.idleWarning : fill(SENTENCES[warning.kind], { minutes: warning.minutesLeft }),
    );
    if (this.#sentence.textContent !== sentence) this.#sentence.textContent = sentence;
  }
}
