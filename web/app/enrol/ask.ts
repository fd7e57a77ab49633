// The first page: a code and a password in, a key made, a request handed in.
import { makeUserKey, numberOf, sealKey, submitKey } from '#web/core/enrolment.ts';
import { element } from '../element.ts';
import { button, field, form, Told } from '../form.ts';
import type { Bilingual } from '../language.ts';
import { ASK, PASSWORD_JUDGEMENT } from '../texts/enrol.ts';
import { typedCode } from '../typed.ts';
import { nextPaint } from './file.ts';
import { judge } from './password.ts';
import type { Visit } from './visit.ts';

/** The authority takes names from the administrator's register and none from a request. */
const REQUEST_NAME = 'telework';

/** What the user typed is not good enough; the sentence says why. */
class Unfit extends Error {
  readonly sentence: Bilingual;

  constructor(sentence: Bilingual) {
    super(sentence.en);
    this.sentence = sentence;
  }
}

export function askPage(visit: Visit) {
  const { frame, request } = visit;
  const { say } = frame;
  const code = field(
    say(ASK.code),
    { class: 'code', autocomplete: 'one-time-code', spellcheck: false, autocapitalize: 'characters', maxlength: 40 },
    say(ASK.codeHint),
  );
  const secret = { type: 'password', autocomplete: 'new-password', maxlength: 128 };
  const password = field(say(ASK.password), secret, say(ASK.passwordHint));
  const again = field(say(ASK.again), secret);
  const strength = element('p', { class: 'soft', role: 'status' });
  password.input.addEventListener('input', () => {
    const { value } = password.input;
    strength.textContent = value === '' ? '' : say(PASSWORD_JUDGEMENT[judge(value).judgement]);
  });

  async function run(): Promise<void> {
    const chosen = password.input.value;
    const { isGood, judgement } = judge(chosen);
    if (!isGood) throw new Unfit(PASSWORD_JUDGEMENT[judgement]);
    if (again.input.value !== chosen) throw new Unfit(PASSWORD_JUDGEMENT.different);
    await nextPaint();
    const key = await makeUserKey();
    // Before the code is used up: a key that cannot be kept would have used it for nothing.
    const keyFile = sealKey(key.privateKey, chosen);
    const { expiresAt } = await submitKey(request, typedCode(code.input.value), key, REQUEST_NAME);
    visit.handedIn({ key, password: chosen, keyFile, number: await numberOf(key), expiresAt });
  }

  const explain = (error: unknown) => (error instanceof Unfit ? error.sentence : null);
  return {
    title: ASK.title,
    narrow: true,
    content: [
      element('p', {}, say(ASK.intro)),
      form(say(ASK.submit), [code.row, password.row, strength, again.row], { say, told: new Told(), run, explain }),
      button(say(ASK.already), 'quiet', { say, told: new Told(), run: () => visit.collect() }),
    ],
  };
}
