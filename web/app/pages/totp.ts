// The authenticator app: its secret as a QR code and as text, in force once a code of it was typed.
import { beginTotp, confirmTotp, removeTotp } from '#web/core/gateway-ceremony.ts';
import { element } from '../element.ts';
import { button, confirmedButton, field, form, Told } from '../form.ts';
import { fill } from '../language.ts';
import { qrCode } from '../qr.ts';
import { ACCOUNT, TOTP } from '../texts/account.ts';
import { typedCode } from '../typed.ts';
import { dateAndTime } from '../when.ts';
import type { Account, AccountVisit } from './account-visit.ts';
import { part } from './part.ts';

export function totpPart(visit: AccountVisit, { factors, totpUri }: Account): HTMLElement {
  const { say, language, request } = visit;
  if (totpUri) return part(say(TOTP.heading), say(TOTP.scan), ...settingUp(visit, totpUri));
  const { totp } = factors;
  const told = new Told();
  const begin = async () => visit.change({ totpUri: await beginTotp(request), note: null });
  const remove = async () => {
    await removeTotp(request);
    await visit.done(null);
  };
  return part(
    say(TOTP.heading),
    say(TOTP.hint),
    element('p', {}, say(totp ? fill(TOTP.enrolled, { time: dateAndTime(totp.enrolledAt, language()) }) : TOTP.none)),
    told.node,
    element(
      'div',
      { class: 'row' },
      button(say(totp ? TOTP.beginAnew : TOTP.begin), '', visit.deed(told, begin)),
      ...(totp
        ? [confirmedButton(say(ACCOUNT.remove), say(ACCOUNT.removeSure), 'danger', visit.deed(told, remove))]
        : []),
    ),
  );
}

function settingUp(visit: AccountVisit, uri: string): HTMLElement[] {
  const { say, request } = visit;
  const secret = (new URL(uri).searchParams.get('secret') ?? '').replace(/(.{4})(?=.)/g, '$1 ');
  const code = field(say(TOTP.code), {
    class: 'code',
    inputmode: 'numeric',
    autocomplete: 'one-time-code',
    maxlength: 16,
  });
  const run = async () => {
    await confirmTotp(request, typedCode(code.input.value));
    await visit.done(TOTP.done);
  };
  return [
    element('div', {}, qrCode(uri, say(TOTP.qr))),
    element('p', { class: 'soft' }, say(TOTP.secret)),
    element('p', { class: 'secret' }, secret),
    form(say(TOTP.confirm), [code.row], visit.deed(new Told(), run)),
  ];
}
