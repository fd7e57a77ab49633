// A first start makes its own keys and brings no account: two of them share nothing, and neither the repository nor what is built
// from it holds a key, an authenticator's secret or a password.
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, ROOT, run as runCommand, start } from '#lab/process.ts';
import type { Proof, Run } from '../proof.ts';
import { certificatesOf } from './cases.ts';
import { type Ground, tlsGround } from './ground.ts';
import { type Found, searchForKeys } from './key-search.ts';
import { portOf } from './listeners.ts';
import { show } from './show.ts';

/** What a first start makes; of each, SHA-256 tells whether two are the same without showing either. */
const MADE = ['gateway/grant-key.pem', 'gateway/factor.key', 'agent/agent-key.pem', 'certs/user/ca.key.pem'] as const;

export interface Key {
  readonly file: string;
  readonly mode: string;
  readonly sha256: string;
}

export interface FirstStartObservations {
  /** Of two starts, in two folders. */
  readonly starts: readonly (readonly Key[])[];
  /** Users, administrators and pairings of a gateway and an agent that were never used. */
  readonly accounts: Readonly<Record<'users' | 'administrators' | 'pairings', number>>;
  /** A valid certificate of a user whom nobody has added, with a one-time code. */
  readonly strangerSignsIn: number | null;
  readonly searched: { readonly repository: number; readonly pages: number };
  readonly found: readonly Found[];
  /** Of what was planted, what the search did not find. */
  readonly missed: readonly string[];
}

export const firstStart: Proof<FirstStartObservations> = {
  name: 'tls-first-start',
  requirements: ['D11'],
  claim: {
    ja: '鍵は初回の起動で作られ、二つの導入先で同じものはない。リポジトリと配布物に鍵や既定のアカウントはない',
    en: 'Keys are made at the first start and no two installations share one; repository and artefact hold no key and no default account',
  },
  tried: {
    ja: '二つの場所で初めて起動して鍵を比べ、全ファイルと画面の配布物を秘密鍵・認証の秘密・パスワードの形で検索した',
    en: 'started for the first time in two places and compared the keys, and searched every file and the built pages for private keys, secrets and passwords',
  },
  needs: [],
  async collect(run) {
    const ground = await run.stage(tlsGround);
    const second = join(ground.system.folder, 'second');
    const [accounts, pages] = await Promise.all([startElsewhere(run, ground, second), buildPages(run, ground)]);
    const { good } = certificatesOf(ground, 'user', 'client', [], 'nobody');
    const stranger = await show(portOf(ground, 'users'), good, {
      method: 'POST',
      path: '/api/sign-in/totp',
      body: { code: '000000' },
    });
    const repository = repositoryFiles();
    const built = filesBelow(pages);
    return {
      starts: [keysIn(ground.system.folder), keysIn(second)],
      accounts,
      strangerSignsIn: stranger.status,
      searched: { repository: repository.length, pages: built.length },
      found: searchForKeys([...repository, ...built]).filter(isUnexpected),
      missed: searchForPlanted(join(ground.system.folder, 'planted')),
    };
  },
  judge: judgeFirstStart,
};

function keysIn(folder: string): Key[] {
  return MADE.map((file) => {
    const path = join(folder, file);
    const mode = (statSync(path).mode & 0o777).toString(8);
    return { file, mode, sha256: createHash('sha256').update(readFileSync(path)).digest('hex') };
  });
}

/** Authority, gateway and agent from nothing, in another folder. */
async function startElsewhere(run: Run, ground: Ground, folder: string): Promise<FirstStartObservations['accounts']> {
  const { files } = ground.system.pki;
  const at = (...parts: string[]) => join(folder, ...parts);
  for (const name of ['gateway', 'agent']) mkdirSync(at(name), { recursive: true, mode: 0o700 });
  const tls = (own: object) => ({ url: 'wss://127.0.0.1:9', serverName: 'localhost', tls: own });
  const listen = { host: '127.0.0.1', port: 0 };
  const gateway = {
    ...{ listen, origins: [], tls: files.gatewayServer, broker: tls(files.gatewayToBroker) },
    ...{ grantKey: 'grant-key.pem', factorKey: 'factor.key', state: 'state', adminSocket: 'admin.sock' },
  };
  const agent = {
    ...{ broker: tls(files.agent), identityKey: 'agent-key.pem', state: 'state', socket: 'agent.sock' },
    ...{ grantKeys: [at('gateway', 'grant-key.pub.pem')], desktops: [{ name: 'pc-01', kind: 'office' }] },
  };
  await mustRun('certs/main.ts', ['init', '--kind', 'user', '--dir', at('certs')], run.signal);
  writeFileSync(at('gateway', 'gateway.json'), JSON.stringify(gateway), { mode: 0o600 });
  writeFileSync(at('agent', 'agent.json'), JSON.stringify(agent), { mode: 0o600 });
  const begin = (name: string) =>
    start(name, `${name}/main.ts`, ['--config', at(name, `${name}.json`)], at(name, 'log'), { signal: run.signal });
  // In this order: the agent pins what the gateway makes.
  const running = [await begin('gateway'), await begin('agent')];
  try {
    const ask = async (main: string, ...args: string[]) => JSON.parse(await mustRun(main, args, run.signal));
    const admin = (...args: string[]) =>
      ask('admin/main.ts', '--socket', at('gateway', 'admin.sock'), '--json', ...args);
    const [{ users }, { administrators }, { pairings }] = await Promise.all([
      admin('user', 'list'),
      admin('administrator', 'list'),
      ask('agent/command.ts', 'pair', '--list', '--json', '--socket', at('agent', 'agent.sock')),
    ]);
    return { users: users.length, administrators: administrators.length, pairings: pairings.length };
  } finally {
    for (const one of running) await one.stop();
  }
}

/** What is served to browsers: what a user's device gets of the product. */
async function buildPages(run: Run, ground: Ground): Promise<string> {
  const out = join(ground.system.folder, 'pages');
  const { code, stderr } = await runCommand('scripts/page.mjs', ['--out', out], { signal: run.signal });
  if (code !== 0) throw new Error(stderr.trim().split('\n').at(-1));
  return out;
}

interface File {
  readonly name: string;
  readonly path: string;
}

/** Everything but what is installed or made here. */
function repositoryFiles(): File[] {
  const named = (name: string) => ({ name, path: join(ROOT, name) });
  const isKept = (name: string) => !/^(?:node_modules|var|coverage|\.git)\//.test(name);
  if (!existsSync(join(ROOT, '.git'))) {
    const below = (entry: string) =>
      statSync(join(ROOT, entry)).isDirectory() ? filesBelow(join(ROOT, entry), entry) : [named(entry)];
    return readdirSync(ROOT)
      .filter((entry) => isKept(`${entry}/`))
      .flatMap(below);
  }
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  const names = listed
    .toString()
    .split('\0')
    .filter((name) => name !== '' && isKept(name) && existsSync(join(ROOT, name)));
  return names.map(named);
}

function filesBelow(folder: string, name = 'pages'): File[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ name: join(name, path.slice(folder.length + 1)), path }));
}

/** A test makes accounts up and needs passwords for them. It is no part of the product, and a key in it would be found. */
const isUnexpected = ({ file, what }: Found) => !(what === 'a password' && file.startsWith('tests/'));

/** Positive control: a file of each sort, with a key made here and now. @returns what was not found */
export function searchForPlanted(folder: string): string[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
  const planted = {
    'deploy.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'key.ts': `export const KEY = '${der}';`,
    'key.json': JSON.stringify(privateKey.export({ format: 'jwk' })),
    'totp.md': `otpauth://totp/x:y?issuer=x&secret=${'JBSWY3DPEHPK3PXP'.repeat(2)}`,
    'config.json': JSON.stringify({ user: 'admin', ['pass' + 'word']: 'changeit-now' }),
    'user.p12': 'x',
  };
  const files = Object.entries(planted).map(([name, text]) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return { name, path };
  });
  const found = new Set(searchForKeys(files).map(({ file }) => file));
  return files.map(({ name }) => name).filter((name) => !found.has(name));
}

export function judgeFirstStart(seen: FirstStartObservations): ReturnType<Proof<unknown>['judge']> {
  const wrong: string[] = [];
  const [first = [], second = []] = seen.starts;
  for (const file of MADE) {
    const pair = [first, second].map((keys) => keys.find((key) => key.file === file));
    if (!pair[0] || !pair[1]) wrong.push(`${file}: not made at a first start`);
    else if (pair[0].sha256 === pair[1].sha256) wrong.push(`${file}: the same in two places`);
    for (const key of pair) if (key && key.mode !== '600') wrong.push(`${file}: mode ${key.mode}`);
  }
  for (const [what, count] of Object.entries(seen.accounts))
    if (count !== 0) wrong.push(`${count} ${what} from the start`);
  if (seen.strangerSignsIn !== 401) wrong.push(`a user whom nobody added: ${seen.strangerSignsIn}`);
  for (const { file, what } of seen.found) wrong.push(`${file}: ${what}`);
  for (const name of seen.missed) wrong.push(`control: ${name} was not found`);
  if (seen.searched.repository < 100 || seen.searched.pages < 3) {
    wrong.push(`only ${seen.searched.repository} files and ${seen.searched.pages} of the pages were searched`);
  }
  const [line] = wrong;
  if (line !== undefined) {
    return { result: 'fail', seen: { ja: `問題 ${wrong.length} 件: ${line}`, en: `${wrong.length} faults: ${line}` } };
  }
  return {
    result: 'pass',
    seen: {
      ja: `鍵 ${MADE.length} 種は二つの場所で異なり所有者だけが読める。アカウントは 0。${seen.searched.repository} ファイルと画面 ${seen.searched.pages} ファイルに鍵はない`,
      en: `${MADE.length} keys, different in two places and for their owner alone; no account; no key in ${seen.searched.repository} files and ${seen.searched.pages} of the pages`,
    },
  };
}
