// Pairing this browser with a desktop: the code from the office, and what will prove the user from then on.
import { type Prover, pairDevice, type Surroundings } from '#web/core/open.ts';
import { fingerprintOf, SUITE } from '#web/core/web-crypto.ts';
import type { KeyStore } from '../browser/key-store.ts';
import { passkeyProver } from '../browser/passkey-prover.ts';
import { element } from '../element.ts';
import { button, field, form, Told } from '../form.ts';
import type { Drawing } from '../frame.ts';
import { fill } from '../language.ts';
import { passkeysAreThere } from '../passkey.ts';
import type { SignedInVisit } from '../shell.ts';
import { typedCode } from '../typed.ts';
import { PAIRING } from './texts.ts';

export interface Pairing {
  desktop: string;
  label: string;
  around: Surroundings;
  keys: KeyStore;
}

type ProverKind = Prover['kind'];

/** Shows the dialog as a page of its own; it leads back to the list. */
export function pairDesktop(visit: SignedInVisit, pairing: Pairing): void {
  const told = new Told();
  let code = '';
  let kind: ProverKind = 'device-key';

  visit.show((): Drawing => {
    const { say } = visit;
    const typed = field(say(PAIRING.code), CODE_ATTRIBUTES, say(PAIRING.codeHint));
    typed.input.value = code;
    typed.input.addEventListener('input', () => {
      code = typed.input.value;
    });
    const choose = (chosen: ProverKind) => {
      kind = chosen;
    };
    const kinds: readonly ProverKind[] = passkeysAreThere() ? ['device-key', 'passkey'] : ['device-key'];
    const pair = visit.deed(told, async () => {
      const agent = await pairAndPin(visit, pairing, typedCode(code), kind);
      visit.show(() => paired(visit, agent));
    });
    const cancel = visit.deed(told, () => Promise.resolve(visit.go('desktops')));
    return {
      title: PAIRING.title,
      narrow: true,
      content: [
        element('p', {}, say(fill(PAIRING.about, { label: pairing.label }))),
        form(say(PAIRING.submit), [typed.row, choices(visit, kinds, kind, choose)], pair),
        button(say(PAIRING.cancel), 'quiet', cancel),
      ],
    };
  });
}

const CODE_ATTRIBUTES = {
  class: 'code',
  autocomplete: 'off',
  autocapitalize: 'characters',
  spellcheck: 'false',
  maxlength: 40,
} as const;

function choices(
  { say }: SignedInVisit,
  kinds: readonly ProverKind[],
  chosen: ProverKind,
  choose: (kind: ProverKind) => void,
): HTMLElement {
  const texts = {
    'device-key': [PAIRING.deviceKey, PAIRING.deviceKeyHint],
    passkey: [PAIRING.passkey, PAIRING.passkeyHint],
  } as const;
  const rows = kinds.map((kind) => {
    const [name, hint] = texts[kind];
    const input = element('input', { type: 'radio', name: 'prover', value: kind, checked: kind === chosen });
    input.addEventListener('change', () => choose(kind));
    return element(
      'label',
      { class: 'choice' },
      input,
      element('span', {}, element('strong', {}, say(name)), ' ', element('span', { class: 'soft' }, say(hint))),
    );
  });
  return element('fieldset', { class: 'stack' }, element('legend', {}, say(PAIRING.with)), ...rows);
}

/** @returns the fingerprint of the agent's key */
async function pairAndPin(
  { signedIn: { user }, signal }: SignedInVisit,
  { desktop, label, around, keys }: Pairing,
  code: string,
  kind: ProverKind,
): Promise<string> {
  const prover: Prover =
    kind === 'passkey' ? passkeyProver(label, signal) : { kind: 'device-key', key: await keys.needDeviceKey() };
  const pinned = await pairDevice(around, { suite: SUITE, user, desktop, prover }, code);
  await keys.pin(desktop, pinned);
  return fingerprintOf(pinned.agentKey);
}

function paired(visit: SignedInVisit, agent: string): Drawing {
  const { say } = visit;
  const back = visit.deed(new Told(), () => Promise.resolve(visit.go('desktops')));
  return {
    title: PAIRING.title,
    narrow: true,
    content: [
      element('p', { class: 'notice', role: 'status' }, say(PAIRING.done)),
      element('p', {}, say(PAIRING.compare)),
      element('p', { class: 'card identifier' }, agent),
      button(say(PAIRING.goOn), 'primary', back),
    ],
  };
}
