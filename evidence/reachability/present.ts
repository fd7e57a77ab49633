// Run on a host of the lab: presents one certificate after the other to a listener, and says how each was taken.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { SETTINGS } from '#platform/hop/tls.ts';
import { answer } from './on-host.ts';

export interface Presented {
  /** Such as "agent-client", or "none". */
  readonly certificate: string;
  /** Whether its authority's certificate was sent along. */
  readonly chain: boolean;
}
export interface Taken extends Presented {
  /** Of the answer; null if there was none. */
  readonly status: number | null;
  /** Of the answer's body, or of the TLS failure. */
  readonly code: string;
}

interface Question {
  host: string;
  port: number;
  serverName: string;
  /** PEM file of the server's authority. */
  authority: string;
  presented: readonly (Presented & { files: { key: string; certificate: string; authority: string } | null })[];
}

const ANSWER_MAX_BYTES = 64 * 1024;
const ANSWER_MAX_MS = 5_000;
/** A gateway writes 20 refused strangers a second into its audit log one by one, and counts the others (T13). */
const PACE_MS = 150;

await answer(async (question: Question): Promise<Taken[]> => {
  const taken: Taken[] = [];
  for (const one of question.presented) {
    const { certificate, chain } = one;
    taken.push({ certificate, chain, ...(await takenBy(question, one)) });
    await delay(PACE_MS);
  }
  return taken;
});

function takenBy(
  { host, port, serverName, authority }: Question,
  { files, chain }: Question['presented'][number],
): Promise<Pick<Taken, 'status' | 'code'>> {
  const own = files && {
    key: readFileSync(files.key),
    cert: Buffer.concat([files.certificate, ...(chain ? [files.authority] : [])].map((file) => readFileSync(file))),
  };
  return new Promise((resolve) => {
    const socket = connect({ ...SETTINGS, ...own, host, port, servername: serverName, ca: readFileSync(authority) });
    let text = '';
    socket.setTimeout(ANSWER_MAX_MS, () => socket.destroy());
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text = (text + chunk).slice(0, ANSWER_MAX_BYTES);
    });
    socket.once('secureConnect', () => {
      socket.write(`GET / HTTP/1.1\r\nHost: ${serverName}\r\nAccept: application/json\r\nConnection: close\r\n\r\n`);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve({ status: null, code: error.code ?? 'error' }));
    socket.once('close', () => {
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1];
      const code = /"code":"([A-Z_]{1,40})"/.exec(text)?.[1] ?? '';
      resolve({ status: status ? Number(status) : null, code });
    });
  });
}
