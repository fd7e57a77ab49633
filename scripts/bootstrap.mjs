// Makes a fresh clone ready: installs the locked packages, the pinned Node among them, when they are missing or old.
// Runs before npm start, npm test and npm run check on whatever Node is there (18 or newer), so it imports no package.
// It speaks on stderr only: stdout belongs to the command that follows, which may print JSON.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const LOCK = join(ROOT, 'var', 'bootstrap.lock');
const LOCK_WAIT_MAX_MS = 10 * 60_000;
/** TypeScript runs without a flag or a warning from here on. */
const NODE_WITH_TYPES = [24, 12];

if (!installed()) await withLock(install);
checkNode();

/** Whether node_modules holds what package-lock.json says; packages for other platforms are rightly absent. */
function installed() {
  const wanted = readJson('package-lock.json')?.packages;
  const present = readJson('node_modules/.package-lock.json')?.packages;
  if (!wanted) fail('package-lock.json is missing or damaged');
  if (!present) return false;
  const names = Object.keys(wanted).filter((name) => name !== '');
  return (
    names.every((name) => {
      const there = present[name];
      return there ? there.version === wanted[name].version : wanted[name].optional === true;
    }) && Object.keys(present).every((name) => name in wanted)
  );
}

function install() {
  if (installed()) return; // another process was faster
  say(
    '依存パッケージと固定版 Node.js を導入します（初回は数十秒） / installing the locked packages and the pinned Node.js',
  );
  const npm = process.env.npm_execpath ?? '';
  const [command, args] = basename(npm).startsWith('npm-cli') ? [process.execPath, [npm]] : ['npm', []];
  const { status, error } = spawnSync(command, [...args, 'ci', '--loglevel=error', '--no-audit', '--no-fund'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    shell: command === 'npm' && process.platform === 'win32',
  });
  if (status !== 0) fail(`npm ci failed (${error?.code ?? `exit ${status}`}); see the lines above`);
}

/** The pinned binary must run; where it cannot (another libc), the Node already there has to be new enough. */
function checkNode() {
  const pinned = join(ROOT, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  const version = existsSync(pinned) ? versionOf(pinned) : null;
  if (version) return;
  // A binary that cannot run would stand in front of the working one in npm's PATH.
  rmSync(pinned, { force: true });
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [needMajor, needMinor] = NODE_WITH_TYPES;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  fail(
    `この環境では固定版 Node.js が動きません。Node.js ${NODE_WITH_TYPES.join('.')} 以上を入れてください / ` +
      `the pinned Node.js does not run here; install Node.js ${NODE_WITH_TYPES.join('.')} or newer (this is ${process.versions.node})`,
  );
}

function versionOf(node) {
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8', shell: process.platform === 'win32' });
  return status === 0 ? stdout.trim() : null;
}

/** Two commands started at once in one clone must not both rewrite node_modules. */
async function withLock(work) {
  mkdirSync(dirname(LOCK), { recursive: true });
  for (const end = Date.now() + LOCK_WAIT_MAX_MS; !takeLock(); await delay(500)) {
    if (Date.now() > end) fail(`another installation holds ${LOCK}; remove it if none is running`);
  }
  // On any exit, fail() included.
  process.once('exit', () => rmSync(LOCK, { force: true }));
  work();
  rmSync(LOCK, { force: true });
}

function takeLock() {
  try {
    const file = openSync(LOCK, 'wx');
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    const owner = Number(readText(LOCK));
    if (owner > 0 && !alive(owner)) rmSync(LOCK, { force: true });
    return false;
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readJson(path) {
  try {
    return JSON.parse(readText(join(ROOT, path)));
  } catch {
    return null;
  }
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function fail(line) {
  say(line);
  process.exit(1);
}
