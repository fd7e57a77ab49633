// A table that becomes blocks on a narrow screen. The roles are said, since display: block takes a table's own away.
import { element } from './element.ts';
import type { Content } from './frame.ts';

/** @param rows each as long as `headings` */
export function table(
  caption: string,
  headings: readonly string[],
  rows: readonly (readonly Content[])[],
): HTMLTableElement {
  const cells = (row: readonly Content[]) =>
    row.map((content, at) =>
      element('td', { role: 'cell', 'data-heading': headings[at] ?? null }, element('span', {}, content)),
    );
  return element(
    'table',
    { class: 'table', role: 'table' },
    element('caption', { class: 'visually-hidden' }, caption),
    element(
      'thead',
      { role: 'rowgroup' },
      element(
        'tr',
        { role: 'row' },
        ...headings.map((text) => element('th', { scope: 'col', role: 'columnheader' }, text)),
      ),
    ),
    element('tbody', { role: 'rowgroup' }, ...rows.map((row) => element('tr', { role: 'row' }, ...cells(row)))),
  );
}
