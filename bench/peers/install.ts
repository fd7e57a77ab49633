// npm run bench -- peers --install: puts the peers on this machine that are not there.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '#platform/process/exit.ts';
import { MESHCENTRAL_FOLDER, MESHCENTRAL_VERSION } from './meshcentral.ts';
import { Missing } from './peer.ts';
import { program } from './placement.ts';
import { PEERS } from './relay.ts';

/** Of Debian and Ubuntu. */
const PACKAGES = ['nginx-light', 'libnginx-mod-stream', 'haproxy', 'websockify'];

export interface PeerPresence {
  id: string;
  title: string;
  /** null if it is not there. */
  version: string | null;
  /** null if it is. */
  missing: string | null;
}

export function presentPeers(): PeerPresence[] {
  return PEERS.map(({ id, title, versions }) => {
    try {
      const { version, openssl } = versions();
      return { id, title, version: `${version} (OpenSSL ${openssl})`, missing: null };
    } catch (error) {
      if (error instanceof Missing) return { id, title, version: null, missing: error.message };
      throw error;
    }
  });
}

/**
 * Debian packages by apt as root, MeshCentral by npm into var/peers; what is there already stays as it is.
 * @param say one line for each step
 * @throws Failure (exit 3) naming what could not be installed
 */
export async function installPeers(say: (line: string) => void): Promise<void> {
  const absent = presentPeers().filter(({ missing }) => missing !== null);
  if (absent.some(({ id }) => id === 'meshcentral')) await installMeshCentral(say);
  if (absent.some(({ id }) => id !== 'meshcentral')) await installPackages(say);
}

/** As root on Debian or Ubuntu. @throws Failure (exit 3) elsewhere, or if apt fails */
export async function installPackages(say: (line: string) => void): Promise<void> {
  const line = `apt-get install ${PACKAGES.join(' ')}`;
  if (process.getuid?.() !== 0 || !program('apt-get')) throw new Failure(`as root on Debian or Ubuntu: ${line}`, 3);
  say(line);
  await must('apt-get', ['update', '-qq']);
  await withoutServices(() => must('apt-get', ['install', '-qq', '-y', '--no-install-recommends', ...PACKAGES]));
}

/** Asked by every package before it starts a service; 101 means no (Debian's invoke-rc.d). */
const POLICY = '/usr/sbin/policy-rc.d';

/** nginx and HAProxy would start at once otherwise, take ports of this machine and serve on them. */
async function withoutServices(install: () => Promise<void>): Promise<void> {
  if (existsSync(POLICY)) return install();
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
  try {
    await install();
  } finally {
    rmSync(POLICY, { force: true });
  }
}

async function installMeshCentral(say: (line: string) => void): Promise<void> {
  say(`npm install meshcentral@${MESHCENTRAL_VERSION} (var/peers)`);
  mkdirSync(MESHCENTRAL_FOLDER, { recursive: true });
  // A project of its own: without this file npm would go up to ours.
  writeFileSync(join(MESHCENTRAL_FOLDER, 'package.json'), '{ "private": true }\n');
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts', '--save-exact'];
  await must('npm', ['install', '--prefix', MESHCENTRAL_FOLDER, ...quiet, `meshcentral@${MESHCENTRAL_VERSION}`]);
}

async function must(name: string, args: readonly string[]): Promise<void> {
  const child = spawn(name, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-2_000)));
  const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error));
  const [code] = (await Promise.race([once(child, 'close'), failed])) as [number | null];
  if (code !== 0) throw new Failure(`${name} ${args[0]} failed: ${said.trim().split('\n').at(-1) ?? code}`, 3);
}
