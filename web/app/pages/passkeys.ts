// The own passkeys: what there is, a new one, away with one.
import { addPasskey, type Factors, removePasskey } from '#web/core/gateway-ceremony.ts';
import { element } from '../element.ts';
import { confirmedButton, field, form, Told } from '../form.ts';
import { fill } from '../language.ts';
import { authenticator, passkeysAreThere, passkeyTrouble } from '../passkey.ts';
import { ACCOUNT, PASSKEYS } from '../texts/account.ts';
import { SIGN_IN } from '../texts/sign-in.ts';
import { dateAndTime } from '../when.ts';
import type { Account, AccountVisit } from './account-visit.ts';
import { part } from './part.ts';

/** As the gateway takes it. */
const NAME_MAX = 64;

export function passkeysPart(visit: AccountVisit, { factors }: Account): HTMLElement {
  const { say } = visit;
  const { passkeys } = factors;
  return part(
    say(PASSKEYS.heading),
    say(PASSKEYS.hint),
    passkeys.length > 0
      ? element('ul', { class: 'list lines' }, ...passkeys.map((passkey) => item(visit, passkey)))
      : element('p', {}, say(PASSKEYS.none)),
    passkeysAreThere() ? adding(visit) : element('p', { class: 'soft' }, say(SIGN_IN.passkeyUnable)),
  );
}

function item(visit: AccountVisit, passkey: Factors['passkeys'][number]): HTMLElement {
  const { say, language, request } = visit;
  const { id, name, createdAt, lastUsedAt, backedUp, hardwareBound, suspended } = passkey;
  const told = new Told();
  const run = async () => {
    await removePasskey(request, id);
    await visit.done(null);
  };
  const times = [
    say(fill(PASSKEYS.created, { time: dateAndTime(createdAt, language()) })),
    lastUsedAt ? say(fill(PASSKEYS.used, { time: dateAndTime(lastUsedAt, language()) })) : say(PASSKEYS.unused),
  ].join(' / ');
  const badges = [
    ...(suspended ? [PASSKEYS.suspended] : []),
    ...(hardwareBound ? [PASSKEYS.hardwareBound] : []),
    ...(backedUp ? [PASSKEYS.backedUp] : []),
  ].map((text) => element('span', { class: 'badge' }, say(text)));
  const remove = confirmedButton(say(ACCOUNT.remove), say(ACCOUNT.removeSure), 'danger small', visit.deed(told, run));
  remove.setAttribute('aria-describedby', `passkey-${id}`);
  return element(
    'li',
    { class: 'stack' },
    element(
      'div',
      { class: 'row apart' },
      element(
        'div',
        {},
        element(
          'div',
          { class: 'row' },
          element('span', { class: 'item-title', id: `passkey-${id}` }, name),
          ...badges,
        ),
        element('p', { class: 'soft' }, times),
      ),
      remove,
    ),
    ...(suspended ? [element('p', { class: 'notice warn' }, say(PASSKEYS.suspendedHint))] : []),
    told.node,
  );
}

function adding(visit: AccountVisit): HTMLElement {
  const { say, request } = visit;
  const name = field(say(PASSKEYS.name), { maxlength: NAME_MAX, autocomplete: 'off' }, say(PASSKEYS.nameHint));
  const run = async () => {
    await addPasskey(request, authenticator, name.input.value.trim() || say(PASSKEYS.heading));
    await visit.done(PASSKEYS.added);
  };
  return form(say(PASSKEYS.add), [name.row], visit.deed(new Told(), run, passkeyTrouble));
}
