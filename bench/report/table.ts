import { type Both, type Content, html, Markup, spoken } from '#lab/report/markup.ts';

/** A figure stands right; a column with words in it stands left. */
const FIGURE = /^(?:[¥≤≥<>~(–−+]|\d|$)/;

/** @param rows the first cell of each is its head */
export function table(caption: Both, heads: readonly Both[], rows: readonly (readonly Content[])[]): Markup {
  const words = heads.map((_, column) => column === 0 || rows.some((row) => isWords(row[column] ?? null)));
  const cell = (content: Content, column: number) =>
    column === 0
      ? html`<th scope="row">${content}</th>`
      : html`<td${words[column] ? new Markup(' class="words"') : null}>${content}</td>`;
  return html`<div class="scroll"><table>
<caption>${spoken(caption)}</caption>
<thead><tr>${heads.map(
    (head, column) => html`<th scope="col"${words[column] ? new Markup(' class="words"') : null}>${spoken(head)}</th>`,
  )}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody>
</table></div>`;
}

const isWords = (content: Content): boolean =>
  content instanceof Markup || (typeof content === 'string' && !FIGURE.test(content));
