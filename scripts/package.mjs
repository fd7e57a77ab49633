// npm run package: the program as one archive, for hosts that reach no registry. The same sources and lock give the same bytes,
// on any machine and in any folder, so whoever doubts an archive makes it again and compares.
import { spawnSync } from 'node:child_process';
import { createHash, createPrivateKey, createSign } from 'node:crypto';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArguments } from '../platform/process/args.ts';
import { Failure, runCommand } from '../platform/process/exit.ts';
import { requireKeyFile } from '../platform/process/key-files.ts';
import { makePrivateFolder } from '../platform/process/private-folder.ts';
import { billOfMaterials } from './cyclonedx.mjs';
import { forProduction, PLATFORMS, readLock, thisPlatform } from './lock.mjs';
import { writeTar } from './tar.mjs';

const USAGE = `npm run package -- [--platform PLATFORM] [--out DIR] [--sign KEY] [--json] [--help]
オフライン導入用の配布物を作ります / makes the package for an installation without a network

  --platform PLATFORM  linux-x64 or linux-arm64 (default: this machine's)
  --out DIR            where to (default var/package): NAME.tar and NAME.tar.sha256
  --sign KEY           a private key in PEM, ECDSA P-256 or RSA of 3072 bits or more: adds NAME.tar.sig, to be verified by
                       openssl dgst -sha256 -verify PUBLIC.pem -signature NAME.tar.sig NAME.tar
  --json               print one object: archive, sha256, files, packages

In it: the program, its packages as the lock has them, the pinned Node.js, the built pages, the bill of materials (sbom.cdx.json)
and SHA256SUMS. The same sources and lock give the same bytes. Packages come from npm's cache, else from the registry, and
npm checks each against the lock. How it is installed: deploy/offline.md.
Exit: 0 done, 1 not made, 2 bad arguments.
`;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Where the units of deploy/systemd run. */
const TARGETS = ['linux-x64', 'linux-arm64'];
const PARTS = [
  ...['README.md', 'ARCHITECTURE.md', 'SECURITY.md', 'CHANGELOG.md', 'LICENSE', 'package.json', 'package-lock.json'],
  ...['protocol', 'platform', 'rfb', 'certs', 'gateway', 'broker', 'agent', 'web', 'client-sim', 'admin', 'lab'],
  ...['deploy', 'docs', 'scripts'],
];
/** Where `npm run page` puts them, and finds them to be up to date. */
const PAGES = 'var/page';

await runCommand(async () => {
  const { values } = parseArguments(USAGE, {
    platform: { type: 'string', default: thisPlatform() },
    out: { type: 'string', default: join(ROOT, 'var', 'package') },
    sign: { type: 'string' },
    json: { type: 'boolean', default: false },
  });
  const { platform, sign, json } = values;
  if (!TARGETS.includes(platform)) throw new Failure(`--platform must be one of ${TARGETS.join(', ')}`, 2);
  const key = sign ? signingKey(sign) : null;
  const made = build(platform, resolve(values.out));
  const signature = key ? signed(made.archive, key) : undefined;
  const shown = { ...made, ...(signature ? { signature } : {}) };
  const { archive, sha256, files, packages } = made;
  process.stdout.write(
    json ? `${JSON.stringify(shown)}\n` : `${archive}\nsha256 ${sha256}, ${files} files, ${packages} packages\n`,
  );
});

function build(platform, out) {
  const lock = forProduction(readLock(ROOT), platform);
  const name = `${lock.root.name}-${lock.root.version}-${platform}`;
  const archive = join(out, `${name}.tar`);
  makePrivateFolder(out);
  const staging = mkdtempSync(join(out, '.making-'));
  const unfinished = join(staging, 'archive');
  try {
    install(staging, lock.packages, platform);
    const page = ['--disable-warning=ExperimentalWarning', 'scripts/page.mjs', '--out', join(staging, PAGES)];
    run('npm run page', process.execPath, page, ROOT);
    const listed = [
      ...PARTS.flatMap((part) => entriesOf(ROOT, part)),
      ...entriesOf(staging, 'node_modules'),
      ...entriesOf(staging, PAGES),
      { name: 'sbom.cdx.json', bytes: () => Buffer.from(`${JSON.stringify(billOfMaterials(lock), null, 2)}\n`) },
    ].sort((a, b) => (a.name < b.name ? -1 : 1));
    const entries = [...listed, { name: 'SHA256SUMS', bytes: () => Buffer.from(sumsOf(listed)) }];
    const sha256 = writeTar(
      unfinished,
      entries.map((entry) => ({ ...entry, name: `${name}/${entry.name}` })),
    );
    // What belongs to an archive made before must not lie beside this one.
    rmSync(`${archive}.sig`, { force: true });
    renameSync(unfinished, archive);
    writeFileSync(`${archive}.sha256`, `${sha256}  ${basename(archive)}\n`);
    return { archive, sha256, files: entries.length, packages: lock.packages.size };
  } catch (error) {
    throw error.code && !(error instanceof Failure) ? new Failure(`${out}: ${error.message}`) : error;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** From the lock and nothing else: npm refuses an archive whose SHA-512 is another, and no script of a package runs. */
function install(folder, wanted, platform) {
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(ROOT, file), join(folder, file));
  const { os, cpu, libc } = PLATFORMS[platform];
  const npm = process.env.npm_execpath ?? '';
  const [command, first] = basename(npm).startsWith('npm-cli') ? [process.execPath, [npm]] : ['npm', []];
  const args = ['ci', '--omit=dev', `--os=${os}`, `--cpu=${cpu}`, `--libc=${libc}`, '--ignore-scripts'];
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  run('npm ci', command, [...first, ...args, ...quiet], folder);
  const list = join(folder, 'node_modules/.package-lock.json');
  const there = Object.keys(JSON.parse(readFileSync(list, 'utf8')).packages).sort();
  if (there.join() !== [...wanted.keys()].sort().join())
    throw new Failure('npm installed other packages than the lock has');
  rmSync(list); // npm's own note, which differs from one npm to the next
}

/** @param name what a person calls it */
function run(name, command, args, cwd) {
  const stdio = ['ignore', 'ignore', 'pipe'];
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', stdio });
  if (status === 0) return;
  const said = stderr?.trim().replaceAll('npm error ', '').split('\n').slice(0, 3).join(', ');
  throw new Failure(`${name}: ${error?.code ?? (said || `exit ${status}`)}`);
}

/** A file, or every file and link below a folder; links stay what they are, and none leads out of the archive. */
function entriesOf(root, part) {
  const path = join(root, part);
  if (statSync(path).isFile()) return [fileEntry(part, path)];
  return readdirSync(path, { recursive: true, withFileTypes: true }).flatMap((found) => {
    const full = join(found.parentPath, found.name);
    const name = posix.join(part, full.slice(path.length + 1).replaceAll('\\', '/'));
    if (found.isFile()) return [fileEntry(name, full)];
    if (!found.isSymbolicLink()) return [];
    const link = readlinkSync(full);
    if (!posix.join(posix.dirname(name), link).startsWith('node_modules/'))
      throw new Failure(`${full}: leads elsewhere`);
    return [{ name, link }];
  });
}

function fileEntry(name, path) {
  return { name, executable: (statSync(path).mode & 0o100) !== 0, bytes: () => readFileSync(path) };
}

/** As sha256sum reads it. Links are not in it; the digest of the archive covers them. */
function sumsOf(entries) {
  return entries
    .filter(({ link }) => link === undefined)
    .map(({ name, bytes }) => `${createHash('sha256').update(bytes()).digest('hex')}  ${name}\n`)
    .join('');
}

/** Read before anything is built. @throws Failure for a key that is none, too weak, or that others may read */
function signingKey(path) {
  let key;
  try {
    key = createPrivateKey(requireKeyFile(path));
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(`${path}: no private key in PEM`);
  }
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails;
  if (namedCurve === 'prime256v1' || (key.asymmetricKeyType === 'rsa' && modulusLength >= 3072)) return key;
  throw new Failure(`${path}: must be ECDSA P-256 or RSA of 3072 bits or more`);
}

function signed(archive, key) {
  const path = `${archive}.sig`;
  writeFileSync(path, createSign('sha256').update(readFileSync(archive)).sign(key));
  return path;
}
