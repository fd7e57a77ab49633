// One user: switched on or off, what may be opened, how the user signs in, and codes to begin with.
import {
  type AdministeredUser,
  endUser,
  entitle,
  issueActivation,
  issueEnrolment,
  listUserFactors,
  listUsers,
  type OneTimeCode,
  removeUserFactor,
  setUserEnabled,
  type UserFactors,
  withdraw,
} from '#web/core/administration-api.ts';
import { element } from '../element.ts';
import { button, confirmedButton, field, form, Told } from '../form.ts';
import { type Bilingual, fill } from '../language.ts';
import { part } from '../pages/part.ts';
import type { SignedInVisit } from '../shell.ts';
import { ADMINISTRATION, USER, USERS } from '../texts/administration.ts';
import { timeOfDay } from '../when.ts';
import { detailOf } from './refused.ts';

interface UserVisit extends SignedInVisit {
  user: AdministeredUser;
  factors: UserFactors;
  /** Asks the gateway again. */
  again(): Promise<void>;
}

/** @param back to where the user was chosen */
export async function userPage(visit: SignedInVisit, user: AdministeredUser, back: () => Promise<void>): Promise<void> {
  const { request, say } = visit;
  const factors = await listUserFactors(request, idOf(user));
  const again = async () => {
    const found = (await listUsers(request, user.user)).find(
      (one) => one.user === user.user && one.municipality === user.municipality,
    );
    await (found ? userPage(visit, found, back) : back());
  };
  const here: UserVisit = { ...visit, user, factors, again };
  visit.show(() => ({
    title: { ja: user.name, en: user.name },
    content: [
      element(
        'div',
        { class: 'row apart' },
        element('p', { class: 'identifier' }, `${user.municipality}/${user.user}`),
        button(say(ADMINISTRATION.back), 'quiet', visit.deed(new Told(), back)),
      ),
      statePart(here),
      desktopsPart(here),
      factorsPart(here),
      codesPart(here),
    ],
  }));
}

function idOf({ municipality, user }: AdministeredUser) {
  return { municipality, user };
}

function statePart(visit: UserVisit): HTMLElement {
  const { say, request, user, again } = visit;
  const told = new Told();
  const change = (enabled: boolean) =>
    visit.deed(told, () => setUserEnabled(request, idOf(user), enabled).then(again), detailOf);
  const end = visit.deed(told, () => endUser(request, idOf(user)).then(again), detailOf);
  return part(
    say(USERS.state),
    say(USER.stateHint),
    element(
      'span',
      { class: user.enabled ? 'status on' : 'status' },
      say(user.enabled ? USERS.enabled : USERS.disabled),
    ),
    element(
      'div',
      { class: 'row' },
      user.enabled
        ? confirmedButton(say(USER.disable), say(USER.disableSure), 'danger', change(false))
        : button(say(USER.enable), '', change(true)),
      confirmedButton(say(USER.end), say(USER.endSure), 'danger', end),
    ),
    told.node,
  );
}

function desktopsPart(visit: UserVisit): HTMLElement {
  const { say, request, user, again } = visit;
  const told = new Told();
  const items = user.desktops.map((desktop) => {
    const run = () => withdraw(request, idOf(user), desktop).then(again);
    const press = confirmedButton(
      say(USER.withdraw),
      say(USER.withdrawSure),
      'danger small',
      visit.deed(told, run, detailOf),
      desktop,
    );
    return element('li', { class: 'row apart' }, element('span', { class: 'identifier' }, desktop), press);
  });
  const desktop = field(say(USER.desktop), {
    value: `${user.municipality}/`,
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const label = field(say(USER.label), { autocomplete: 'off', maxlength: 64 });
  const add = () => entitle(request, idOf(user), desktop.input.value.trim(), label.input.value.trim()).then(again);
  return part(
    say(USER.desktops),
    null,
    items.length > 0 ? element('ul', { class: 'list lines' }, ...items) : element('p', {}, say(USER.noDesktops)),
    told.node,
    form(say(USER.entitle), [desktop.row, label.row], visit.deed(new Told(), add, detailOf), 'whole'),
  );
}

function factorsPart(visit: UserVisit): HTMLElement {
  const { say, request, user, factors, again } = visit;
  const told = new Told();
  const item = (name: string, factor: string, passkey?: string) => {
    const run = () => removeUserFactor(request, idOf(user), factor, passkey).then(again);
    const remove = visit.deed(told, run, detailOf);
    const press = confirmedButton(say(USER.removeFactor), say(USER.removeSure), 'danger small', remove, name);
    return element('li', { class: 'row apart' }, element('span', {}, name), press);
  };
  const count = factors.recoveryCodesLeft;
  const items = [
    ...factors.passkeys.map(({ id, name, suspended }) => {
      const called = say(fill(USER.passkey, { name }));
      return item(suspended ? `${called} – ${say(USER.suspended)}` : called, 'webauthn', id);
    }),
    ...(factors.totp ? [item(say(USERS.totp), 'totp')] : []),
    ...(factors.password ? [item(say(USER.password), 'password')] : []),
    ...(count > 0 ? [item(say(fill(USER.recovery, { count })), 'recovery')] : []),
  ];
  return part(
    say(USERS.factors),
    null,
    items.length > 0 ? element('ul', { class: 'list lines' }, ...items) : element('p', {}, say(USER.none)),
    told.node,
  );
}

function codesPart(visit: UserVisit): HTMLElement {
  const { say, request, user } = visit;
  const told = new Told();
  const shown = element('div', { role: 'status' });
  const issue = (caption: Bilingual, ask: () => Promise<OneTimeCode>) =>
    visit.deed(
      told,
      async () => {
        const { code, expiresAt } = await ask();
        const text = say(fill(caption, { time: timeOfDay(expiresAt, visit.language()) }));
        shown.replaceChildren(element('p', { class: 'soft' }, text), element('p', { class: 'secret' }, code));
      },
      detailOf,
    );
  return part(
    say(USER.codes),
    null,
    element('p', { class: 'soft' }, say(USER.activationHint)),
    button(
      say(USER.activation),
      '',
      issue(USER.activationCode, () => issueActivation(request, idOf(user))),
    ),
    element('p', { class: 'soft' }, say(USER.enrolmentHint)),
    button(
      say(USER.enrolment),
      '',
      issue(USER.enrolmentCode, () => issueEnrolment(request, idOf(user))),
    ),
    told.node,
    shown,
  );
}
