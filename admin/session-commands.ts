// What runs at this moment.
import * as z from 'zod';
import { badArguments, command, type Given, rows, type Table, user, who } from './command.ts';

const sessionRow = user.extend({
  session: z.string(),
  desktop: z.string(),
  address: z.string(),
  startedAt: z.string(),
  idleSince: z.string().nullable(),
});
const desktopRow = z.object({ desktop: z.string(), online: z.boolean(), inUse: z.boolean() });

/** One of --session, --user with --municipality, --all. */
function whichCall({ session, user, municipality, all }: Given): string {
  const ways = [session, user, all].filter((way) => way !== undefined).length;
  if (ways !== 1 || (municipality === undefined) !== (user === undefined)) {
    throw badArguments('give --session ID, --municipality CODE --user ID, or --all');
  }
  return user === undefined ? 'session.end' : 'session.end-user';
}

export const SESSION_COMMANDS = {
  status: command({
    call: 'status',
    usage: 'audit log, broker link, sessions',
    answer: z.object({ auditHealthy: z.boolean(), brokerLinked: z.boolean(), sessions: z.number() }),
    say: ({ auditHealthy, brokerLinked, sessions }) =>
      rows(
        [
          `監査ログ / audit log: ${auditHealthy ? 'ok' : '書き込めません / CANNOT BE WRITTEN'}`,
          `中継 / broker: ${brokerLinked ? 'ok' : '接続できません / not linked'}`,
          `接続数 / sessions: ${sessions}`,
        ],
        '',
      ),
  }),
  'session list': command({
    call: 'session.list',
    usage: 'who, which desktop, from where, since when, idle since',
    answer: z.object({ sessions: z.array(sessionRow) }),
    say: ({ sessions }) =>
      rows(
        sessions.map((one) =>
          [one.session, who(one), one.desktop, one.address, one.startedAt, one.idleSince ?? '-'].join('  '),
        ),
        '接続はありません。/ There are no sessions.',
      ),
  }),
  'session end': command({
    call: whichCall,
    may: ['session', 'municipality', 'user', 'all'],
    usage: '--session ID | --municipality CODE --user ID (signs out, too) | --all',
    answer: z.object({ ended: z.number() }),
    say: ({ ended }) => `終了しました / ended: ${ended}`,
  }),
  'desktop list': command({
    call: 'desktop.list',
    usage: 'every desktop that is there or that somebody is entitled to',
    answer: z.object({ desktops: z.array(desktopRow) }),
    say: ({ desktops }) =>
      rows(
        desktops.map(({ desktop, online, inUse }) =>
          [desktop, online ? '接続可/online' : '不在/offline', inUse ? '使用中/in use' : '-'].join('  '),
        ),
        'デスクトップはありません。/ There are no desktops.',
      ),
  }),
} as const satisfies Table;
