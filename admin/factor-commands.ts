// A user's second factors. The user makes them; an administrator only lets begin, and takes away.
import * as z from 'zod';
import { badArguments, command, type Given, rows, type Table, user, WHO, WHO_USAGE, who } from './command.ts';

const passkey = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.string(),
  backedUp: z.boolean(),
  hardwareBound: z.boolean(),
  suspended: z.boolean(),
});
const factors = user.extend({
  totp: z.string().nullable(),
  passkeys: z.array(passkey),
  password: z.string().nullable(),
  recoveryCodesLeft: z.number(),
});

const FACTORS = ['totp', 'webauthn', 'password', 'recovery', 'all'];

function whichFactor(given: Given): Given {
  const { factor, id } = given;
  if (!FACTORS.includes(String(factor))) throw badArguments(`--factor is one of ${FACTORS.join(', ')}`);
  if (id !== undefined && factor !== 'webauthn') throw badArguments('--id goes with --factor webauthn only');
  return given;
}

function sayPasskey({ id, name, createdAt, backedUp, hardwareBound, suspended }: z.infer<typeof passkey>): string {
  const kind = hardwareBound ? '専用機器/hardware' : backedUp ? '同期/synchronised' : '端末/device';
  return `パスキー / passkey: ${name}  ${kind}  ${createdAt}${suspended ? '  停止中/SUSPENDED' : ''}  ${id}`;
}

export const FACTOR_COMMANDS = {
  'factor list': command({
    call: 'factor.list',
    must: WHO,
    usage: WHO_USAGE,
    answer: factors,
    say: ({ totp, passkeys, password, recoveryCodesLeft }) =>
      rows(
        [
          `TOTP: ${totp ?? '-'}`,
          ...passkeys.map(sayPasskey),
          `パスワード / password: ${password ?? '-'}`,
          `回復コードの残り / recovery codes left: ${recoveryCodesLeft}`,
        ],
        '',
      ),
  }),
  'factor remove': command({
    call: 'factor.remove',
    must: [...WHO, 'factor'],
    may: ['id'],
    usage:
      `${WHO_USAGE} --factor totp|webauthn|password|recovery|all [--id PASSKEY]\n` +
      "                          ends the user's session, too",
    body: whichFactor,
    answer: user.extend({ removed: z.array(z.string()) }),
    say: ({ removed }) => `削除しました / removed: ${removed.join(' ')}`,
  }),
  'factor activation': command({
    call: 'factor.activation',
    must: WHO,
    usage: `${WHO_USAGE}            prints a code for setting up factors: once, within 10 minutes`,
    answer: user.extend({ code: z.string(), expiresAt: z.string() }),
    say: ({ code, expiresAt }) => `${code}    利用開始コード / activation code; 期限 / until ${expiresAt}`,
  }),
  'totp enrol': command({
    call: 'totp.enrol',
    must: WHO,
    usage: `${WHO_USAGE}            prints the otpauth URI, this once`,
    answer: user.extend({ uri: z.string() }),
    say: ({ uri }) => uri,
  }),
  'totp reset': command({
    call: 'totp.reset',
    must: WHO,
    usage: `${WHO_USAGE}            then enrol anew; ends the user's session, too`,
    answer: user,
    say: (of) => `取り消しました / reset: ${who(of)}`,
  }),
} as const satisfies Table;
