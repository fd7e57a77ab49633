// Two packages of this tree, made at the same time: here, and from a copy of the sources in another folder, in another time zone,
// language and umask. What several proofs look at.
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { ROOT } from '#lab/process.ts';
import { NotRun, type Stage } from '../proof.ts';
import { lastLine, runProgram } from './program.ts';
import { copySources } from './sources.ts';

const made = z.object({ archive: z.string(), sha256: z.string(), files: z.int(), packages: z.int() });

export interface Packages {
  readonly here: z.infer<typeof made>;
  readonly elsewhere: z.infer<typeof made>;
  /** Of `here`, made with the private half that is nowhere else. */
  readonly publicKey: string;
  /** Where `here` was unpacked: the folder that is in it. */
  readonly unpacked: string;
}

/** npm's words for having neither a registry nor the archive in its cache. */
const NO_REGISTRY = /ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/;

export const packages: Stage<Packages> = {
  name: 'packages',
  async up(folder, signal) {
    if (process.platform !== 'linux') throw new NotRun({ ja: '配布物は Linux 用です', en: 'packages are for Linux' });
    const copy = copySources(folder);
    const { key, publicKey } = keyPair(folder);
    const elsewhere = { TZ: 'Asia/Tokyo', LANG: 'ja_JP.UTF-8' };
    const [one, two] = await Promise.all([
      build(ROOT, ['--out', join(folder, 'here'), '--sign', key], '022', {}, signal),
      build(copy, ['--out', join(folder, 'elsewhere')], '077', elsewhere, signal),
    ]);
    return { here: one, elsewhere: two, publicKey, unpacked: await unpack(one.archive, folder, signal) };
  },
  down: async () => {},
};

async function build(
  root: string,
  args: readonly string[],
  umask: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<z.infer<typeof made>> {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', join(root, 'scripts/package.mjs')];
  const ended = await runProgram('sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', ...node, ...args, '--json'], {
    cwd: root,
    env: { ...process.env, ...env },
    signal,
  });
  if (ended.code === 0) return made.parse(JSON.parse(ended.stdout));
  const why = lastLine(ended);
  if (!NO_REGISTRY.test(ended.stderr)) throw new Error(why);
  throw new NotRun({
    ja: `npm のキャッシュにもレジストリにもパッケージがありません: ${why}`,
    en: `npm has the packages neither in its cache nor from a registry: ${why}`,
  });
}

function keyPair(folder: string): { key: string; publicKey: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = join(folder, 'release.key.pem');
  const publicKey = join(folder, 'release.pub.pem');
  writeFileSync(key, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  writeFileSync(publicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }));
  return { key, publicKey };
}

/** With the system's own tar, as an operator does. */
async function unpack(archive: string, folder: string, signal: AbortSignal): Promise<string> {
  const into = join(folder, 'unpacked');
  mkdirSync(into);
  const ended = await runProgram('tar', ['-xf', archive, '--no-same-owner'], { cwd: into, signal });
  if (ended.code !== 0) throw new Error(`tar: ${lastLine(ended)}`);
  return join(into, basename(archive, '.tar'));
}

/** How the record that sha256sum checks looks. */
export const readSums = (unpacked: string): string => readFileSync(join(unpacked, 'SHA256SUMS'), 'utf8');
