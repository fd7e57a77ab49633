// How a session or an attempt ended, in a sentence, with who said so; and what can be done next.
import type { End } from '#web/core/ends.ts';
import { sentenceOf } from '#web/core/sentences.ts';
import { element } from '../element.ts';
import type { Say } from '../frame.ts';
import { DESKTOP } from './texts.ts';

export type Next = 'again' | 'back' | 'pair';

/** After these another try would end the same way, or would be wrong. */
const NOT_AGAIN: ReadonlySet<End['code']> = new Set([
  ...(['AGENT_KEY_WRONG', 'NOT_ENTITLED', 'NOT_PAIRED', 'RIGHTS_ENDED'] as const),
  ...(['CERTIFICATE_ENDED', 'PAIRING_ENDED', 'DESKTOP_WITHDRAWN', 'GATEWAY_DISTRUSTED'] as const),
]);
const PAIR_ANEW: ReadonlySet<End['code']> = new Set(['NOT_PAIRED', 'PAIRING_ENDED']);

/** Who said so decides how far it can be believed. */
export function explanation(say: Say, { code, authentic }: End): string[] {
  const sentence = say(sentenceOf(code));
  if (authentic) return [sentence];
  return [sentence, say(code === 'CONNECTION_LOST' ? DESKTOP.lostUnknown : DESKTOP.toldByRelay)];
}

/** @param wasOpen the desktop had been on the screen. @returns what the user chose */
export function askNext(root: HTMLElement, say: Say, end: End, wasOpen: boolean, signal: AbortSignal): Promise<Next> {
  return new Promise((chosen) => {
    const choice = (text: string, next: Next, look: string) => {
      const button = element('button', { type: 'button', class: look }, text);
      button.addEventListener('click', () => chosen(next));
      return button;
    };
    const again = NOT_AGAIN.has(end.code) ? [] : [choice(say(DESKTOP.again), 'again', 'primary')];
    const pair = PAIR_ANEW.has(end.code) ? [choice(say(DESKTOP.pair), 'pair', 'primary')] : [];
    const [first, ...more] = explanation(say, end);
    const heading = element('h1', { tabindex: -1 }, say(wasOpen ? DESKTOP.ended : DESKTOP.notOpened));
    root.replaceChildren(
      element(
        'main',
        { class: 'main narrow' },
        element(
          'div',
          { class: 'card stack', role: 'alert' },
          heading,
          element('p', {}, first ?? ''),
          ...more.map((sentence) => element('p', { class: 'notice warn' }, sentence)),
          element('div', { class: 'row' }, ...again, ...pair, choice(say(DESKTOP.back), 'back', '')),
        ),
      ),
    );
    heading.focus();
    signal.addEventListener('abort', () => chosen('back'), { once: true });
    if (signal.aborted) chosen('back');
  });
}
