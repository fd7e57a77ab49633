// Recovery codes: shown once, gone from the page when the user says they are noted, or goes elsewhere.
import { makeRecoveryCodes } from '#web/core/gateway-ceremony.ts';
import { element } from '../element.ts';
import { button, Told } from '../form.ts';
import { fill } from '../language.ts';
import { RECOVERY } from '../texts/account.ts';
import type { Account, AccountVisit } from './account-visit.ts';
import { part } from './part.ts';

export function recoveryPart(visit: AccountVisit, { factors, recoveryCodes }: Account): HTMLElement {
  const { say, request } = visit;
  const told = new Told();
  if (recoveryCodes) {
    return part(
      say(RECOVERY.heading),
      null,
      element('p', { class: 'notice warn' }, say(RECOVERY.once)),
      element('ul', { class: 'secret codes' }, ...recoveryCodes.map((code) => element('li', {}, code))),
      told.node,
      button(
        say(RECOVERY.noted),
        'primary',
        visit.deed(told, () => visit.done(null)),
      ),
    );
  }
  const make = async () => visit.change({ recoveryCodes: await makeRecoveryCodes(request), note: null });
  const left = factors.recoveryCodesLeft;
  return part(
    say(RECOVERY.heading),
    say(RECOVERY.hint),
    element('p', {}, say(fill(RECOVERY.left, { count: left }))),
    told.node,
    button(say(left > 0 ? RECOVERY.makeAnew : RECOVERY.make), '', visit.deed(told, make)),
  );
}
