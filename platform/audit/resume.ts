// Where a process that starts goes on with its log: the last link of the chain, and the key that signs next. Only ends are
// read here; `npm run audit -- verify` reads all.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Failure } from '../process/exit.ts';
import { makePrivateFolder } from '../process/private-folder.ts';
import { AuditFile } from './file.ts';
import { closedFiles, keysPath } from './files.ts';
import { type Line, type Link, NO_DIGEST, openLine } from './line.ts';
import { CheckpointSigner, type KeyName } from './signer.ts';
import { type FoundTail, readLastLineWith, readTail } from './tail.ts';

export interface Resumed {
  readonly file: AuditFile;
  readonly last: Link;
  /** Of the file that grows; null while it is empty. */
  readonly begin: { sequence: number; time: string } | null;
  /** While the file is empty: the name of the one that was closed before it, if there is one. */
  readonly before: string | null;
  readonly tornBytes: number;
  readonly signer: CheckpointSigner;
  /** The log does not name the signer's key yet. */
  readonly unsigned: boolean;
}

export interface LogPlace {
  readonly path: string;
  readonly source: string;
  /** The folder where old files go. */
  readonly archive: string;
}

/** @throws Failure in one line: not writable, another process's log, an end that does not verify or was cut off */
export function resumeLog({ path, source, archive }: LogPlace): Resumed {
  const file = openFile(path);
  const tail = file.takeTail();
  const found = linkOf(tail, path, source);
  // The process died between closing a file and writing the next one, or somebody removed that: the signer's state tells.
  const newest = found ? undefined : (closedFiles(path).at(-1) ?? closedFiles(path, archive).at(-1));
  const closed = newest ? closedTail(newest.path, source) : null;
  const last = found ?? closed?.last ?? { sequence: 0, digest: NO_DIGEST };
  const first = file.firstLine();
  const begin = first ? openLine(first) : null;
  if (first && !begin) throw broken(path);
  const named = nameOfKey(file.lastLineWith('"next":"')) ?? closed?.named ?? null;
  const before = newest ? basename(newest.path) : null;
  return { file, last, begin, before, tornBytes: tail.tornBytes, ...signerOf(path, last, named) };
}

function openFile(path: string): AuditFile {
  makePrivateFolder(dirname(path));
  try {
    return new AuditFile(path);
  } catch (error) {
    throw new Failure(`${path}: the audit log cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** @returns the last link; null if the file is empty */
function linkOf({ lines, wholeFile }: FoundTail, path: string, source: string): Link | null {
  let last: Line | null = null;
  for (const bytes of lines) {
    const line = openLine(bytes);
    if (!line || (last && (line.previous !== last.digest || line.sequence !== last.sequence + 1))) {
      throw broken(path, last);
    }
    const isBegin = line.previous === NO_DIGEST ? line.sequence === 1 : line.event === 'log-continued';
    if (!last && wholeFile && !isBegin) throw broken(path);
    if (line.source !== source) throw new Failure(`${path}: the audit log of ${line.source}, not of ${source}`);
    last = line;
  }
  if (!last && !wholeFile) throw new Failure(`${path}: not an audit log`);
  return last;
}

function closedTail(path: string, source: string): { last: Link; named: KeyName | null } {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const last = linkOf(readTail(file, size), path, source);
    if (!last) throw broken(path);
    return { last, named: nameOfKey(readLastLineWith('"next":"', file, size)) };
  } finally {
    closeSync(file);
  }
}

function nameOfKey(bytes: Buffer | null): KeyName | null {
  const line = bytes ? openLine(bytes) : null;
  const next = line?.fields.next;
  if (!line || typeof next !== 'string') return null;
  if (line.event === 'signing-started') return { checkpoint: { sequence: 0, digest: NO_DIGEST }, next };
  // A file is closed with a checkpoint, and the next one begins right behind it.
  const isBehind = line.event === 'log-continued';
  return { checkpoint: isBehind ? { sequence: line.sequence - 1, digest: line.previous } : line, next };
}

/**
 * Whoever cut the log or gave it another past cannot have made the keys fit, so the process does not start on it; nor on a
 * log whose keys are gone, since a second beginning in the middle is what a forger would write (T15).
 */
function signerOf(path: string, last: Link, named: KeyName | null): Pick<Resumed, 'signer' | 'unsigned'> {
  const keys = keysPath(path);
  const signer = CheckpointSigner.read(keys);
  const advice = 'keep the log as evidence and give the process a new one (docs/audit.md)';
  if (!signer) {
    if (named) throw new Failure(`${keys}: missing, and the audit log is signed; ${advice}`);
    return { signer: CheckpointSigner.make(keys), unsigned: true };
  }
  if (last.sequence < signer.signed.sequence) {
    throw new Failure(
      `${path}: ends with event ${last.sequence}, but event ${signer.signed.sequence} was signed; ${advice}`,
    );
  }
  if (named ? !signer.continues(named) : signer.signed.sequence > 0) {
    throw new Failure(`${path}: the audit log does not name the keys in ${keys}; ${advice}`);
  }
  return { signer, unsigned: named === null };
}

function broken(path: string, last: Line | null = null): Failure {
  return new Failure(
    `${path}: the end of the audit log does not verify${last ? ` after event ${last.sequence}` : ''}; ` +
      'keep the file as evidence and give the process a new one',
  );
}
