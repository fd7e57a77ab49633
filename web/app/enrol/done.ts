// The last page: the .p12, and how it gets into the system.
import { element } from '../element.ts';
import { button, Told } from '../form.ts';
import { DONE } from '../texts/enrol.ts';
import { save } from './file.ts';
import type { Visit } from './visit.ts';

const WAYS = [
  [DONE.windows, DONE.windowsHow],
  [DONE.mac, DONE.macHow],
  [DONE.firefox, DONE.firefoxHow],
  [DONE.linux, DONE.linuxHow],
] as const;

export function donePage({ frame: { say } }: Visit, name: string, p12: Uint8Array<ArrayBuffer>) {
  const told = new Told();
  return {
    title: DONE.title,
    narrow: true,
    content: [
      button(say(DONE.save), 'primary whole', { say, told, run: () => save(`${name}.p12`, p12) }),
      told.node,
      element('p', {}, say(DONE.saveHint)),
      ...WAYS.map(([where, how]) =>
        element('section', { class: 'card stack' }, element('h2', {}, say(where)), element('p', {}, say(how))),
      ),
      element('section', { class: 'stack' }, element('h2', {}, say(DONE.after)), element('p', {}, say(DONE.afterHow))),
    ],
  };
}
