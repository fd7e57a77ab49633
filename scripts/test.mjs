// npm test: installs what the tests need from the system where it may, runs vitest, ends with one plain line.
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from './system-packages.mjs';

const USAGE = `npm test -- [--strict] [--long] [vitest arguments]
テストを実行します / runs the tests

  --strict  a skipped test counts as failed (what CI uses)
  --long    runs the long ones instead: bad starts and bad input, the benchmark beside its peers, more of the browser, an IME,
            Japanese input, a bad line, a page of another origin
  --help    this text
  Anything else goes to vitest, for example a part of a file's name: npm test -- tests/gateway

Exit: 0 all passed (skips allowed without --strict), 1 failed, 3 could not be run.
`;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const take = (flag) => args.includes(flag) && args.splice(args.indexOf(flag), 1).length > 0;

if (take('--help')) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const strict = take('--strict');
const long = take('--long');

const packages = JSON.parse(readFileSync(join(ROOT, 'tests/support/system-packages.json'), 'utf8'));
const missing = installMissing(packages.filter((item) => long || !item.long));
const scratch = mkdtempSync(join(tmpdir(), 'tw-test-'));
const reportPath = join(scratch, 'report.json');
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
const { code, signal } = await runVitest();
process.exitCode = conclude(code, signal);

/** @returns the packages that are still missing; the tests that need them report as skipped */
function installMissing(packages) {
  const absent = () => packages.filter(({ provides }) => !isPresent(provides));
  const before = absent();
  if (before.length === 0) return [];
  const names = before.map((item) => item.package);
  installPackages(names);
  const after = absent();
  for (const item of after) say(`不足 / missing: ${item.package} (${item.provides}: ${item.for})`);
  return after;
}

function isPresent(thing) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return (isAbsolute(thing) ? [thing] : folders.map((folder) => join(folder, thing))).some((path) => {
    try {
      accessSync(path, constants.R_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function runVitest() {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`];
  const child = spawn(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...reporters, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, TW_STRICT: strict ? '1' : '', TW_LONG: long ? '1' : '' },
  });
  // Ctrl-C reaches the child by the terminal already; this keeps us alive to conclude. A plain kill is passed on.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve) => {
    child.on('error', () => resolve({ code: 3, signal: null }));
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
}

function conclude(code, signal) {
  const report = readReport();
  if (!report) {
    say(`中断しました / the run did not finish (${signal ?? `exit ${code}`})`);
    return code || 3;
  }
  const { passed, failed, skipped } = count(report);
  if (missing.length > 0) say(`apt install ${missing.map((item) => item.package).join(' ')}`);
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  if (strict && skipped > 0) say('--strict: skipped tests count as failed');
  if (code !== 0 && failed === 0) say('an error outside any test was reported above');
  return code !== 0 || (strict && skipped > 0) ? 1 : 0;
}

/** A file that cannot even be loaded holds no test, and counts as one failed. */
function count(report) {
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function readReport() {
  try {
    return JSON.parse(readFileSync(reportPath, 'utf8'));
  } catch {
    return null;
  }
}

function say(line) {
  process.stderr.write(`${line}\n`);
}
