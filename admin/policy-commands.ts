// A municipality's policy. What loosens it waits for another administrator, who approves at the page (E9).
import * as z from 'zod';
import { badArguments, command, type Given, rows, type Table } from './command.ts';

const policy = z.object({
  secondFactors: z.array(z.string()),
  password: z.boolean(),
  hardwareBound: z.boolean(),
  idleSeconds: z.number(),
  overallSeconds: z.number(),
});
const waiting = z.object({
  id: z.string(),
  after: policy,
  by: z.string(),
  at: z.string(),
  expiresAt: z.string(),
});
const shown = z.object({ municipality: z.string(), policy, waiting: waiting.nullable() });
type Shown = z.infer<typeof shown>;

function sayPolicy({ municipality, policy, waiting }: Shown): string[] {
  const lines = [`${municipality}  ${JSON.stringify(policy)}`];
  if (waiting) {
    const { id, after, by, at, expiresAt } = waiting;
    lines.push(
      `  承認待ち / waiting for another administrator: ${id}  ${JSON.stringify(after)}`,
      `  申出 / asked by ${by}, ${at}; 期限 / until ${expiresAt}`,
    );
  }
  return lines;
}

function wanted(given: Given): object {
  const { municipality } = given;
  const factors = given['second-factors'];
  const asked = {
    ...(factors === undefined ? {} : { secondFactors: String(factors).split(',') }),
    ...(given.password === undefined ? {} : { password: yesOrNo('password', given.password) }),
    ...(given['hardware-bound'] === undefined
      ? {}
      : { hardwareBound: yesOrNo('hardware-bound', given['hardware-bound']) }),
    ...(given['idle-seconds'] === undefined ? {} : { idleSeconds: seconds('idle-seconds', given['idle-seconds']) }),
    ...(given['overall-seconds'] === undefined
      ? {}
      : { overallSeconds: seconds('overall-seconds', given['overall-seconds']) }),
  };
  if (Object.keys(asked).length === 0) throw badArguments('say what to set');
  return { municipality, ...asked };
}

function yesOrNo(option: string, value: string | boolean): boolean {
  if (value !== 'yes' && value !== 'no') throw badArguments(`--${option} must be yes or no`);
  return value === 'yes';
}

function seconds(option: string, value: string | boolean): number {
  const number = Number(value);
  if (!Number.isInteger(number)) throw badArguments(`--${option} must be a whole number`);
  return number;
}

const CHANGE = '--municipality CODE --id ID';

export const POLICY_COMMANDS = {
  'policy list': command({
    call: 'policy.list',
    usage: 'of every municipality, with the changes that wait',
    answer: z.object({ policies: z.array(shown) }),
    say: ({ policies }) => rows(policies.flatMap(sayPolicy), '団体はありません。/ There are no municipalities.'),
  }),
  'policy show': command({
    call: 'policy.show',
    must: ['municipality'],
    usage: '--municipality CODE',
    answer: shown,
    say: (of) => rows(sayPolicy(of), ''),
  }),
  'policy set': command({
    call: 'policy.set',
    must: ['municipality'],
    may: ['second-factors', 'password', 'hardware-bound', 'idle-seconds', 'overall-seconds'],
    usage:
      '--municipality CODE [--second-factors webauthn,totp] [--password yes|no]\n' +
      '                          [--hardware-bound yes|no] [--idle-seconds N] [--overall-seconds N]\n' +
      '                          stricter holds at once; looser waits for another administrator',
    body: wanted,
    answer: shown.extend({ held: z.boolean() }),
    say: (of) =>
      rows(
        [
          of.held
            ? '緩める変更のため、別の管理者の承認を待ちます / it loosens, so it waits for another administrator'
            : '変更しました / set',
          ...sayPolicy(of),
        ],
        '',
      ),
  }),
  'policy approve': command({
    call: 'policy.approve',
    must: ['municipality', 'id'],
    usage: `${CHANGE}              only another administrator can, at the page`,
    answer: shown,
    say: (of) => rows(['承認しました / approved', ...sayPolicy(of)], ''),
  }),
  'policy refuse': command({
    call: 'policy.refuse',
    must: ['municipality', 'id'],
    usage: CHANGE,
    answer: shown,
    say: (of) => rows(['却下しました / refused', ...sayPolicy(of)], ''),
  }),
} as const satisfies Table;
