// npm run advisories: the packages of the lock against advisories that lie in a folder, for places without a network.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { parseArguments } from '../platform/process/args.ts';
import { Failure, runCommand } from '../platform/process/exit.ts';
import { oneLine } from '../platform/process/terminal.ts';
import { nameOf, readLock } from './lock.mjs';
import { compareVersions } from './semver.mjs';

const USAGE = `npm run advisories -- --from DIR [--json] [--help]
既知の脆弱性を、ネットワークなしで調べます / looks for known vulnerabilities without a network

  --from DIR  a folder of advisories in the OSV format, one .json file each: the npm part of the OSV database, unpacked
  --json      print one object: advisories, newest, packages, hits

Exit: 0 none in the product, 1 at least one, 2 bad arguments, 3 the advisories cannot be used.
`;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FILE_MAX_BYTES = 4 * 1024 * 1024;

const event = z.object({
  introduced: z.string().optional(),
  fixed: z.string().optional(),
  last_affected: z.string().optional(),
});
/** https://ossf.github.io/osv-schema: what is read of it. */
const advisory = z.object({
  id: z.string(),
  modified: z.string(),
  withdrawn: z.string().optional(),
  summary: z.string().default(''),
  affected: z
    .array(
      z.object({
        package: z.object({ ecosystem: z.string(), name: z.string() }).optional(),
        ranges: z.array(z.object({ type: z.string(), events: z.array(event) })).default([]),
        versions: z.array(z.string()).default([]),
      }),
    )
    .default([]),
  severity: z.array(z.object({ type: z.string(), score: z.string() })).default([]),
  database_specific: z.object({ severity: z.string().optional() }).default({}),
});

await runCommand(async () => {
  const { values } = parseArguments(USAGE, { from: { type: 'string' }, json: { type: 'boolean', default: false } });
  if (!values.from) throw new Failure('--from must name a folder of advisories; --help shows the usage', 2);
  const { packages } = readLock(ROOT);
  const advisories = readAdvisories(values.from);
  const hits = [...packages].flatMap(([path, entry]) => hitsOf(nameOf(path), entry, advisories.byName));
  const { count, newest } = advisories;
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ advisories: count, newest, packages: packages.size, hits })}\n`);
  } else {
    for (const hit of hits) process.stdout.write(`${oneLine(Object.values(hit).join('  '))}\n`);
    process.stdout.write(
      `${packages.size} packages, ${count} advisories, the newest of ${oneLine(newest)}: ${hits.length} hits\n`,
    );
  }
  return hits.some(({ part }) => part === 'product') ? 1 : 0;
});

/** @returns those about npm packages, by package name */
function readAdvisories(folder) {
  const byName = new Map();
  let count = 0;
  let newest = '';
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    const read = advisory.safeParse(parsed(path));
    if (!read.success) throw new Failure(`${path}: not an advisory in the OSV format`, 3);
    count += 1;
    if (read.data.modified > newest) newest = read.data.modified;
    if (read.data.withdrawn) continue;
    for (const affected of read.data.affected) {
      if (affected.package?.ecosystem !== 'npm') continue;
      byName.set(affected.package.name, [...(byName.get(affected.package.name) ?? []), { ...read.data, affected }]);
    }
  }
  if (count === 0) throw new Failure(`${folder}: no advisories there`, 3);
  return { byName, count, newest };
}

function namesIn(folder) {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch (error) {
    throw new Failure(`${folder}: cannot be read (${error.code})`, 3);
  }
}

function parsed(path) {
  try {
    return statSync(path).size <= FILE_MAX_BYTES ? JSON.parse(readFileSync(path, 'utf8')) : null;
  } catch {
    return null;
  }
}

function hitsOf(name, { version, dev }, byName) {
  const found = (byName.get(name) ?? []).filter(({ affected }) => isAffected(version, affected));
  return found.map(({ id, summary, severity, database_specific: own }) => ({
    part: dev ? 'development' : 'product',
    severity: own.severity?.toLowerCase() ?? severity[0]?.score ?? 'unknown',
    name,
    version,
    id,
    summary,
  }));
}

/** The algorithm of the OSV schema: in the order of the versions, the last event at or below this one decides. */
function isAffected(version, { ranges, versions }) {
  return (
    versions.includes(version) || ranges.some(({ type, events }) => type === 'SEMVER' && isWithin(version, events))
  );
}

function isWithin(version, events) {
  // "0" is OSV's word for "from the beginning".
  const reaches = (at) => at === '0' || compareVersions(version, at) >= 0;
  const at = (step) => step.introduced ?? step.fixed ?? step.last_affected ?? '0';
  const order = (a, b) => (at(a) === '0' ? -1 : at(b) === '0' ? 1 : compareVersions(at(a), at(b)));
  return [...events].sort(order).reduce((affected, { introduced, fixed, last_affected: last }) => {
    if (introduced !== undefined) return affected || reaches(introduced);
    if (fixed !== undefined) return affected && !reaches(fixed);
    return affected && !(last !== undefined && compareVersions(version, last) > 0);
  }, false);
}
