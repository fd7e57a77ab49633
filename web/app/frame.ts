// The frame that every page stands in: name, language switch, who is signed in, the page itself. A page is drawn by a
// function, which is called again when the language changes; so no text on the screen is ever in the wrong one.
import { element } from './element.ts';
import { type Bilingual, type Language, languageOf } from './language.ts';
import { FRAME } from './texts/frame.ts';

export type Content = Node | string;
export type Say = (text: Bilingual) => string;

export interface Drawing {
  title: Bilingual;
  /** For one small task; wide if it is left out. */
  narrow?: boolean;
  content: readonly Content[];
}

export interface Header {
  links: readonly { href: string; text: Bilingual; current: boolean }[];
  /** At the right, before the language switch. */
  aside(say: Say): readonly Content[];
}

export interface Frame {
  /** In the language of the moment. */
  readonly say: Say;
  readonly language: () => Language;
  /** Draws a page. The focus goes to its heading unless `keepFocus`, which is for a page that only drew itself anew. */
  show(draw: () => Drawing, options?: { keepFocus?: boolean }): void;
  setHeader(header: Header): void;
  /** Takes the frame away for something that needs the whole window; `show` brings it back. */
  yieldTo(whole: HTMLElement): void;
}

export const NO_HEADER: Header = { links: [], aside: () => [] };

/** What the switch offers is written in the language that it leads to. */
const OTHER: Readonly<Record<Language, { language: Language; name: string }>> = {
  ja: { language: 'en', name: 'English' },
  en: { language: 'ja', name: '日本語' },
};

export function openFrame(name: Bilingual): Frame {
  let language = languageOf(location.search);
  let header = NO_HEADER;
  let draw: () => Drawing = () => ({ title: name, content: [] });
  const say: Say = (text) => text[language];

  const switchLanguage = () => {
    language = OTHER[language].language;
    history.replaceState(null, '', language === 'ja' ? location.pathname + location.hash : `?lang=en${location.hash}`);
    redraw();
    document.querySelector<HTMLElement>('.language')?.focus();
  };

  function redraw(): void {
    const { title, narrow = false, content } = draw();
    document.documentElement.lang = language;
    document.title = title === name ? say(name) : `${say(title)} – ${say(name)}`;
    const other = element('button', { type: 'button', class: 'quiet small language', lang: OTHER[language].language });
    other.append(OTHER[language].name);
    other.addEventListener('click', switchLanguage);
    const links = header.links.map(({ href, text, current }) =>
      element('a', { href, 'aria-current': current ? 'page' : null }, say(text)),
    );
    const heading = element('h1', { tabindex: -1 }, say(title));
    const skip = element('button', { type: 'button', class: 'skip' }, say(FRAME.skip));
    skip.addEventListener('click', () => heading.focus());
    document.body.replaceChildren(
      skip,
      element(
        'header',
        { class: 'header' },
        element('span', { class: 'brand' }, say(name)),
        ...(links.length > 0 ? [element('nav', { class: 'nav', 'aria-label': say(FRAME.menu) }, ...links)] : []),
        element('div', { class: 'aside' }, ...header.aside(say), other),
      ),
      element(
        'main',
        { class: narrow ? 'main narrow' : 'main' },
        element('div', { class: 'stack wide' }, heading, ...content),
      ),
      element('footer', { class: 'footer' }, element('a', { href: '/assets/licences.md' }, say(FRAME.licences))),
    );
  }

  return {
    say,
    language: () => language,
    show(next, { keepFocus = false } = {}) {
      draw = next;
      redraw();
      if (!keepFocus) document.querySelector('h1')?.focus();
    },
    setHeader(next) {
      header = next;
    },
    yieldTo(whole) {
      document.body.replaceChildren(whole);
    },
  };
}
