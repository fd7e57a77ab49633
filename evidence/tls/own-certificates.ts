// A process that is given a bad certificate of its own, or no usable revocation list, does not start and says why in one line;
// and the authority's command certifies no weak key. The good files beside each bad one are the control.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import forge from 'node-forge';
import { makeRequest } from '#certs/request.ts';
import { run as runCommand, start } from '#lab/process.ts';
import type { CertificateKind } from '#protocol/names.ts';
import type { Proof, Run } from '../proof.ts';
import { certificatesOf } from './cases.ts';
import { type Ground, type KeyPair, tlsGround } from './ground.ts';

export interface Start {
  readonly what: string;
  /** null: it was still up, serving, when it was stopped. */
  readonly exit: number | null;
  /** What a person reads of it, without the JSON log. */
  readonly lines: readonly string[];
}

export interface Issuing {
  readonly what: 'good' | 'rsa2048' | 'sha1';
  readonly exit: number;
  readonly lines: readonly string[];
  /** Whether a certificate was written. */
  readonly issued: boolean;
}

export interface OwnObservations {
  readonly starts: readonly Start[];
  readonly issuing: readonly Issuing[];
}

interface TlsFiles {
  key: string;
  certificate: string;
  authorities?: string;
  revocations?: string;
}

/** Where in which configuration a certificate of which kind belongs. */
const PLACES = {
  users: { main: 'gateway', kind: 'gateway-server' },
  enrolment: { main: 'gateway', kind: 'gateway-server' },
  administration: { main: 'gateway', kind: 'admin' },
  gateways: { main: 'broker', kind: 'hop' },
  agents: { main: 'broker', kind: 'agent' },
  /** Plain HTTP, and so on this host alone. */
  metricsOfGateway: { main: 'gateway', kind: null },
  metricsOfBroker: { main: 'broker', kind: null },
} as const satisfies Record<string, { main: 'gateway' | 'broker'; kind: CertificateKind | null }>;
type PlaceName = keyof typeof PLACES;
const PLACE_NAMES = Object.keys(PLACES) as PlaceName[];

/** What is put there instead; the weak ones at one listener a process, since one function checks them all. */
export const SPOILT: Readonly<Record<PlaceName, readonly string[]>> = {
  users: ['otherKind', 'rsa2048', 'sha1', 'noList', 'foreignList'],
  enrolment: ['otherKind'],
  administration: ['otherKind', 'noList'],
  gateways: ['otherKind', 'noList'],
  agents: ['otherKind', 'noList'],
  metricsOfGateway: ['outside'],
  metricsOfBroker: ['outside'],
};
const AT_ONCE = 3;
/** A process that has not refused by then is up and serves. */
const REFUSES_MAX_MS = 20_000;

export const ownCertificates: Proof<OwnObservations> = {
  name: 'tls-own-certificates',
  requirements: ['D6', 'D9'],
  claim: {
    ja: '別の種類や弱い証明書、使えない失効リスト、ホスト外へのメトリクスの公開では起動せず、弱い鍵に証明書を発行しない',
    en: 'Nothing starts with a certificate of another kind, a weak one, an unusable revocation list or metrics beyond this host, and no weak key is certified',
  },
  tried: {
    ja: '各入口の設定に不正なファイルを入れて起動し、2048 ビットの鍵と SHA-1 署名の申請に発行を求めた',
    en: 'started gateway and broker with spoilt files for each listener, and asked for certificates with a 2048-bit key and a SHA-1 signature',
  },
  needs: [],
  async collect(run) {
    const ground = await run.stage(tlsGround);
    const cases = PLACE_NAMES.flatMap((place) => SPOILT[place].map((how) => ({ place, how })));
    const starts: Start[] = [await goodStart(ground, 'gateway'), await goodStart(ground, 'broker')];
    const workers = Array.from({ length: AT_ONCE }, async () => {
      for (let next = cases.shift(); next; next = cases.shift()) starts.push(await spoiltStart(run, ground, next));
    });
    await Promise.all(workers);
    return { starts, issuing: await tryIssuing(run, ground) };
  },
  judge: judgeOwn,
};

async function spoiltStart(run: Run, ground: Ground, spoilt: { place: PlaceName; how: string }): Promise<Start> {
  const { main } = PLACES[spoilt.place];
  const what = `${spoilt.place}: ${spoilt.how}`;
  const config = configFor(ground, main, what.replace(': ', '-'), spoilt);
  const limit = AbortSignal.timeout(REFUSES_MAX_MS);
  const signal = AbortSignal.any([run.signal, limit]);
  try {
    const { code, stderr } = await runCommand(`${main}/main.ts`, ['--config', config], { signal });
    return { what, exit: code, lines: linesOf(stderr) };
  } catch (error) {
    if (run.signal.aborted || !limit.aborted) throw error;
    return { what, exit: null, lines: [] };
  }
}

async function goodStart(ground: Ground, main: 'gateway' | 'broker'): Promise<Start> {
  const config = configFor(ground, main, `good-${main}`, null);
  const running = await start(main, `${main}/main.ts`, ['--config', config], `${config}.log`);
  await running.stop();
  return { what: `good ${main}`, exit: null, lines: linesOf(readFileSync(`${config}.log`, 'utf8')) };
}

const linesOf = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('{'));

function configFor(
  ground: Ground,
  main: 'gateway' | 'broker',
  name: string,
  spoilt: { place: PlaceName; how: string } | null,
): string {
  const folder = join(ground.system.folder, 'own', name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { files } = ground.system.pki;
  const good = {
    users: files.gatewayServer,
    enrolment: { key: files.gatewayServer.key, certificate: files.gatewayServer.certificate },
    administration: files.administration,
    gateways: files.brokerForGateways,
    agents: files.brokerForAgents,
  };
  const tls = (place: keyof typeof good): TlsFiles =>
    spoilt?.place === place ? spoil(ground, folder, PLACES[place].kind, spoilt.how, good[place]) : good[place];
  const listen = { host: '127.0.0.1', port: 0 };
  const metrics = spoilt?.how === 'outside' ? { host: '0.0.0.0', port: 0 } : listen;
  const config =
    main === 'broker'
      ? {
          gatewaySide: { listen, tls: tls('gateways') },
          agentSide: { listen, tls: tls('agents') },
          ...{ line: { tier: '1Gbps' }, state: 'state', metrics },
        }
      : {
          ...{ listen, origins: [], tls: tls('users'), metrics },
          broker: { url: 'wss://127.0.0.1:9', serverName: 'localhost', tls: files.gatewayToBroker },
          ...{ grantKey: 'grant-key.pem', factorKey: 'factor.key', state: 'state', adminSocket: 'admin.sock' },
          enrolment: { listen, tls: tls('enrolment') },
          administration: { listen, tls: tls('administration'), rpId: 'localhost', rpName: 'x' },
        };
  const path = join(folder, `${main}.json`);
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

function spoil(ground: Ground, folder: string, kind: CertificateKind, how: string, good: TlsFiles): TlsFiles {
  const { files, dir } = ground.system.pki;
  if (how === 'noList') return { ...good, revocations: join(folder, 'no-such-list.pem') };
  if (how === 'foreignList') return { ...good, revocations: join(dir, 'hop', 'crl.pem') };
  if (how === 'otherKind') {
    const { key, certificate } = kind === 'hop' ? files.brokerForAgents : files.brokerForGateways;
    return { ...good, key, certificate };
  }
  const { privateKey, cert } = certificatesOf(ground, kind, 'server')[how === 'sha1' ? 'sha1' : 'rsa2048'];
  const own = { key: join(folder, 'key.pem'), certificate: join(folder, 'cert.pem') };
  writeFileSync(own.key, privateKey, { mode: 0o600 });
  writeFileSync(own.certificate, cert);
  return { ...good, ...own };
}

async function tryIssuing(run: Run, ground: Ground): Promise<Issuing[]> {
  const requests = {
    good: makeRequest(ground.key, 'probe'),
    rsa2048: makeRequest(ground.weakKey, 'probe'),
    sha1: sha1Request(ground.key),
  };
  return Promise.all(
    Object.entries(requests).map(async ([what, csr]) => {
      const path = join(run.folder, `${what}.csr.pem`);
      const out = join(run.folder, `${what}.cert.pem`);
      rmSync(out, { force: true });
      writeFileSync(path, csr);
      const who = ['--role', 'client', '--name', `probe-${what.toLowerCase()}`, '--municipality', '999999'];
      const { code, stderr } = await runCommand(
        'certs/main.ts',
        ['issue', 'user', '--dir', ground.system.pki.dir, ...who, '--csr', path, '--out', out],
        { signal: run.signal },
      );
      return { what: what as Issuing['what'], exit: code, lines: linesOf(stderr), issued: isCertificate(out) };
    }),
  );
}

function isCertificate(path: string): boolean {
  try {
    return readFileSync(path, 'utf8').includes('BEGIN CERTIFICATE');
  } catch {
    return false;
  }
}

function sha1Request({ publicKey, privateKey }: KeyPair): string {
  const request = forge.pki.createCertificationRequest();
  request.publicKey = forge.pki.publicKeyFromPem(publicKey);
  request.setSubject([{ name: 'commonName', value: 'probe' }]);
  request.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha1.create());
  return forge.pki.certificationRequestToPem(request);
}

export function judgeOwn({ starts, issuing }: OwnObservations): ReturnType<Proof<unknown>['judge']> {
  const wrong: string[] = [];
  for (const place of PLACE_NAMES) {
    for (const how of SPOILT[place]) {
      const one = starts.find(({ what }) => what === `${place}: ${how}`);
      if (!one) wrong.push(`${place}: ${how}: not tried`);
      else if (one.exit !== 1 || one.lines.length !== 1 || !/\.(?:pem|json)\b/.test(one.lines[0] ?? '')) {
        wrong.push(`${one.what}: exit ${one.exit}, ${one.lines.length} lines: ${one.lines[0] ?? ''}`);
      }
    }
  }
  for (const main of ['gateway', 'broker']) {
    if (!starts.some(({ what, exit }) => what === `good ${main}` && exit === null)) {
      wrong.push(`${main}: does not start with good files`);
    }
  }
  for (const what of ['rsa2048', 'sha1'] as const) {
    const one = issuing.find((each) => each.what === what);
    if (one?.exit !== 1 || one.issued || one.lines.length !== 1) wrong.push(`certs issue, ${what}: exit ${one?.exit}`);
  }
  if (!issuing.some(({ what, exit, issued }) => what === 'good' && exit === 0 && issued)) {
    wrong.push('certs issue: a good request was refused');
  }
  const [first] = wrong;
  if (first !== undefined) {
    return {
      result: 'fail',
      seen: { ja: `期待と異なる結果 ${wrong.length} 件: ${first}`, en: `${wrong.length} not as expected: ${first}` },
    };
  }
  const refused = starts.filter(({ exit }) => exit === 1).length;
  return {
    result: 'pass',
    seen: {
      ja: `不正なファイルでの起動 ${refused} 件はすべて 1 行の理由で止まり、弱い申請 2 件は発行されなかった。正しいものは起動・発行できた`,
      en: `${refused} starts with spoilt files each ended with one line, 2 weak requests got no certificate; the good ones worked`,
    },
  };
}
