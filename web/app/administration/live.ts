// What goes on at this moment: sessions and their ends, desktops, and requests that wait for a certificate. It is drawn anew on
// asking only: a page that polls would keep its own sign-in alive.
import {
  type EnrolmentRequest,
  endAllSessions,
  endSession,
  type KnownDesktop,
  type LiveSession,
  listEnrolments,
  listKnownDesktops,
  listSessions,
  refuseEnrolment,
} from '#web/core/administration-api.ts';
import { element } from '../element.ts';
import { button, confirmedButton, Told } from '../form.ts';
import { part } from '../pages/part.ts';
import type { SignedInVisit } from '../shell.ts';
import { table } from '../table.ts';
import { ADMINISTRATION, LIVE, REQUEST_STATES } from '../texts/administration.ts';
import { dateAndTime } from '../when.ts';
import { detailOf } from './refused.ts';

export async function livePage(visit: SignedInVisit): Promise<void> {
  const { request, say } = visit;
  const [sessions, desktops, requests] = await Promise.all([
    listSessions(request),
    listKnownDesktops(request),
    listEnrolments(request),
  ]);
  visit.show(() => ({
    title: ADMINISTRATION.live,
    content: [
      button(
        say(ADMINISTRATION.refresh),
        '',
        visit.deed(new Told(), () => livePage(visit)),
      ),
      sessionsPart(visit, sessions),
      desktopsPart(visit, desktops),
      requestsPart(visit, requests),
    ],
  }));
}

function sessionsPart(visit: SignedInVisit, sessions: readonly LiveSession[]): HTMLElement {
  const { say, language, request } = visit;
  if (sessions.length === 0) return part(say(LIVE.sessions), null, element('p', {}, say(LIVE.none)));
  const told = new Told();
  const rows = sessions.map(({ session, municipality, user, desktop, address, startedAt, idleSince }) => {
    const run = () => endSession(request, session).then(() => livePage(visit));
    const end = visit.deed(told, run, detailOf);
    const press = confirmedButton(say(LIVE.end), say(LIVE.endSure), 'danger small', end, `${municipality}/${user}`);
    return [
      identifier(`${municipality}/${user}`),
      identifier(desktop),
      identifier(address),
      dateAndTime(startedAt, language()),
      idleSince ? dateAndTime(idleSince, language()) : '–',
      press,
    ];
  });
  const endAll = () => endAllSessions(request).then(() => livePage(visit));
  const headings = [LIVE.user, LIVE.desktop, LIVE.address, LIVE.since, LIVE.idle, LIVE.action].map(say);
  return part(
    say(LIVE.sessions),
    null,
    table(say(LIVE.sessions), headings, rows),
    told.node,
    confirmedButton(say(LIVE.endAll), say(LIVE.endAllSure), 'danger', visit.deed(told, endAll, detailOf)),
  );
}

function desktopsPart({ say }: SignedInVisit, desktops: readonly KnownDesktop[]): HTMLElement {
  const rows = desktops.map(({ desktop, online, inUse }) => [
    identifier(desktop),
    element(
      'span',
      {},
      element('span', { class: online ? 'status on' : 'status' }, say(online ? LIVE.online : LIVE.offline)),
      ...(inUse ? [' ', element('span', { class: 'badge' }, say(LIVE.inUse))] : []),
    ),
  ]);
  const shown =
    rows.length > 0
      ? table(say(LIVE.desktops), [say(LIVE.desktop), say(LIVE.state)], rows)
      : element('p', {}, say(LIVE.noDesktops));
  return part(say(LIVE.desktops), null, shown);
}

function requestsPart(visit: SignedInVisit, requests: readonly EnrolmentRequest[]): HTMLElement {
  const { say, language, request } = visit;
  const issuing = element('p', { class: 'soft' }, say(LIVE.issuingHint));
  if (requests.length === 0) return part(say(LIVE.requests), null, element('p', {}, say(LIVE.noRequests)), issuing);
  const told = new Told();
  const rows = requests.map((one) => {
    const run = () => refuseEnrolment(request, one.request).then(() => livePage(visit));
    const refuse = visit.deed(told, run, detailOf);
    const press = confirmedButton(say(LIVE.refuse), say(LIVE.refuseSure), 'danger small', refuse, one.request);
    return [
      identifier(one.request),
      `${one.name} (${one.municipality}/${one.user})`,
      dateAndTime(one.submittedAt, language()),
      dateAndTime(one.expiresAt, language()),
      isState(one.state) ? say(REQUEST_STATES[one.state]) : one.state,
      one.state === 'waiting' ? press : '–',
    ];
  });
  const headings = [LIVE.number, LIVE.user, LIVE.submitted, LIVE.until, LIVE.state, LIVE.action].map(say);
  const shown = table(say(LIVE.requests), headings, rows);
  return part(say(LIVE.requests), say(LIVE.requestsHint), shown, told.node, issuing);
}

function isState(state: string): state is keyof typeof REQUEST_STATES {
  return Object.hasOwn(REQUEST_STATES, state);
}

function identifier(text: string): HTMLElement {
  return element('span', { class: 'identifier' }, text);
}
