import { type Both, type Content, html, type Markup, spoken } from './markup.ts';

/** The first cell of each row is its head; figures stand right. */
export function table(caption: Both, heads: readonly Both[], rows: readonly (readonly Content[])[]): Markup {
  return html`<div class="scroll"><table>
<caption>${spoken(caption)}</caption>
<thead><tr>${heads.map((head) => html`<th scope="col">${spoken(head)}</th>`)}</tr></thead>
<tbody>${rows.map(
    ([first, ...cells]) =>
      html`<tr><th scope="row">${first ?? null}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`,
  )}</tbody>
</table></div>`;
}
