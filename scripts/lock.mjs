// What package-lock.json says: which packages there are, which of them a platform gets, and which needs which.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../platform/process/exit.ts';

/** npm's names for the parts of a platform. */
export const PLATFORMS = {
  'linux-x64': { os: 'linux', cpu: 'x64', libc: 'glibc' },
  'linux-arm64': { os: 'linux', cpu: 'arm64', libc: 'glibc' },
  'darwin-x64': { os: 'darwin', cpu: 'x64' },
  'darwin-arm64': { os: 'darwin', cpu: 'arm64' },
  'win-x64': { os: 'win32', cpu: 'x64' },
};

export const thisPlatform = () => `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/**
 * @returns {{ root: object, packages: Map<string, object> }} the project's own entry, and path below the project → entry,
 *   in the order of the paths
 */
export function readLock(folder) {
  const path = join(folder, 'package-lock.json');
  try {
    const { '': root, ...packages } = JSON.parse(readFileSync(path, 'utf8')).packages;
    return { root, packages: new Map(Object.entries(packages).sort(byKey)) };
  } catch {
    throw new Failure(`${path}: missing or damaged`);
  }
}

/** What `npm ci --omit=dev` installs there. */
export function forProduction({ root, packages }, platform) {
  const fits = ([, entry]) => !entry.dev && !entry.devOptional && runsOn(entry, PLATFORMS[platform]);
  return { root, packages: new Map([...packages].filter(fits)) };
}

function runsOn(entry, { os, cpu, libc }) {
  const allows = (list, own) => !list || own === undefined || list.includes(own);
  return allows(entry.os, os) && allows(entry.cpu, cpu) && allows(entry.libc, libc);
}

/** "node_modules/a/node_modules/@b/c" → "@b/c" */
export function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** Where Node finds what a package asks for: in its own node_modules, else in the next one outwards. */
export function neededBy(path, entry, packages) {
  const names = Object.keys({ ...entry.dependencies, ...entry.optionalDependencies, ...entry.peerDependencies });
  const places = [];
  for (let at = path; at; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) places.push(`${at}/`);
  places.push('');
  return names.flatMap((name) => {
    const found = places.map((place) => `${place}node_modules/${name}`).find((candidate) => packages.has(candidate));
    // One that is nowhere is of another platform, or an optional peer that nobody installed.
    return found ? [found] : [];
  });
}

function byKey([a], [b]) {
  return a < b ? -1 : 1;
}
