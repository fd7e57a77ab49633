// A password as a further factor. It may be shown while it is typed and pasted from a manager (63B §3.1.1.2).
import { setPassword } from '#web/core/gateway-ceremony.ts';
import { element } from '../element.ts';
import { field, form, Told, userName } from '../form.ts';
import { fill } from '../language.ts';
import { PASSWORD } from '../texts/account.ts';
import { dateAndTime } from '../when.ts';
import type { Account, AccountVisit } from './account-visit.ts';
import { part } from './part.ts';

export function passwordPart(visit: AccountVisit, { factors }: Account): HTMLElement {
  const { say, language, request, signedIn } = visit;
  const { password } = factors;
  const typed = field(say(PASSWORD.label), { type: 'password', autocomplete: 'new-password', maxlength: 128 });
  const show = element('input', { type: 'checkbox' });
  show.addEventListener('change', () => {
    typed.input.type = show.checked ? 'text' : 'password';
  });
  const run = async () => {
    await setPassword(request, typed.input.value);
    await visit.done(PASSWORD.done);
  };
  return part(
    say(PASSWORD.heading),
    say(PASSWORD.hint),
    element(
      'p',
      {},
      say(password ? fill(PASSWORD.setAt, { time: dateAndTime(password.setAt, language()) }) : PASSWORD.none),
    ),
    form(
      say(PASSWORD.set),
      [userName(signedIn.user), typed.row, element('label', { class: 'row' }, show, say(PASSWORD.show))],
      visit.deed(new Told(), run),
    ),
  );
}
