// G2: no secret in any log. What was secret in pairing, sign-in and a session is looked for in the logs and audit logs of all
// processes; the same search has to find all of it in a copy of a log into which it was put on purpose.
import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { filesBelow, Search } from '#lab/search.ts';
import { makePrivateFolder } from '#platform/process/private-folder.ts';
import type { Judgement, Proof } from '../proof.ts';
import { SECRECY, type Secrecy } from './stage.ts';

export interface Logs {
  /** Files that were searched, and how much they hold. */
  readonly files: readonly string[];
  readonly bytes: number;
  readonly secrets: readonly string[];
  /** "the one-time code in log/gateway.log" */
  readonly found: readonly string[];
  /** Of the secrets, those that were found where they had been planted. */
  readonly foundWherePlanted: readonly string[];
  /** Events that must stand in an audit log after this, and were found. */
  readonly events: readonly string[];
}

interface Hidden {
  readonly name: string;
  readonly bytes: Buffer;
}

const EVENTS = ['sign-in-succeeded', 'pairing-made', 'user-verified', 'session-started', 'session-ended'];
/** Six digits stand by chance in many a number: only as a whole value they count. */
const ONE_TIME_CODE = 'the one-time code';
const TEXT_LETTERS = 20;
const TYPED_MS = 400;
/** As a JWS with ES256 begins. */
const JWS = Buffer.from('{"alg":"ES256"').toString('base64url').slice(0, -1);

export const logsProof: Proof<Logs> = {
  name: 'g2-logs',
  requirements: ['G2'],
  claim: {
    ja: '秘密・認証コード・鍵・打鍵・画素は、どのログにも残らない。',
    en: 'No secret, code, key, keystroke or pixel is in any log.',
  },
  tried: {
    ja: '端末登録・サインイン・接続の後、gateway・broker・agent の運用ログと監査ログから、使った秘密をすべて探した。わざと秘密を書き込んだログの写しでは、同じ探し方ですべて見つかることを確かめた。',
    en: 'After pairing, sign-in and sessions every secret that was used was looked for in the logs and audit logs of gateway, broker and agent. In a copy of a log into which they were put on purpose the same search finds all of them.',
  },
  needs: [
    ...['root' as const],
    { program: 'tcpdump', package: 'tcpdump' },
    { program: 'setpriv', package: 'util-linux' },
  ],
  async collect(run) {
    const stage = await run.stage(SECRECY);
    const { system } = stage;
    const secrets = await hiddenIn(stage, run.folder);
    const logs = ['gateway', 'broker', 'agent'].map((name) => join(system.folder, name, 'state', 'audit.jsonl'));
    const files = [...filesBelow(join(system.folder, 'log')), ...logs];
    const planted = plant(join(system.folder, 'planted'), logs[2] ?? '', stage, secrets);
    const texts = files.map((file) => readFileSync(file, 'utf8'));
    return {
      files: files.map((file) => relative(system.folder, file)),
      bytes: texts.reduce((sum, text) => sum + text.length, 0),
      secrets: [ONE_TIME_CODE, ...new Set(secrets.map(({ name }) => name))],
      found: files.flatMap((file) =>
        search(file, stage, secrets).map((name) => `${name} in ${relative(system.folder, file)}`),
      ),
      foundWherePlanted: search(planted, stage, secrets),
      events: EVENTS.filter((event) => texts.some((text) => text.includes(`"${event}"`))),
    };
  },
  judge: judgeLogs,
};

async function hiddenIn(stage: Secrecy, folder: string): Promise<Hidden[]> {
  const { client, person } = stage;
  const text = await typeText(stage);
  const { needles } = await stage.workday(folder);
  const named = (name: string, ...texts: string[]): Hidden[] => texts.map((one) => ({ name, bytes: Buffer.from(one) }));
  return [
    ...named('a pairing code', ...client.pairingCodes.flatMap((code) => [code, code.replaceAll('-', '')])),
    ...named('the TOTP secret', new URL(person.totp).searchParams.get('secret') ?? ''),
    ...named('the password of the .p12', person.p12Password),
    ...named('a private key', 'PRIVATE KEY-----', readFileSync(person.deviceKey, 'utf8').split('\n')[1] ?? ''),
    ...named('a cookie', '__Host-telework='),
    ...named('a grant or lease', JWS),
    ...named('the typed text', text),
    ...needles
      .filter(({ kind }) => kind !== 'session id')
      .map(({ kind, bytes }) => ({ name: `of the session: ${kind}`, bytes })),
  ];
}

async function typeText(stage: Secrecy): Promise<string> {
  const text = Array.from({ length: TEXT_LETTERS }, () => String.fromCharCode(randomInt(0x61, 0x7b))).join('');
  const view = await stage.client.view(stage.nextDesktop().id);
  for (const letter of text) {
    for (const down of [true, false]) view.session.input({ type: 'key', down, keysym: letter.charCodeAt(0) });
  }
  await delay(TYPED_MS);
  view.session.end();
  await stage.over(view.id);
  return text;
}

function plant(folder: string, log: string, { client }: Secrecy, secrets: readonly Hidden[]): string {
  makePrivateFolder(folder);
  const file = join(folder, 'log.jsonl');
  const lines = secrets.map(({ bytes }) => JSON.stringify({ planted: bytes.toString('base64') }));
  const code = JSON.stringify({ planted: client.oneTimeCode });
  writeFileSync(file, [readFileSync(log, 'utf8'), code, ...lines].join('\n'), { mode: 0o600 });
  return file;
}

/** @returns the names of what was found in a file */
function search(file: string, { client }: Secrecy, secrets: readonly Hidden[]): string[] {
  const content = readFileSync(file);
  const looking = new Search(secrets.map(({ name, bytes }) => ({ kind: name, bytes })));
  looking.push(content);
  const names = [...new Set(secrets.map(({ name }) => name))].filter((name) => looking.found(name) > 0);
  const code = new RegExp(`(?<![0-9.])${client.oneTimeCode}(?![0-9])`).test(content.toString('latin1'));
  return code ? [ONE_TIME_CODE, ...names] : names;
}

export function judgeLogs({ files, bytes, secrets, found, foundWherePlanted, events }: Logs): Judgement {
  const fail = (ja: string, en: string): Judgement => ({ result: 'fail', seen: { ja, en } });
  const unseen = secrets.filter((name) => !foundWherePlanted.includes(name));
  if (unseen.length > 0)
    return fail(
      `わざと書いた秘密が見つからず、試験が成り立たない: ${unseen}`,
      `Not found even where it was planted: ${unseen.join(', ')}`,
    );
  const missing = EVENTS.filter((event) => !events.includes(event));
  if (missing.length > 0)
    return fail(
      `監査ログにあるはずの記録がない: ${missing}`,
      `Not in any audit log, as it should be: ${missing.join(', ')}`,
    );
  if (files.length < 6)
    return fail(`探したファイルが ${files.length} 個しかない。`, `Only ${files.length} files were searched.`);
  if (found.length > 0) return fail(`ログに秘密がある: ${found.join('、')}`, `Found in a log: ${found.join(', ')}`);
  return {
    result: 'pass',
    seen: {
      ja: `${secrets.length} 種類の秘密を ${files.length} 個のログ（${bytes.toLocaleString('en')} バイト）から探し、0 件。`,
      en: `${secrets.length} kinds of secrets in ${files.length} logs (${bytes.toLocaleString('en')} bytes): none.`,
    },
  };
}
