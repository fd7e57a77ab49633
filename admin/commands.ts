// The administrator's commands: which options each takes, which call of the gateway it is, and how its answer reads.
import * as z from 'zod';
import { Failure } from '#platform/process/exit.ts';
import { oneLine } from '#platform/process/terminal.ts';

type Option = 'municipality' | 'user' | 'name' | 'desktop' | 'label' | 'session' | 'all' | 'request' | 'out';
export type Given = Partial<Record<Option, string | boolean>>;

export interface Command {
  /** The handler's name on the gateway's socket. */
  readonly call: string;
  /** @returns the call's body. @throws Failure with exit code 2 for an option that is missing or does not belong */
  body(given: Given): Given;
  /** What a person reads. @throws ZodError if the gateway gave an answer of another form */
  say(answer: unknown): string;
}

function command<T>(
  call: string,
  options: { must: readonly Option[]; may?: readonly Option[]; check?(given: Given): void },
  answer: z.ZodType<T>,
  say: (answer: T) => string,
): Command {
  const { must, may = [], check } = options;
  return {
    call,
    body(given) {
      const missing = must.find((option) => given[option] === undefined);
      if (missing) throw new Failure(`--${missing} is missing; --help shows the usage`, 2);
      const surplus = Object.keys(given).find((option) => ![...must, ...may].includes(option as Option));
      if (surplus) throw new Failure(`--${surplus} does not belong to this command; --help shows the usage`, 2);
      check?.(given);
      return given;
    },
    say: (given) => say(answer.parse(given)),
  };
}

const WHO = ['municipality', 'user'] as const;
const user = z.object({ municipality: z.string(), user: z.string() });
const who = (given: z.infer<typeof user>) => `${given.municipality}/${given.user}`;
const userRow = user.extend({
  name: z.string(),
  enabled: z.boolean(),
  totp: z.boolean(),
  lastSignIn: z.string().nullable(),
  desktops: z.array(z.string()),
});
const requestRow = user.extend({ request: z.string(), name: z.string(), state: z.string(), expiresAt: z.string() });
const sessionRow = user.extend({ session: z.string(), desktop: z.string(), startedAt: z.string() });

const STATES: Readonly<Record<string, string>> = {
  waiting: '未処理/waiting',
  certified: '発行済/certified',
  declined: '却下/declined',
};

export const COMMANDS = {
  status: command(
    'status',
    { must: [] },
    z.object({ auditHealthy: z.boolean(), brokerLinked: z.boolean(), sessions: z.number() }),
    ({ auditHealthy, brokerLinked, sessions }) =>
      rows(
        [
          `監査ログ / audit log: ${auditHealthy ? 'ok' : '書き込めません / CANNOT BE WRITTEN'}`,
          `中継 / broker: ${brokerLinked ? 'ok' : '接続できません / not linked'}`,
          `接続数 / sessions: ${sessions}`,
        ],
        '',
      ),
  ),
  'user add': command('user.add', { must: [...WHO, 'name'] }, user, (of) => `追加しました / added: ${who(of)}`),
  'user enable': command('user.enable', { must: WHO }, user, (of) => `有効にしました / enabled: ${who(of)}`),
  'user disable': command('user.disable', { must: WHO }, user, (of) => `無効にしました / disabled: ${who(of)}`),
  'user list': command('user.list', { must: [] }, z.object({ users: z.array(userRow) }), ({ users }) =>
    rows(users.map(sayUser), '利用者はいません。/ There are no users.'),
  ),
  'totp enrol': command('totp.enrol', { must: WHO }, user.extend({ uri: z.string() }), ({ uri }) => uri),
  'totp reset': command('totp.reset', { must: WHO }, user, (of) => `取り消しました / reset: ${who(of)}`),
  'enrolment code': command(
    'enrolment.code',
    { must: WHO },
    user.extend({ code: z.string(), expiresAt: z.string() }),
    ({ code, expiresAt }) => rows([code, `本人だけに渡してください / for the user alone, until ${expiresAt}`], ''),
  ),
  'enrolment list': command(
    'enrolment.list',
    { must: [] },
    z.object({ requests: z.array(requestRow) }),
    ({ requests }) =>
      rows(
        requests.map(
          (one) => `${one.request}  ${who(one)}  ${one.name}  ${STATES[one.state] ?? one.state}  ${one.expiresAt}`,
        ),
        '申請はありません。/ There are no requests.',
      ),
  ),
  'enrolment export': command(
    'enrolment.export',
    { must: ['out'], may: ['request'] },
    z.object({ files: z.array(z.string()) }),
    ({ files }) => rows(files, '未処理の申請はありません。/ No request is waiting.'),
  ),
  'enrolment import': command(
    'enrolment.import',
    { must: [] },
    z.object({ imported: z.array(requestRow) }),
    ({ imported }) =>
      rows(
        imported.map((one) => `受け付けました / taken: ${one.request}  ${who(one)}`),
        '',
      ),
  ),
  'enrolment refuse': command(
    'enrolment.refuse',
    { must: ['request'] },
    requestRow,
    (one) => `却下しました / declined: ${one.request}  ${who(one)}`,
  ),
  'entitlement add': command(
    'entitlement.add',
    { must: [...WHO, 'desktop'], may: ['label'] },
    user.extend({ desktop: z.string() }),
    (of) => `許可しました / entitled: ${who(of)} → ${of.desktop}`,
  ),
  'entitlement remove': command(
    'entitlement.remove',
    { must: [...WHO, 'desktop'] },
    user.extend({ desktop: z.string() }),
    (of) => `許可を取り消しました / withdrawn: ${who(of)} → ${of.desktop}`,
  ),
  'session list': command('session.list', { must: [] }, z.object({ sessions: z.array(sessionRow) }), ({ sessions }) =>
    rows(
      sessions.map((one) => `${one.session}  ${who(one)}  ${one.desktop}  ${one.startedAt}`),
      '接続はありません。/ There are no sessions.',
    ),
  ),
  'session end': command(
    'session.end',
    {
      must: [],
      may: ['session', 'all'],
      check({ session, all }) {
        if ((session === undefined) === (all === undefined)) {
          throw new Failure('give --session ID or --all; --help shows the usage', 2);
        }
      },
    },
    z.object({ ended: z.number() }),
    ({ ended }) => `終了しました / ended: ${ended}`,
  ),
} as const satisfies Record<string, Command>;

export type CommandName = keyof typeof COMMANDS;

function sayUser(row: z.infer<typeof userRow>): string {
  const state = row.enabled ? '有効/enabled' : '無効/disabled';
  const factor = row.totp ? 'TOTP' : '-';
  return `${who(row)}  ${row.name}  ${state}  ${factor}  ${row.lastSignIn ?? '-'}  ${row.desktops.join(' ') || '-'}`;
}

function rows(lines: string[], none: string): string {
  return lines.map(oneLine).join('\n') || none;
}
