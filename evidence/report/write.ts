// Puts a report into its folder: data, page, SHA256SUMS over these and every artefact, and the signature over that.
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { writeText } from '#certs/files.ts';
import { Failure } from '#platform/process/exit.ts';
import { renderPage } from './page.ts';
import type { Report } from './report.ts';
import { fingerprintOf, isSigned, publicKeyOf, type Signature, type Signer, sha256, signSums } from './signature.ts';

const SUMS = 'SHA256SUMS';
const SIGNATURE = 'SHA256SUMS.sig';
const PUBLIC_KEY = 'signer.pub.pem';
const BESIDE: ReadonlySet<string> = new Set([SUMS, SIGNATURE, PUBLIC_KEY]);
/** A report has some hundred files. */
const SUMS_MAX_BYTES = 4 * 1024 * 1024;

/** Each file is whole or not there. @throws Failure, such as for a full disk */
export function writeReport(folder: string, report: Report, signer: Signer): Signature {
  const write = (name: string, content: string | Uint8Array) =>
    writeText(join(folder, name), content, { mode: 0o644, replace: true });
  write('report.json', `${JSON.stringify(report, null, 2)}\n`);
  write('report.html', renderPage(report));
  const sums = filesOf(folder)
    .filter((name) => !BESIDE.has(name))
    .map((name) => `${sha256(readFileSync(join(folder, name)))}  ${name}\n`)
    .join('');
  const signature = signSums(signer, sums);
  write(SUMS, sums);
  write(PUBLIC_KEY, signature.publicKey);
  write(SIGNATURE, Buffer.from(signature.value, 'base64'));
  return signature;
}

export interface Checked {
  /** One line each; empty if all is as it was signed. */
  problems: string[];
  files: number;
  keyFingerprint: string;
}

/**
 * @param keyPath the public key that it must be signed with; null for the one that lies beside it
 * @throws Failure if a file of the signature is missing or is none
 */
export function checkReport(folder: string, keyPath: string | null): Checked {
  const key = publicKeyOf(keyPath ?? join(folder, PUBLIC_KEY));
  const sums = readBeside(folder, SUMS);
  const problems: string[] = [];
  if (!isSigned(sums, readBeside(folder, SIGNATURE), key)) problems.push(`${SUMS}: not signed by this key`);
  const expected = parseSums(sums.toString('utf8'));
  const found = filesOf(folder).filter((name) => !BESIDE.has(name));
  for (const name of found) {
    const digest = expected.get(name);
    if (digest === undefined) problems.push(`${name}: not in ${SUMS}`);
    else if (digest !== sha256(readFileSync(join(folder, name)))) problems.push(`${name}: changed`);
  }
  for (const name of expected.keys()) if (!found.includes(name)) problems.push(`${name}: missing`);
  return { problems, files: expected.size, keyFingerprint: fingerprintOf(key) };
}

function readBeside(folder: string, name: string): Buffer {
  const path = join(folder, name);
  try {
    if (lstatSync(path).size > SUMS_MAX_BYTES) throw new Failure(`${path}: larger than ${SUMS_MAX_BYTES} bytes`, 3);
    return readFileSync(path);
  } catch (error) {
    throw error instanceof Failure
      ? error
      : new Failure(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`, 3);
  }
}

function parseSums(text: string): Map<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [, digest, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (digest === undefined || name === undefined) throw new Failure(`${SUMS}: not a list of digests`, 3);
    sums.set(name, digest);
  }
  return sums;
}

/** Relative, sorted. A link is no artefact: what it leads to could change. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
