// Certificates for users: a code for asking, the queue, and what is carried to the authority and back.
import * as z from 'zod';
import { command, rows, type Table, user, WHO, WHO_USAGE, who } from './command.ts';
import { exportRequests, importCertificates } from './enrolment-files.ts';

const requestRow = user.extend({ request: z.string(), name: z.string(), state: z.string(), expiresAt: z.string() });

const STATES: Readonly<Record<string, string>> = {
  waiting: '未処理/waiting',
  certified: '発行済/certified',
  declined: '却下/declined',
};

export const ENROLMENT_COMMANDS = {
  'enrolment code': command({
    call: 'enrolment.code',
    must: WHO,
    usage: `${WHO_USAGE}  a one-time code for asking for a certificate, for ten minutes`,
    answer: user.extend({ code: z.string(), expiresAt: z.string() }),
    say: ({ code, expiresAt }) =>
      rows(
        [
          code,
          `申請コード（本人だけに渡してください） / enrolment code, for the user alone; 期限 / until ${expiresAt}`,
        ],
        '',
      ),
  }),
  'enrolment list': command({
    call: 'enrolment.list',
    usage: 'requests, with the numbers that their users see',
    answer: z.object({ requests: z.array(requestRow) }),
    say: ({ requests }) =>
      rows(
        requests.map((one) =>
          [one.request, who(one), one.name, STATES[one.state] ?? one.state, one.expiresAt].join('  '),
        ),
        '申請はありません。/ There are no requests.',
      ),
  }),
  'enrolment export': {
    ...command({
      call: 'enrolment.export',
      must: ['out'],
      may: ['request'],
      usage: "--out DIR [--request NUMBER]  writes the waiting ones, for the authority's host",
      body: ({ request }) => (request === undefined ? {} : { request }),
      answer: z.object({ files: z.array(z.string()) }),
      say: ({ files }) => rows(files, '未処理の申請はありません。/ No request is waiting.'),
    }),
    withFiles: exportRequests,
  },
  'enrolment import': {
    ...command({
      call: 'enrolment.import',
      usage: 'FILE…  takes the certificates that the authority made',
      answer: z.object({ imported: z.array(requestRow) }),
      say: ({ imported }) =>
        rows(
          imported.map((one) => `受け付けました / taken: ${one.request}  ${who(one)}`),
          '',
        ),
    }),
    withFiles: importCertificates,
  },
  'enrolment refuse': command({
    call: 'enrolment.refuse',
    must: ['request'],
    usage: '--request NUMBER',
    answer: requestRow,
    say: (one) => `却下しました / declined: ${one.request}  ${who(one)}`,
  }),
} as const satisfies Table;
