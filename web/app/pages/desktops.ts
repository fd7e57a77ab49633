// The list of desktops: which may be opened, which are there. It looks again while it is looked at.
import { type DesktopEntry, listDesktops } from '#web/core/gateway-api.ts';
import { sentenceOfError } from '#web/core/sentences.ts';
import { certificateNotice } from '../certificate-notice.ts';
import { element } from '../element.ts';
import { button, Told } from '../form.ts';
import { fill } from '../language.ts';
import type { SignedInVisit } from '../shell.ts';
import { DESKTOPS } from '../texts/desktops.ts';
import { dateAndTime, timeOfDay } from '../when.ts';

const LOOK_AGAIN_MS = 15_000;

export type NamedDesktop = Pick<DesktopEntry, 'desktop' | 'label'>;

export interface DesktopActions {
  isPaired(visit: SignedInVisit, desktop: string): Promise<boolean>;
  open(visit: SignedInVisit, which: NamedDesktop): Promise<void>;
  pair(visit: SignedInVisit, which: NamedDesktop): Promise<void>;
}

interface Row extends DesktopEntry {
  paired: boolean;
}

export async function desktopsPage(visit: SignedInVisit, actions: DesktopActions): Promise<void> {
  const { say, signal } = visit;
  const look = async (): Promise<Row[]> =>
    Promise.all(
      (await listDesktops(visit.request)).map(async (entry) => ({
        ...entry,
        paired: await actions.isPaired(visit, entry.desktop),
      })),
    );
  let rows = await look();
  const told = new Told();
  const list = element('ul', { class: 'list' });
  const draw = () => {
    const none = element('li', { class: 'card' }, say(DESKTOPS.none));
    list.replaceChildren(...(rows.length > 0 ? rows.map((row) => item(visit, row, actions, told)) : [none]));
  };

  const again = visit.deed(told, async () => {
    rows = await look();
    told.clear();
    draw();
  });
  const timer = setInterval(() => {
    // Under somebody's hand nothing is exchanged.
    if (document.hidden || !list.isConnected || list.contains(document.activeElement)) return;
    again.run().catch((error) => told.say(say(sentenceOfError(error))));
  }, LOOK_AGAIN_MS);
  signal.addEventListener('abort', () => clearInterval(timer));

  visit.show(() => {
    draw();
    return {
      title: DESKTOPS.title,
      content: [...certificateNotice(visit), lastSignIn(visit), told.node, list, limits(visit)],
    };
  });
}

/** A stranger's sign-in shows here (E8). */
function lastSignIn({ say, language, signedIn }: SignedInVisit): HTMLElement {
  const { lastSignIn } = signedIn;
  if (lastSignIn === null) return element('p', { class: 'notice' }, say(DESKTOPS.firstSignIn));
  return element(
    'div',
    { class: 'notice' },
    element('p', {}, say(fill(DESKTOPS.lastSignIn, { time: dateAndTime(lastSignIn, language()) }))),
    element('p', { class: 'soft' }, say(DESKTOPS.wasThatYou)),
  );
}

function item(visit: SignedInVisit, row: Row, actions: DesktopActions, told: Told): HTMLElement {
  const { say } = visit;
  const { desktop, label, online, paired } = row;
  const press = paired
    ? button(
        say(DESKTOPS.open),
        'primary',
        visit.deed(told, () => actions.open(visit, row)),
      )
    : button(
        say(DESKTOPS.pair),
        '',
        visit.deed(told, () => actions.pair(visit, row)),
      );
  press.disabled = !online;
  press.setAttribute('aria-label', `${press.textContent}: ${label}`);
  return element(
    'li',
    { class: 'card row apart' },
    element(
      'div',
      {},
      element('h2', {}, label),
      element('p', { class: 'soft identifier' }, desktop),
      element('span', { class: online ? 'status on' : 'status' }, say(online ? DESKTOPS.online : DESKTOPS.offline)),
    ),
    press,
  );
}

function limits({ say, language, signedIn }: SignedInVisit): HTMLElement {
  const { idleSeconds, overallSeconds, signedInAt } = signedIn;
  const time = timeOfDay(Date.parse(signedInAt) + overallSeconds * 1000, language());
  return element('p', { class: 'soft' }, say(fill(DESKTOPS.limits, { minutes: Math.floor(idleSeconds / 60), time })));
}
