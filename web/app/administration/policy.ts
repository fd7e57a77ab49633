// The policy of each municipality: changed here, and approved here by somebody else if it became looser (E9).
import {
  approvePolicy,
  listPolicies,
  type Policy,
  type PolicyState,
  refusePolicy,
  setPolicy,
} from '#web/core/administration-api.ts';
import { element } from '../element.ts';
import { button, confirmedButton, field, form, Told } from '../form.ts';
import { type Bilingual, fill } from '../language.ts';
import { part } from '../pages/part.ts';
import type { SignedInVisit } from '../shell.ts';
import { table } from '../table.ts';
import { ADMINISTRATION, POLICY } from '../texts/administration.ts';
import { chargeIn } from '../texts/shell.ts';
import { dateAndTime } from '../when.ts';
import { detailOf } from './refused.ts';

export async function policyPage(visit: SignedInVisit, note: Bilingual | null = null): Promise<void> {
  const { request, say } = visit;
  const policies = await listPolicies(request);
  visit.show(() => ({
    title: ADMINISTRATION.policy,
    content: [
      element('p', {}, say(POLICY.hint)),
      ...(note ? [element('p', { class: 'notice', role: 'status' }, say(note))] : []),
      ...policies.map((state) => policyPart(visit, state)),
    ],
  }));
}

function policyPart(visit: SignedInVisit, state: PolicyState): HTMLElement {
  const { say } = visit;
  const { municipality } = state;
  const heading = say(municipality === '-' ? POLICY.administrators : chargeIn(municipality));
  return part(heading, null, ...waitingPart(visit, state), changing(visit, state));
}

function waitingPart(visit: SignedInVisit, { municipality, waiting }: PolicyState): HTMLElement[] {
  if (!waiting) return [];
  const { say, language, request } = visit;
  const told = new Told();
  const { id, before, after, by } = waiting;
  const approve = async () => {
    await approvePolicy(request, municipality, id);
    await policyPage(visit, POLICY.done);
  };
  const refuse = async () => {
    await refusePolicy(request, municipality, id);
    await policyPage(visit);
  };
  const times = { time: dateAndTime(waiting.at, language()), end: dateAndTime(waiting.expiresAt, language()) };
  const rows = ITEMS.filter(({ say: sayItem }) => sayItem(before, say) !== sayItem(after, say)).map((item) => [
    say(item.name),
    item.say(before, say),
    item.say(after, say),
  ]);
  return [
    element(
      'div',
      { class: 'notice warn' },
      element('p', {}, element('strong', {}, say(POLICY.waiting))),
      element('p', {}, say(fill(POLICY.asked, { by, ...times }))),
    ),
    table(say(POLICY.waiting), [POLICY.item, POLICY.before, POLICY.after].map(say), rows),
    element(
      'div',
      { class: 'row' },
      confirmedButton(say(POLICY.approve), say(POLICY.approveSure), 'primary', visit.deed(told, approve, detailOf)),
      button(say(POLICY.refuse), '', visit.deed(told, refuse, detailOf)),
    ),
    told.node,
  ];
}

type Say = SignedInVisit['say'];

/** How each part of a policy reads. */
const ITEMS: readonly { name: Bilingual; say(policy: Policy, say: Say): string }[] = [
  {
    name: POLICY.secondFactors,
    say: ({ secondFactors }, say) => secondFactors.map((factor) => say(POLICY[factor])).join(' / '),
  },
  { name: POLICY.password, say: ({ password }, say) => say(password ? POLICY.yes : POLICY.no) },
  { name: POLICY.hardwareBound, say: ({ hardwareBound }, say) => say(hardwareBound ? POLICY.yes : POLICY.no) },
  { name: POLICY.idle, say: ({ idleSeconds }) => String(idleSeconds) },
  { name: POLICY.overall, say: ({ overallSeconds }) => String(overallSeconds) },
];

function changing(visit: SignedInVisit, { municipality, policy }: PolicyState): HTMLElement {
  const { say, request } = visit;
  const [webauthn, totp] = (['webauthn', 'totp'] as const).map((factor) =>
    checkbox(say(POLICY[factor]), policy.secondFactors.includes(factor)),
  ) as [Checkbox, Checkbox];
  const password = checkbox(say(POLICY.password), policy.password);
  const hardwareBound = checkbox(say(POLICY.hardwareBound), policy.hardwareBound);
  const seconds = (text: Bilingual, value: number, min: number, max: number) =>
    field(say(text), { type: 'number', inputmode: 'numeric', value, min, max });
  const idle = seconds(POLICY.idle, policy.idleSeconds, 60, 900);
  const overall = seconds(POLICY.overall, policy.overallSeconds, 300, 43_200);
  const run = async () => {
    const { held } = await setPolicy(request, municipality, {
      secondFactors: [
        ...(webauthn.input.checked ? (['webauthn'] as const) : []),
        ...(totp.input.checked ? (['totp'] as const) : []),
      ],
      password: password.input.checked,
      hardwareBound: hardwareBound.input.checked,
      idleSeconds: idle.input.valueAsNumber,
      overallSeconds: overall.input.valueAsNumber,
    });
    await policyPage(visit, held ? POLICY.held : POLICY.done);
  };
  const factors = element(
    'fieldset',
    { class: 'stack' },
    element('legend', {}, say(POLICY.secondFactors)),
    webauthn.row,
    totp.row,
  );
  const content = [factors, password.row, hardwareBound.row, idle.row, overall.row];
  return form(say(POLICY.set), content, visit.deed(new Told(), run, detailOf), 'whole');
}

interface Checkbox {
  row: HTMLElement;
  input: HTMLInputElement;
}

function checkbox(label: string, checked: boolean): Checkbox {
  const input = element('input', { type: 'checkbox', checked });
  return { row: element('label', { class: 'row' }, input, label), input };
}
