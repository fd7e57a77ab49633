// HTML as a tagged template: whatever is put in is escaped unless it is markup already.

export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | null | readonly Content[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

/** @returns markup; null is nothing, a list is its parts one after the other */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(parts.map((part, i) => part + textOf(contents[i] ?? null)).join(''));
}

function textOf(content: Content): string {
  if (content === null) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'string' || typeof content === 'number') return escapeHtml(String(content));
  return content.map(textOf).join('');
}

/** A text in both languages of the report. */
export interface Both {
  ja: string;
  en: string;
}

export const both = (ja: string, en: string): Both => ({ ja, en });

/** Japanese first, English smaller beside or below it, each marked with its language for screen readers. */
export const spoken = ({ ja, en }: Both): Markup =>
  html`<span lang="ja">${ja}</span> <span class="en" lang="en">${en}</span>`;
