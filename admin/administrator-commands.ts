// Administrators of the page: made and switched off here only.
import * as z from 'zod';
import { certificate, command, rows, sayCertificate, type Table } from './command.ts';

const one = z.object({ name: z.string() });
const row = one.extend({
  municipality: z.string(),
  enabled: z.boolean(),
  lastSignIn: z.string().nullable(),
  ...certificate,
});

export const ADMINISTRATOR_COMMANDS = {
  'administrator add': command({
    call: 'administrator.add',
    must: ['name'],
    may: ['municipality'],
    usage: '--name ID [--municipality CODE]            without a municipality: of all',
    answer: one,
    say: ({ name }) => `追加しました / added: ${name}`,
  }),
  'administrator disable': command({
    call: 'administrator.disable',
    must: ['name'],
    usage: '--name ID',
    answer: one,
    say: ({ name }) => `無効にしました / disabled: ${name}`,
  }),
  'administrator enable': command({
    call: 'administrator.enable',
    must: ['name'],
    usage: '--name ID',
    answer: one,
    say: ({ name }) => `有効にしました / enabled: ${name}`,
  }),
  'administrator activate': command({
    call: 'administrator.activate',
    must: ['name'],
    usage: '--name ID            prints a code for setting up factors: once, within 10 minutes',
    answer: one.extend({ code: z.string(), expiresAt: z.string() }),
    say: ({ code, expiresAt }) => `${code}    利用開始コード / activation code; 期限 / until ${expiresAt}`,
  }),
  'administrator reset': command({
    call: 'administrator.reset',
    must: ['name'],
    usage: '--name ID            removes all factors; then activate anew',
    answer: one,
    say: ({ name }) => `すべて取り消しました / all factors removed: ${name}`,
  }),
  'administrator list': command({
    call: 'administrator.list',
    usage: '',
    answer: z.object({ administrators: z.array(row) }),
    say: ({ administrators }) =>
      rows(
        administrators.map((of) =>
          [
            of.name,
            of.municipality,
            of.enabled ? '有効/enabled' : '無効/disabled',
            of.lastSignIn ?? '-',
            sayCertificate(of),
          ].join('  '),
        ),
        '管理者はいません。/ There are no administrators.',
      ),
  }),
} as const satisfies Table;
