// What goes on under the own name: the desktop in use, and the last sign-ins.
import { endLive } from '#web/core/gateway-ceremony.ts';
import { element } from '../element.ts';
import { confirmedButton, Told } from '../form.ts';
import { fill } from '../language.ts';
import { table } from '../table.ts';
import { ACTIVITY } from '../texts/account.ts';
import { FACTORS } from '../texts/shell.ts';
import { dateAndTime } from '../when.ts';
import type { Account, AccountVisit } from './account-visit.ts';
import { part } from './part.ts';

export function livePart(visit: AccountVisit, { live }: Account): HTMLElement {
  const { say, language, request } = visit;
  if (!live) return part(say(ACTIVITY.live), null, element('p', {}, say(ACTIVITY.noLive)));
  const told = new Told();
  const run = async () => {
    await endLive(request);
    await visit.done(null);
  };
  const since = say(fill(ACTIVITY.liveSince, { time: dateAndTime(live.startedAt, language()) }));
  return part(
    say(ACTIVITY.live),
    null,
    element(
      'div',
      { class: 'row apart' },
      element('div', {}, element('p', { class: 'identifier' }, live.desktop), element('p', { class: 'soft' }, since)),
      confirmedButton(say(ACTIVITY.end), say(ACTIVITY.endSure), 'danger', visit.deed(told, run)),
    ),
    told.node,
  );
}

export function historyPart({ say, language }: AccountVisit, { history }: Account): HTMLElement {
  const headings = [ACTIVITY.at, ACTIVITY.address, ACTIVITY.by, ACTIVITY.result].map(say);
  const rows = history.map(({ at, address, factors, succeeded }) => [
    dateAndTime(at, language()),
    element('span', { class: 'identifier' }, address),
    factors.map((factor) => (isNamed(factor) ? say(FACTORS[factor]) : factor)).join(' + '),
    say(succeeded ? ACTIVITY.succeeded : ACTIVITY.failed),
  ]);
  return part(say(ACTIVITY.history), say(ACTIVITY.historyHint), table(say(ACTIVITY.history), headings, rows));
}

function isNamed(factor: string): factor is keyof typeof FACTORS {
  return Object.hasOwn(FACTORS, factor);
}
