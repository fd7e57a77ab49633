// A part of a page: a card with its heading.
import { element } from '../element.ts';
import type { Content } from '../frame.ts';

/** @param hint one sentence on what it is */
export function part(heading: string, hint: string | null, ...content: readonly Content[]): HTMLElement {
  return element(
    'section',
    { class: 'card stack' },
    element('div', {}, element('h2', {}, heading), ...(hint ? [element('p', { class: 'soft' }, hint)] : [])),
    ...content,
  );
}
