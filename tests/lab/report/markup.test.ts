import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeHtml, html } from '#lab/report/markup.ts';

describe('the markup of the report', () => {
  it('escapes whatever is put in, in text and in attributes', () => {
    const evil = `"><script>alert('1')</script>&`;
    expect(html`<p title="${evil}">${evil}</p>`.text).toBe(`<p title="${escapeHtml(evil)}">${escapeHtml(evil)}</p>`);
    expect(escapeHtml(evil)).not.toMatch(/[<>"']/);
  });

  it('lets no text open a tag, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(html`${text}`.text).not.toMatch(/[<>"']/);
      }),
    );
  });

  it('keeps what is markup already, joins lists and leaves nulls out', () => {
    expect(html`<ul>${['a', 'b<'].map((one) => html`<li>${one}</li>`)}${null}${0}</ul>`.text).toBe(
      '<ul><li>a</li><li>b&lt;</li>0</ul>',
    );
  });
});
