// The administrator's commands: which options each takes, which call of the gateway it is, and how its answer reads.
import * as z from 'zod';
import { Failure } from '#platform/process/exit.ts';
import { oneLine } from '#platform/process/terminal.ts';

type Option = 'municipality' | 'user' | 'name' | 'desktop' | 'label' | 'session' | 'all' | 'factor' | 'id';
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
const sessionRow = user.extend({ session: z.string(), desktop: z.string(), startedAt: z.string() });

const passkeyRow = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.string(),
  backedUp: z.boolean(),
  hardwareBound: z.boolean(),
  suspended: z.boolean(),
});
const factorRows = z.object({
  totp: z.string().nullable(),
  passkeys: z.array(passkeyRow),
  password: z.string().nullable(),
  recoveryCodesLeft: z.number(),
});

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
  'factor list': command('factor.list', { must: WHO }, factorRows, ({ totp, passkeys, password, recoveryCodesLeft }) =>
    rows(
      [
        `TOTP: ${totp ?? '-'}`,
        ...passkeys.map(sayPasskey),
        `パスワード / password: ${password ?? '-'}`,
        `回復用コードの残り / recovery codes left: ${recoveryCodesLeft}`,
      ],
      '',
    ),
  ),
  'factor remove': command(
    'factor.remove',
    {
      must: [...WHO, 'factor'],
      may: ['id'],
      check({ factor, id }) {
        if (!FACTORS.includes(String(factor))) {
          throw new Failure(`--factor is one of ${FACTORS.join(', ')}; --help shows the usage`, 2);
        }
        if (id !== undefined && factor !== 'webauthn') throw new Failure('--id goes with --factor webauthn only', 2);
      },
    },
    user.extend({ removed: z.array(z.string()) }),
    (of) => `削除しました / removed: ${who(of)} ${of.removed.join(' ')}`,
  ),
  'factor activation': command(
    'factor.activation',
    { must: WHO },
    user.extend({ code: z.string(), expiresAt: z.string() }),
    (of) => rows([of.code, `有効期限 / good once, until ${of.expiresAt}`], ''),
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

const FACTORS = ['totp', 'webauthn', 'password', 'recovery', 'all'];

function sayPasskey({ id, name, createdAt, backedUp, hardwareBound, suspended }: z.infer<typeof passkeyRow>): string {
  const kind = hardwareBound ? '専用機器/hardware' : backedUp ? '同期/synchronised' : '端末/device';
  return `パスキー / passkey: ${name}  ${kind}  ${createdAt}${suspended ? '  停止中/SUSPENDED' : ''}  ${id}`;
}

function sayUser(row: z.infer<typeof userRow>): string {
  const state = row.enabled ? '有効/enabled' : '無効/disabled';
  const factor = row.totp ? 'TOTP' : '-';
  return `${who(row)}  ${row.name}  ${state}  ${factor}  ${row.lastSignIn ?? '-'}  ${row.desktops.join(' ') || '-'}`;
}

function rows(lines: string[], none: string): string {
  return lines.map(oneLine).join('\n') || none;
}
