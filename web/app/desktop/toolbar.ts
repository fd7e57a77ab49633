// The bar above the picture. It comes before the canvas in the order of Tab; from the canvas, which takes every key,
// Ctrl + Alt + Home leads here. There is no control for anything but the screen, its keys and its connection (T10).
import { SCREEN_KEYS, type ScreenKey } from '#web/core/screen-keys.ts';
import { element } from '../element.ts';
import type { Say } from '../frame.ts';
import type { Picture, Showing } from './picture.ts';
import { DESKTOP, KEY_NAMES } from './texts.ts';

export interface ToolbarParts {
  say: Say;
  label: string;
  picture: Picture;
  quality: { badge: Node; panel: Node };
  press(key: ScreenKey): void;
  fullScreen(): void;
  leave(): void;
}

let panels = 0;

export function toolbar(parts: ToolbarParts): { node: HTMLElement; focus(): void } {
  const { say, label, picture, quality } = parts;
  const modes = (['fit', 'actual', 'drag'] as const).map((showing) => [showing, modeButton(showing)] as const);
  const mark = () => {
    for (const [showing, button] of modes) button.setAttribute('aria-pressed', String(picture.showing === showing));
  };

  function modeButton(showing: Showing): HTMLButtonElement {
    return pressed(say(DESKTOP[showing]), () => {
      picture.showing = showing;
      mark();
      picture.focus();
    });
  }

  const follow = pressed(say(DESKTOP.resize), () => {
    picture.follows = !picture.follows;
    follow.setAttribute('aria-pressed', String(picture.follows));
    picture.focus();
  });
  follow.setAttribute('aria-pressed', 'false');
  mark();

  const keys = SCREEN_KEYS.map((key) =>
    pressed(say(KEY_NAMES[key]), () => {
      parts.press(key);
      picture.focus();
    }),
  );
  const keyPanel = element('div', { class: 'stack' });
  keyPanel.append(element('p', { class: 'soft' }, say(DESKTOP.keysHint)), element('div', { class: 'row' }, ...keys));

  const node = element(
    'div',
    { class: 'desktop-bar', role: 'toolbar', 'aria-label': say(DESKTOP.toolbar) },
    element('strong', { class: 'desktop-label' }, label),
    element('div', { class: 'desktop-group' }, ...modes.map(([, button]) => button)),
    follow,
    pressed(say(DESKTOP.fullScreen), () => {
      parts.fullScreen();
      picture.focus();
    }),
    ...panelButton(say(DESKTOP.keys), say(DESKTOP.keys), keyPanel),
    ...panelButton(say(DESKTOP.quality), quality.badge, quality.panel),
    pressed(say(DESKTOP.leave), parts.leave, 'danger'),
    element('p', { class: 'desktop-hint' }, say(DESKTOP.toToolbar)),
  );
  return { node, focus: () => node.querySelector('button')?.focus() };
}

function pressed(text: string, then: () => void, look = ''): HTMLButtonElement {
  const made = element('button', { type: 'button', class: `small ${look}` }, text);
  made.addEventListener('click', then);
  return made;
}

/** A button with a panel below it; Escape and a click elsewhere close it. */
function panelButton(name: string, content: Node | string, inside: Node): HTMLElement[] {
  const id = `desktop-panel-${++panels}`;
  const panel = element('div', { id, class: 'desktop-panel', popover: 'auto', 'aria-label': name }, inside);
  const opener = element('button', { type: 'button', class: 'small', popovertarget: id, title: name }, content);
  if (content instanceof Node) opener.prepend(element('span', { class: 'visually-hidden' }, `${name}: `));
  return [opener, panel];
}
