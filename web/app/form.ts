// Forms: labelled fields, and buttons that are busy while they work and say in a sentence why they failed.
import { sentenceOfError } from '#web/core/sentences.ts';
import { element } from './element.ts';
import type { Content, Say } from './frame.ts';
import type { Bilingual } from './language.ts';

type Attributes = Parameters<typeof element>[1];

export interface Field {
  row: HTMLElement;
  input: HTMLInputElement;
}

let fields = 0;

/** @param hint stands below the input and is read out with it */
export function field(label: string, attributes: Attributes, hint?: string): Field {
  const id = `field-${++fields}`;
  const input = element('input', { id, ...attributes, 'aria-describedby': hint ? `${id}-hint` : null });
  const row = element('div', { class: 'field' }, element('label', { for: id }, label), input);
  if (hint) row.append(element('p', { id: `${id}-hint`, class: 'soft' }, hint));
  return { row, input };
}

/** Whose password it is: not shown, for a password manager, which keeps the two together. */
export function userName(user: string): HTMLInputElement {
  return element('input', { autocomplete: 'username', value: user, readonly: true, hidden: true });
}

/** A sentence that is read out when it comes; empty and hidden until then. */
export class Told {
  readonly node = element('div', { class: 'told', role: 'alert' });

  say(sentence: string, look: 'bad' | 'warn' | 'info' = 'bad'): void {
    this.node.replaceChildren(element('p', { class: `notice ${look}` }, sentence));
  }

  clear(): void {
    this.node.replaceChildren();
  }
}

/** What a page does on a click. It may throw: the sentence of the error's code is shown then. */
export interface Deed {
  say: Say;
  told: Told;
  run(): Promise<void> | void;
  /** A sentence of its own for some errors; null: the code's. */
  explain?(error: unknown): Bilingual | null;
}

/** @param look classes of a button: primary, quiet, danger, small, whole */
export function button(text: string, look: string, deed: Deed): HTMLButtonElement {
  const made = element('button', { type: 'button', class: look }, text);
  made.addEventListener('click', () => void attempt(made, deed));
  return made;
}

/**
 * Asks once more in its own place; looking away means no.
 * @param of which of several, for those who hear the button and not the row that it stands in
 */
export function confirmedButton(
  text: string,
  question: string,
  look: string,
  deed: Deed,
  of: string | null = null,
): HTMLButtonElement {
  const made = element('button', { type: 'button', class: look });
  let asked = false;
  const ask = (now: boolean) => {
    asked = now;
    made.textContent = now ? question : text;
    if (of !== null) made.setAttribute('aria-label', `${made.textContent}: ${of}`);
  };
  ask(false);
  made.addEventListener('click', () => {
    if (!asked) return ask(true);
    void attempt(made, deed).then(() => ask(false));
  });
  made.addEventListener('blur', () => ask(false));
  return made;
}

/**
 * A form of one button; Enter in a field presses it. The first field gets the focus back if it failed.
 * @param look of the button
 */
export function form(submit: string, content: readonly Content[], deed: Deed, look = 'primary whole'): HTMLFormElement {
  const pressed = element('button', { type: 'submit', class: look }, submit);
  const made = element('form', { class: 'stack' }, ...content, deed.told.node, pressed);
  // What a person is told in which language is ours to say, not the browser's.
  made.noValidate = true;
  made.addEventListener('submit', (event) => {
    event.preventDefault();
    void attempt(pressed, deed).then((done) => {
      if (!done) made.querySelector('input')?.focus();
    });
  });
  return made;
}

async function attempt(pressed: HTMLButtonElement, { say, told, run, explain }: Deed): Promise<boolean> {
  if (pressed.disabled) return true;
  told.clear();
  pressed.disabled = true;
  pressed.setAttribute('aria-busy', 'true');
  try {
    await run();
    return true;
  } catch (error) {
    told.say(say(explain?.(error) ?? sentenceOfError(error)));
    return false;
  } finally {
    pressed.disabled = false;
    pressed.removeAttribute('aria-busy');
  }
}
