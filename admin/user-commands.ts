// Users, and what they may open.
import * as z from 'zod';
import { certificate, command, rows, sayCertificate, type Table, user, WHO, WHO_USAGE, who } from './command.ts';

const userRow = user.extend({
  name: z.string(),
  enabled: z.boolean(),
  totp: z.boolean(),
  passkeys: z.number(),
  lastSignIn: z.string().nullable(),
  desktops: z.array(z.string()),
  ...certificate,
});

function sayUser(row: z.infer<typeof userRow>): string {
  const state = row.enabled ? '有効/enabled' : '無効/disabled';
  const factors = [...(row.totp ? ['TOTP'] : []), ...(row.passkeys > 0 ? [`passkey×${row.passkeys}`] : [])];
  const desktops = row.desktops.join(' ') || '-';
  return [
    who(row),
    row.name,
    state,
    factors.join('+') || '-',
    row.lastSignIn ?? '-',
    sayCertificate(row),
    desktops,
  ].join('  ');
}

export const USER_COMMANDS = {
  'user add': command({
    call: 'user.add',
    must: [...WHO, 'name'],
    usage: `${WHO_USAGE} --name NAME`,
    answer: user,
    say: (of) => `追加しました / added: ${who(of)}`,
  }),
  'user disable': command({
    call: 'user.disable',
    must: WHO,
    usage: `${WHO_USAGE}            ends the user's session, too`,
    answer: user,
    say: (of) => `無効にしました / disabled: ${who(of)}`,
  }),
  'user enable': command({
    call: 'user.enable',
    must: WHO,
    usage: WHO_USAGE,
    answer: user,
    say: (of) => `有効にしました / enabled: ${who(of)}`,
  }),
  'user list': command({
    call: 'user.list',
    may: ['municipality', 'find', 'expiring'],
    usage: '[--municipality CODE] [--find TEXT] [--expiring]   --expiring: certificate ends within 30 days',
    answer: z.object({ users: z.array(userRow) }),
    say: ({ users }) => rows(users.map(sayUser), '利用者はいません。/ There are no users.'),
  }),
  'entitlement add': command({
    call: 'entitlement.add',
    must: [...WHO, 'desktop'],
    may: ['label'],
    usage: `${WHO_USAGE} --desktop CODE/AGENT/NAME [--label TEXT]`,
    answer: user.extend({ desktop: z.string() }),
    say: (of) => `許可しました / entitled: ${who(of)} → ${of.desktop}`,
  }),
  'entitlement remove': command({
    call: 'entitlement.remove',
    must: [...WHO, 'desktop'],
    usage: `${WHO_USAGE} --desktop CODE/AGENT/NAME`,
    answer: user.extend({ desktop: z.string() }),
    say: (of) => `許可を取り消しました / withdrawn: ${who(of)} → ${of.desktop}`,
  }),
} as const satisfies Table;
