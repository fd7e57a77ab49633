// Signing in: a passkey or a code, and a password if the municipality wants one; what is offered is the same for every user
// of a municipality (E7).
import { type SignedIn, signInWithTotp } from '#web/core/gateway-api.ts';
import {
  askMethods,
  type SignInMethods,
  signInWithPasskey,
  signInWithRecoveryCode,
} from '#web/core/gateway-ceremony.ts';
import { element } from '../element.ts';
import { button, field, form, Told, userName } from '../form.ts';
import type { Content } from '../frame.ts';
import { type Bilingual, fill } from '../language.ts';
import { authenticator, passkeysAreThere, passkeyTrouble } from '../passkey.ts';
import type { Visit } from '../shell.ts';
import { SIGN_IN } from '../texts/sign-in.ts';
import { typedCode } from '../typed.ts';

export async function signInPage(
  visit: Visit,
  because: Bilingual | null,
  arrived: (signedIn: SignedIn) => void,
): Promise<void> {
  const methods = await askMethods(visit.request);
  visit.show(() => ({
    title: SIGN_IN.title,
    narrow: true,
    content: [
      ...(because ? [element('p', { class: 'notice', role: 'status' }, visit.say(because))] : []),
      card(visit, methods, arrived),
    ],
  }));
}

function card(
  visit: Visit,
  { user, municipality, ...asked }: SignInMethods,
  arrived: (signedIn: SignedIn) => void,
): HTMLElement {
  const { say, request } = visit;
  const password = field(
    say(SIGN_IN.password),
    { type: 'password', autocomplete: 'current-password', maxlength: 128 },
    say(SIGN_IN.passwordHint),
  );
  const typedPassword = () => (asked.password ? password.input.value : undefined);
  const withPasskey = async () => arrived(await signInWithPasskey(request, authenticator, typedPassword()));
  const code = field(say(SIGN_IN.code), {
    ...{ class: 'code', inputmode: 'numeric', autocomplete: 'one-time-code', maxlength: 16 },
  });
  const withCode = async () => arrived(await signInWithTotp(request, typedCode(code.input.value), typedPassword()));

  const before = asked.password ? [userName(user), password.row] : [];
  const [passkey, totp] = [asked.methods.includes('webauthn'), asked.methods.includes('totp')];
  const onlyPasskey = () => form(say(SIGN_IN.passkey), before, visit.deed(new Told(), withPasskey, passkeyTrouble));
  const codeAfter = (offer: readonly Content[]) =>
    form(
      say(SIGN_IN.withCode),
      [...before, ...offer, code.row],
      visit.deed(new Told(), withCode),
      offer.length > 0 ? 'whole' : 'primary whole',
    );
  const passkeyFirst = () => {
    const told = new Told();
    return [
      button(say(SIGN_IN.passkey), 'primary whole', visit.deed(told, withPasskey, passkeyTrouble)),
      told.node,
      element('p', { class: 'soft' }, say(SIGN_IN.passkeyHint)),
      element('div', { class: 'or', 'aria-hidden': 'true' }, say(SIGN_IN.or)),
    ];
  };
  return element(
    'div',
    { class: 'card stack' },
    element(
      'p',
      { class: 'soft' },
      say(fill(municipality === '-' ? SIGN_IN.whoAdministrates : SIGN_IN.who, { user, municipality })),
    ),
    ...(passkey && !passkeysAreThere() ? [element('p', { class: 'soft' }, say(SIGN_IN.passkeyUnable))] : []),
    totp ? codeAfter(passkey && passkeysAreThere() ? passkeyFirst() : []) : onlyPasskey(),
    recovery(visit, typedPassword, arrived),
  );
}

function recovery(
  visit: Visit,
  typedPassword: () => string | undefined,
  arrived: (signedIn: SignedIn) => void,
): HTMLElement {
  const { say, request } = visit;
  const code = field(
    say(SIGN_IN.recovery),
    { class: 'code', autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false', maxlength: 64 },
    say(SIGN_IN.recoveryHint),
  );
  const run = async () => arrived(await signInWithRecoveryCode(request, typedCode(code.input.value), typedPassword()));
  return element(
    'details',
    {},
    element('summary', {}, say(SIGN_IN.trouble)),
    form(say(SIGN_IN.withRecovery), [code.row], visit.deed(new Told(), run)),
  );
}
