// All users that the administrator is in charge of: find one, see whose certificate ends, add one.
import { type AdministeredUser, addUser, askStatus, listUsers } from '#web/core/administration-api.ts';
import { certificateNotice } from '../certificate-notice.ts';
import { element } from '../element.ts';
import { button, field, form, Told } from '../form.ts';
import type { Content } from '../frame.ts';
import { fill } from '../language.ts';
import { part } from '../pages/part.ts';
import type { SignedInVisit } from '../shell.ts';
import { table } from '../table.ts';
import { ADMINISTRATION, USERS } from '../texts/administration.ts';
import { dateAndTime } from '../when.ts';
import { detailOf } from './refused.ts';
import { userPage } from './user.ts';

export async function usersPage(visit: SignedInVisit, find = ''): Promise<void> {
  const { request, say } = visit;
  const [users, { auditHealthy, brokerLinked }] = await Promise.all([listUsers(request, find), askStatus(request)]);
  const warnings = [
    ...(auditHealthy ? [] : [ADMINISTRATION.auditBroken]),
    ...(brokerLinked ? [] : [ADMINISTRATION.brokerDown]),
  ];
  visit.show(() => ({
    title: ADMINISTRATION.users,
    content: [
      ...certificateNotice(visit),
      ...warnings.map((text) => element('p', { class: 'notice bad' }, say(text))),
      list(visit, users, find),
      adding(visit, find),
    ],
  }));
}

function list(visit: SignedInVisit, users: readonly AdministeredUser[], find: string): HTMLElement {
  const { say } = visit;
  const sought = field(say(USERS.find), { value: find, autocomplete: 'off', maxlength: 64 });
  const search = visit.deed(new Told(), () => usersPage(visit, sought.input.value.trim()));
  const headings = [USERS.user, USERS.state, USERS.factors, USERS.lastSignIn, USERS.certificate, USERS.open].map(say);
  return part(
    say(ADMINISTRATION.users),
    null,
    form(say(USERS.search), [sought.row], search, 'whole'),
    users.length > 0
      ? table(
          say(ADMINISTRATION.users),
          headings,
          users.map((user) => row(visit, user, find)),
        )
      : element('p', {}, say(USERS.none)),
  );
}

function row(visit: SignedInVisit, user: AdministeredUser, find: string): Content[] {
  const { say, language } = visit;
  const factors = [
    ...(user.totp ? [say(USERS.totp)] : []),
    ...(user.passkeys > 0 ? [say(fill(USERS.passkeys, { count: user.passkeys }))] : []),
  ];
  const open = button(
    say(USERS.open),
    'small',
    visit.deed(new Told(), () => userPage(visit, user, () => usersPage(visit, find))),
  );
  open.setAttribute('aria-label', `${say(USERS.open)}: ${user.name}`);
  return [
    element(
      'span',
      {},
      element('strong', {}, user.name),
      element('br'),
      element('span', { class: 'identifier' }, `${user.municipality}/${user.user}`),
    ),
    element(
      'span',
      { class: user.enabled ? 'status on' : 'status' },
      say(user.enabled ? USERS.enabled : USERS.disabled),
    ),
    factors.join(' / ') || say(USERS.never),
    user.lastSignIn ? dateAndTime(user.lastSignIn, language()) : say(USERS.never),
    certificateCell(visit, user),
    open,
  ];
}

function certificateCell({ say, language }: SignedInVisit, user: AdministeredUser): Content {
  const { certificateExpiresAt: end, certificateWarning: warning } = user;
  if (end === null) return say(USERS.unknown);
  if (warning === null) return dateAndTime(end, language());
  const badge = element('span', { class: 'badge' }, say(warning === 0 ? USERS.over : USERS.soon));
  return element('span', {}, dateAndTime(end, language()), ' ', badge);
}

function adding(visit: SignedInVisit, find: string): HTMLElement {
  const { say, request, signedIn } = visit;
  const own = signedIn.municipality === '-' ? '' : signedIn.municipality;
  const municipality = field(say(USERS.municipality), { value: own, inputmode: 'numeric', maxlength: 6 });
  const id = field(say(USERS.id), { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', maxlength: 32 });
  const name = field(say(USERS.personName), { autocomplete: 'off', maxlength: 64 });
  const run = async () => {
    const user = { municipality: municipality.input.value.trim(), user: id.input.value.trim() };
    await addUser(request, { ...user, name: name.input.value.trim() });
    await usersPage(visit, find);
  };
  return part(
    say(USERS.add),
    null,
    form(say(USERS.addButton), [municipality.row, id.row, name.row], visit.deed(new Told(), run, detailOf)),
  );
}
