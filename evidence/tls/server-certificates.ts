// The negative matrix at the dialling ends: a real gateway, a real agent and the real client each dial an impostor that shows
// one bad server certificate after the other, and at last a good one. Nothing may be said to it before.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run as runCommand, start } from '#lab/process.ts';
import type { CertificateKind } from '#protocol/names.ts';
import type { Proof, Run } from '../proof.ts';
import { BAD, BAD_NAMES, type BadName, type Certified, certificatesOf } from './cases.ts';
import { type Ground, listOf, REVOKED_SERIAL, readEvents, tlsGround } from './ground.ts';
import { impostor, type Met } from './impostor.ts';

export const DIALLERS = {
  client: { ja: '端末 → ゲートウェイ', en: 'client → gateway' },
  gateway: { ja: 'ゲートウェイ → 中継', en: 'gateway → broker' },
  agent: { ja: '庁内側 → 中継', en: 'agent → broker' },
} as const;
export type Dialler = keyof typeof DIALLERS;

export interface Dial extends Met {
  readonly dialler: Dialler;
  /** Reasons that the dialler gave: in its audit log, or the client in its one line. */
  readonly reasons: readonly string[];
}

/** The last two are about the dialler's own list: it has run out, it is not there. */
const LISTS = ['stale', 'missing'] as const;
const WEEK_MS = 7 * 86_400_000;
/** Five dials in a row: the waits between them double from half a second. */
const DIALS_MAX_MS = 30_000;
/** So many bad certificates are shown to one process, before it waits too long to dial again. */
const PER_PROCESS = 4;

/** A server's name is checked as well: who has a good certificate for another host is not who was dialled. */
export const SHOWN = [...BAD_NAMES.filter((name) => name !== 'noName'), 'otherHost'] as const;
type ShownName = (typeof SHOWN)[number];

export const reasonOf = (name: string): string =>
  name === 'otherHost'
    ? 'CERTIFICATE_UNTRUSTED'
    : name in BAD
      ? BAD[name as BadName].reason
      : name === 'stale'
        ? 'REVOCATION_UNKNOWN'
        : 'LIST_UNREADABLE';

export const serverCertificates: Proof<readonly Dial[]> = {
  name: 'tls-server-certificates',
  requirements: ['D9', 'D6', 'C4'],
  claim: {
    ja: '端末・ゲートウェイ・庁内側は、接続先の証明書が正しいと分かるまで一言も送らない',
    en: 'Client, gateway and agent send nothing before the certificate of whom they dial is known to be right',
  },
  tried: {
    ja: `本物の三つのプログラムを偽のサーバーに接続させ、${SHOWN.length} 種類の不正な証明書と、古い・ない失効リストを試した`,
    en: `let the three real programs dial an impostor that shows ${SHOWN.length} kinds of bad certificate, and gave them a stale and no revocation list`,
  },
  needs: [],
  async collect(run) {
    const ground = await run.stage(tlsGround);
    const kinds = { client: 'gateway-server', gateway: 'hop', agent: 'agent' } as const;
    const dials = await Promise.all([
      clientDials(run, ground, certificatesFor(ground, kinds.client)),
      ...(['gateway', 'agent'] as const).flatMap((dialler) => {
        const certificates = certificatesFor(ground, kinds[dialler]);
        const parts = chunks(SHOWN, PER_PROCESS).map((names, part) =>
          processDials(run, ground, { dialler, kind: kinds[dialler], certificates, names, part }),
        );
        return [...parts, listDials(run, ground, { dialler, kind: kinds[dialler], certificates })];
      }),
    ]);
    return dials.flat();
  },
  judge: judgeDials,
};

type Certificates = Record<ShownName | 'good', Certified>;

function certificatesFor(ground: Ground, kind: CertificateKind): Certificates {
  const otherHost = certificatesOf(ground, kind, 'server', ['elsewhere.example.jp']).good;
  return { ...certificatesOf(ground, kind, 'server'), otherHost };
}

interface Dialling {
  dialler: 'gateway' | 'agent';
  kind: CertificateKind;
  certificates: Certificates;
}

/** One process dials until it has met every certificate of `names`, and the good one. */
async function processDials(
  run: Run,
  ground: Ground,
  { dialler, kind, certificates, names, part }: Dialling & { names: readonly ShownName[]; part: number },
): Promise<Dial[]> {
  const place = placeOf(ground, `${dialler}-${part}`);
  const list = writeList(ground, kind, place, 'good');
  const server = await impostor([...names, 'good' as const].map((name) => [name, certificates[name]] as const));
  const process = await startDialler(ground, dialler, place, server.port, list);
  await server.ended(names.length + 1, DIALS_MAX_MS);
  await process.stop();
  server.close();
  keep(run, place);
  const reasons = refusedIn(place);
  const met = server.met.slice(0, names.length + 1);
  return met.map((one, i) => ({ ...one, dialler, reasons: one.shown === 'good' ? [] : reasons.slice(i, i + 1) }));
}

/** The server is good, and the dialler's own list is not: it runs out, then is gone, then is back. */
async function listDials(run: Run, ground: Ground, { dialler, kind, certificates }: Dialling): Promise<Dial[]> {
  const place = placeOf(ground, `${dialler}-list`);
  const list = writeList(ground, kind, place, 'stale');
  const server = await impostor([['good', certificates.good]]);
  const process = await startDialler(ground, dialler, place, server.port, list);
  await server.ended(1, DIALS_MAX_MS);
  await until(() => refusedIn(place).length > 0);
  const stale = server.met.map((one) => ({ ...one, shown: 'stale', dialler, reasons: refusedIn(place).slice(0, 1) }));
  rmSync(list);
  const line = await until(() => readFileSync(join(place, 'log'), 'utf8').includes('crl.pem: cannot be read'));
  const beforeGood = server.met.length;
  const missing = { shown: 'missing', secured: false, bytes: 0, dialler, reasons: line ? ['LIST_UNREADABLE'] : [] };
  writeList(ground, kind, place, 'good');
  await server.ended(beforeGood + 1, DIALS_MAX_MS);
  const good = server.met.slice(beforeGood, beforeGood + 1).map((one) => ({ ...one, dialler, reasons: [] }));
  await process.stop();
  server.close();
  keep(run, place);
  return [...stale.slice(0, 1), missing, ...good];
}

/** With keys in it, so not among the artefacts. */
const placeOf = ({ system }: Ground, name: string) => join(system.folder, 'diallers', name);

/** What the process said, for the report. */
function keep({ folder }: Run, place: string): void {
  const name = basename(place);
  cpSync(join(place, 'state', 'audit.jsonl'), join(folder, `${name}.audit.jsonl`));
  cpSync(join(place, 'log'), join(folder, `${name}.log`));
}

/** The command line of a user's headless client, once for each certificate. */
async function clientDials(run: Run, ground: Ground, certificates: Certificates): Promise<Dial[]> {
  const folder = placeOf(ground, 'client');
  const { good: user } = certificatesOf(ground, 'user', 'client');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, 'user.key.pem'), user.privateKey, { mode: 0o600 });
  writeFileSync(join(folder, 'user.cert.pem'), user.cert);
  cpSync(join(ground.system.pki.dir, 'gateway-server', 'ca.cert.pem'), join(folder, 'gateway-ca.pem'));
  const list = join(folder, 'gateway-crl.pem');
  const listed = (of: ListState) => writeFileSync(list, listPem(ground, 'gateway-server', of));

  const once = async (shown: string, certificate: Certified): Promise<Dial> => {
    const server = await impostor([[shown, certificate]]);
    const { stderr } = await runCommand(
      'client-sim/main.ts',
      ['--user', 'probe', '--gateway', `https://localhost:${server.port}`, '--credentials', folder, '--otp', '000000'],
      { signal: run.signal },
    );
    server.close();
    const line = stderr.trim().split('\n').at(-1) ?? '';
    const unreadable = /gateway-crl\.pem: cannot be read/.test(line) ? 'LIST_UNREADABLE' : null;
    const reason = unreadable ?? /\b(?:CERTIFICATE_[A-Z_]+|REVOCATION_UNKNOWN)\b/.exec(line)?.[0];
    const [first = { shown, secured: false, bytes: 0 }] = server.met;
    return { ...first, dialler: 'client', reasons: reason ? [reason] : [] };
  };

  listed('good');
  const dials: Dial[] = [];
  for (const name of [...SHOWN, 'good' as const]) dials.push(await once(name, certificates[name]));
  listed('stale');
  dials.push(await once('stale', certificates.good));
  rmSync(list);
  dials.push(await once('missing', certificates.good));
  return dials;
}

type ListState = 'good' | 'stale';

const listPem = ({ system }: Ground, kind: CertificateKind, state: ListState) =>
  listOf(system, kind, [REVOKED_SERIAL], state === 'stale' ? Date.now() - WEEK_MS - 600_000 : Date.now());

function writeList(ground: Ground, kind: CertificateKind, place: string, state: ListState): string {
  const path = join(place, 'crl.pem');
  mkdirSync(place, { recursive: true, mode: 0o700 });
  writeFileSync(path, listPem(ground, kind, state));
  return path;
}

/** A gateway or an agent as in production, but for whom it dials. */
function startDialler(ground: Ground, dialler: 'gateway' | 'agent', place: string, port: number, list: string) {
  const { files } = ground.system.pki;
  const own = dialler === 'gateway' ? files.gatewayToBroker : files.agent;
  const broker = { url: `wss://127.0.0.1:${port}`, serverName: 'localhost', tls: { ...own, revocations: list } };
  const config = {
    gateway: {
      ...{ listen: { host: '127.0.0.1', port: 0 }, origins: [], tls: files.gatewayServer, broker },
      ...{ grantKey: 'grant-key.pem', factorKey: 'factor.key', state: 'state', adminSocket: 'admin.sock' },
    },
    agent: {
      ...{ broker, identityKey: 'agent-key.pem', state: 'state', socket: 'agent.sock' },
      grantKeys: [join(ground.system.folder, 'gateway', 'grant-key.pub.pem')],
      desktops: [{ name: 'pc-01', kind: 'office' }],
    },
  }[dialler];
  const path = join(place, `${dialler}.json`);
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return start(dialler, `${dialler}/main.ts`, ['--config', path], join(place, 'log'));
}

/** Reasons in the order in which they were written down. */
function refusedIn(place: string): string[] {
  const events = readEvents(join(place, 'state', 'audit.jsonl'));
  return events.flatMap(({ event, reason }) => (event === 'certificate-refused' && reason ? [reason] : []));
}

/** The impostor sees a connection end before the dialler has written down why. @returns whether it came to that in time */
async function until(done: () => boolean): Promise<boolean> {
  const end = performance.now() + DIALS_MAX_MS;
  while (!done() && performance.now() < end) await delay(100);
  return done();
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

export function judgeDials(dials: readonly Dial[]): ReturnType<Proof<unknown>['judge']> {
  const wrong: string[] = [];
  for (const dialler of Object.keys(DIALLERS) as Dialler[]) {
    const own = dials.filter((dial) => dial.dialler === dialler);
    for (const shown of [...SHOWN, ...LISTS]) {
      const dial = own.find((one) => one.shown === shown);
      if (!dial) wrong.push(`${dialler}: "${shown}" was not tried`);
      else if (dial.bytes > 0) wrong.push(`${dialler}, ${shown}: ${dial.bytes} bytes were sent`);
      else if (dial.reasons[0] !== reasonOf(shown)) {
        wrong.push(`${dialler}, ${shown}: ${dial.reasons[0] ?? 'no reason given'}`);
      }
    }
    const good = own.filter(({ shown }) => shown === 'good');
    // Who never speaks to anybody would pass all of the above.
    if (good.length === 0 || good.some(({ bytes }) => bytes === 0)) wrong.push(`${dialler}: a good server was refused`);
  }
  const [first] = wrong;
  if (first !== undefined) {
    return {
      result: 'fail',
      seen: { ja: `期待と異なる結果 ${wrong.length} 件: ${first}`, en: `${wrong.length} not as expected: ${first}` },
    };
  }
  const bad = dials.filter(({ shown }) => shown !== 'good').length;
  return {
    result: 'pass',
    seen: {
      ja: `三者とも不正な接続先 ${bad} 件に 1 バイトも送らず、理由を記録し、正しい接続先には接続した`,
      en: `${bad} bad dials: not one byte sent, each refusal with its reason; every good server was spoken to`,
    },
  };
}
