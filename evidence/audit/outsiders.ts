// What people do at the live system before its logs are looked at: a session, a wrong code, an administrator at work, and somebody
// who sends, at every place where an outsider chooses a text, what a log, a terminal, a spreadsheet or a syslog frame would obey.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { Authority, makeKey } from '#certs/authority.ts';
import { readCertified } from '#client-sim/credentials.ts';
import { openTransport } from '#client-sim/transport.ts';
import type { Person } from '#lab/person.ts';
import { MUNICIPALITY, type System } from '#lab/system.ts';
import { SETTINGS } from '#platform/hop/tls.ts';
import { callLocal } from '#platform/process/local-call.ts';
import type { Client } from '../secrecy/client.ts';

/** Stands in every evil text, so that what became of it can be found. */
export const MARK = 'evil-';

/** CR LF and a line of its own, a syslog frame, ANSI and C1 commands, a bidi override, line separators, formulas, a BOM. */
export const EVIL: readonly string[] = [
  '\r\n{"sequence":1,"event":"process-stopped"}\r\n',
  '\n44 <13>1 2026-01-01T00:00:00Z h a - - - forged',
  '\u001b[2J\u001b]0;title\u0007',
  '\u009b31m\u007f\u0000\u0008',
  '\u202egnp.exe\u2066',
  '\u2028\u2029\u0085',
  '=HYPERLINK("https://example.jp","x")',
  '＝1+1',
  '\ufeff","digest":"',
].map((text, index) => `${MARK}${index}${text}`);
const ANSWER_MAX_MS = 5_000;
const LOOK_MS = 50;
/** A cell that begins with it is a formula to a spreadsheet; the mark comes behind. */
const FORMULAS = ['=', '+', '-', '@', '\t=', '＠'].map((sign, index) => `${sign}${MARK}formula-${index}`);

export async function actAtSystem(
  system: System,
  people: readonly Person[],
  clients: readonly Client[],
  signal: AbortSignal,
): Promise<void> {
  const [tanaka, suzuki] = people;
  const [client] = clients;
  const [desktop = ''] = system.desktops;
  if (!tanaka || !suzuki || !client) throw new Error('two people are needed');

  const view = await client.view(desktop);
  view.session.end();
  await view.ended;

  const hello = Buffer.alloc(32).toString('base64url');
  for (const evil of [...EVIL, ...FORMULAS]) {
    await client.around.request('POST', '/api/desktops/open', { desktop: evil, mode: 'open', hello });
  }
  await wrongCode(system, suzuki);
  await rawRequests(system, tanaka);
  await certificates(system);

  const admin = (command: string, body: object) => callLocal(system.sockets.admin, command, body);
  await admin('policy.set', { municipality: MUNICIPALITY, idleSeconds: 600 });
  await admin('user.add', { municipality: MUNICIPALITY, user: 'sato', name: '佐藤' });
  await admin('entitlement.add', { municipality: MUNICIPALITY, user: 'sato', desktop });
  await admin('entitlement.remove', { municipality: MUNICIPALITY, user: 'sato', desktop });
  const kicked = await client.view(desktop);
  // The gateway counts a session as one from the agent's first nonce on.
  const known = async () => JSON.stringify(await admin('session.list', {})).includes(kicked.id);
  while (!(await known())) await setTimeout(LOOK_MS, null, { signal });
  await admin('session.end', { session: kicked.id });
  await kicked.ended;
}

async function wrongCode(system: System, person: Person): Promise<void> {
  const { tls } = readCertified(person.folder, null, Date.now());
  const transport = openTransport(new URL(system.gateway), tls);
  await transport.request('POST', '/api/sign-in/totp', { code: '000000' });
  transport.close();
}

/** Bytes that no HTTP library would send. */
async function rawRequests(system: System, person: Person): Promise<void> {
  const own = { key: readFileSync(person.clientKey), cert: readFileSync(person.clientCert) };
  for (const evil of EVIL) {
    // What would end a header is left to the other places.
    const value = evil.replace(/[\r\n]/g, ' ');
    const heads = [`X-Remote-User: ${value}`, `User-Agent: ${value}`, `Origin: https://${value}`, `Cookie: ${value}`];
    await raw(system, own, `POST /api/desktops/open?${encodeURIComponent(value)} HTTP/1.1\r\nHost: localhost`, heads);
  }
  await raw(system, own, 'GET /api/desktops HTTP/1.1\r\nHost: localhost', ['X-Remote-User: root']);
  await raw(system, own, 'POST /api/sign-in HTTP/1.1\r\nHost: localhost', ['Origin: https://elsewhere.example']);
  await raw(system, {}, 'GET / HTTP/1.1\r\nHost: localhost', []);
}

/** Names in certificates: one of a stranger's authority, and one that the own authority was talked into. */
async function certificates(system: System): Promise<void> {
  const key = await makeKey();
  const stranger = new Authority(join(system.folder, 'stranger'), 'user');
  await stranger.create(null, Date.now(), false);
  for (const authority of [stranger, new Authority(system.pki.dir, 'user')]) {
    const identity = { kind: 'user', municipality: MUNICIPALITY, name: 'nobody' } as const;
    const names = { identity, role: 'client', commonName: EVIL.join(''), hosts: [] } as const;
    const { pem } = authority.issue(key.publicKey, names, 1, Date.now());
    const heads = ['Content-Type: application/json', 'Content-Length: 17', '', '{"code":"000000"}'];
    await raw(system, { key: key.privateKey, cert: pem }, 'POST /api/sign-in/totp HTTP/1.1\r\nHost: localhost', heads);
  }
}

async function raw(
  system: System,
  own: { key?: string | Buffer; cert?: string | Buffer },
  head: string,
  heads: readonly string[],
): Promise<void> {
  const { hostname, port } = new URL(system.gateway);
  const ca = readFileSync(system.pki.files.user.authorities);
  const socket: TLSSocket = connect({
    ...own,
    ...SETTINGS,
    ca,
    host: '127.0.0.1',
    port: Number(port),
    servername: hostname,
  });
  socket.on('error', () => {});
  socket.setTimeout(ANSWER_MAX_MS, () => socket.destroy());
  await Promise.race([once(socket, 'secureConnect'), once(socket, 'close')]).catch(() => {});
  socket.write(`${[head, 'Connection: close', ...heads].join('\r\n')}${heads.includes('') ? '' : '\r\n\r\n'}`);
  socket.resume();
  await once(socket, 'close').catch(() => {});
}
