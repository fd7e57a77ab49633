// Tables as CSV (RFC 4180) for Excel: UTF-8 with BOM, CRLF. What somebody chose as a name stays text: a cell that a
// spreadsheet would take for a formula gets an apostrophe in front, and no cell holds a line break or a control character
// (G6).
import { oneLine } from '../../process/terminal.ts';

const BOM = '\ufeff';
/** Also the full-width ones, which a Japanese Excel takes for the same. */
const FORMULA = /^[\s'"]*[=+\-@＝＋－＠]/u;

export type Cell = string | number | null;

export function toCsv(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return `${BOM}${[headings, ...rows].map((row) => `${row.map(quoted).join(',')}\r\n`).join('')}`;
}

/** Numbers are ours and stay numbers. */
function quoted(cell: Cell): string {
  if (typeof cell === 'number') return String(cell);
  const text = oneLine(cell ?? '');
  return `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}
