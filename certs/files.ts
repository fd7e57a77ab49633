// Files of an authority: private, never overwritten by accident, never half written.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '#platform/process/exit.ts';

/** Nothing that a certs command reads is larger; a CRL of 4 MiB names about 60,000 serials. */
const FILE_MAX_BYTES = 4 * 1024 * 1024;

/** @throws Failure with one line that names the file */
export function readText(path: string, what: string): string {
  try {
    if (statSync(path).size > FILE_MAX_BYTES)
      throw new Failure(`${what} ${path} is larger than ${FILE_MAX_BYTES} bytes`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw fileFailure(error, `cannot read ${what} ${path}`);
  }
}

export interface WriteOptions {
  /** 0o600 unless the content is public. */
  mode?: 0o600 | 0o644;
  /** Without it an existing file is kept and the write refused. */
  replace: boolean;
}

/** @throws Failure if the file exists and may not be replaced; asked before the work whose result it will hold */
export function refuseExisting(path: string, replace: boolean): void {
  if (!replace && existsSync(path)) throw new Failure(`cannot write ${path}: ${MEANINGS.EEXIST}`);
}

/**
 * Writes a temporary file beside the target, flushes it, and puts it in place in one step, so that a reader and a
 * crash see the old content or the new, never a part.
 * @throws Failure if the file exists and may not be replaced, or cannot be written
 */
export function writeText(path: string, content: string | Uint8Array, { mode = 0o600, replace }: WriteOptions): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  let reserved = false;
  try {
    if (!replace) {
      // Takes the name first: rename() alone would replace a file made in the meantime.
      closeSync(openSync(path, 'wx', mode));
      reserved = true;
    }
    writeAll(temporary, content, mode);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    if (reserved) rmSync(path, { force: true });
    throw fileFailure(error, `cannot write ${path}`);
  }
}

function writeAll(path: string, content: string | Uint8Array, mode: number): void {
  const file = openSync(path, 'wx', mode);
  try {
    writeFileSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Runs one change of an authority at a time: two commands that both read, change and write the index would lose one.
 * @throws Failure if another command is at work, or died while it was
 */
export function withLock<T>(path: string, work: () => T): T {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    throw codeOf(error) === 'EEXIST'
      ? new Failure(`another certs command is at work in ${dirname(path)}; if none is, remove ${path}`)
      : fileFailure(error, `cannot write ${path}`);
  }
  try {
    return work();
  } finally {
    rmSync(path, { force: true });
  }
}

function fileFailure(error: unknown, doing: string): Failure {
  if (error instanceof Failure) return error;
  const code = codeOf(error);
  return new Failure(`${doing}: ${MEANINGS[code] ?? code}`);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}

const MEANINGS: Record<string, string> = {
  EEXIST: 'it exists already; --force replaces it',
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
};
