// Packages of the system that a test or a proof needs: installed here as root on Debian or Ubuntu, else left alone.
// What is missing afterwards shows where it is needed. As a command: node scripts/system-packages.mjs NAME…
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @param {string[]} names of Debian packages */
export function installPackages(names) {
  if (names.length === 0 || process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return;
  process.stderr.write(`システムパッケージを導入します / installing: ${names.join(' ')}\n`);
  apt('update', '-qq');
  apt('install', '-qq', '-y', '--no-install-recommends', ...names);
}

/** Its failure shows in what is still missing afterwards, so the exit code is not looked at. */
function apt(...args) {
  spawnSync('apt-get', args, {
    stdio: ['ignore', 'ignore', 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) installPackages(process.argv.slice(2));
