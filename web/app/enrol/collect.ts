// Fetching the certificate: right away with the key that this tab still holds, or later with the saved key file.
import { fetchAnswer, makeP12, numberOf, openKey, P12Error, type UserKey } from '#web/core/enrolment.ts';
import { element } from '../element.ts';
import { button, field, form, Told } from '../form.ts';
import { type Bilingual, fill } from '../language.ts';
import { COLLECT, HANDED_IN } from '../texts/enrol.ts';
import { dateAndTime } from '../when.ts';
import { nextPaint, save } from './file.ts';
import type { Pending, Visit } from './visit.ts';

/** What a browser's list of certificates shows. */
const FRIENDLY_NAME = 'LGWAN telework';

/** After the request: the number for the administrator, the key file for the user. */
export function handedInPage(visit: Visit, pending: Pending, saved: () => void) {
  const { say, language } = visit.frame;
  const told = new Told();
  const until = fill(HANDED_IN.until, { time: dateAndTime(pending.expiresAt, language()) });
  const keep = () => {
    save(`telework-${pending.number}.key`, pending.keyFile);
    saved();
  };
  return {
    title: HANDED_IN.title,
    narrow: true,
    content: [
      element(
        'section',
        { class: 'card stack' },
        element('h2', {}, say(HANDED_IN.number)),
        element('p', { class: 'secret' }, pending.number),
        element('p', {}, say(HANDED_IN.numberHint)),
      ),
      element(
        'section',
        { class: 'card stack' },
        element('p', {}, say(HANDED_IN.saveHint)),
        button(say(HANDED_IN.save), 'primary whole', { say, told, run: keep }),
      ),
      element(
        'section',
        { class: 'card stack' },
        element('p', { class: 'soft' }, say(until)),
        told.node,
        button(say(HANDED_IN.fetch), 'whole', {
          say,
          told,
          run: () => fetchInto(visit, told, pending.key, pending.password),
        }),
      ),
    ],
  };
}

/** With the saved key file, in this tab or any other, days later. */
export function collectPage(visit: Visit) {
  const { say } = visit.frame;
  const told = new Told();
  const file = field(say(COLLECT.file), { type: 'file', accept: '.key' }, say(COLLECT.fileHint));
  const password = field(say(COLLECT.password), { type: 'password', autocomplete: 'off', maxlength: 128 });

  async function run(): Promise<void> {
    const [chosen] = file.input.files ?? [];
    if (!chosen) return told.say(say(COLLECT.noFile));
    const pem = await chosen.text();
    await nextPaint();
    await fetchInto(visit, told, openKey(pem, password.input.value), password.input.value);
  }

  return {
    title: COLLECT.title,
    narrow: true,
    content: [
      element('p', {}, say(COLLECT.intro)),
      form(say(HANDED_IN.fetch), [file.row, password.row], { say, told, run, explain }),
      button(say(COLLECT.back), 'quiet', { say, told, run: () => visit.ask() }),
    ],
  };
}

async function fetchInto({ frame, request, done }: Visit, told: Told, key: UserKey, password: string): Promise<void> {
  const answer = await fetchAnswer(request, key);
  if (answer.state === 'waiting') return told.say(frame.say(HANDED_IN.waiting), 'info');
  await nextPaint();
  const p12 = makeP12(key.privateKey, answer.certificate, password, FRIENDLY_NAME);
  done(`telework-${answer.user}-${await numberOf(key)}`, p12);
}

function explain(error: unknown): Bilingual | null {
  if (!(error instanceof P12Error)) return null;
  return error.problem === 'password' ? COLLECT.wrongPassword : COLLECT.wrongFile;
}
