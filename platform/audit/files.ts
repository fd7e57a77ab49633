// The files of one log. The one that grows has the log's own name; a closed one is named by its first event, so that names
// sort as the chain runs:
//
//   state/audit.jsonl   state/audit-000000000312.jsonl   state/archive/audit-000000000001.jsonl   state/audit.keys
import { closeSync, fsyncSync, openSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const DIGITS = 12;

export interface ClosedFile {
  readonly path: string;
  /** The number of its first event. */
  readonly first: number;
}

/** @param path of the file that grows, ending in .jsonl */
export function closedName(path: string, first: number): string {
  return `${stem(path)}-${String(first).padStart(DIGITS, '0')}.jsonl`;
}

/** Where the keys of its checkpoints are. */
export function keysPath(path: string): string {
  return join(dirname(path), `${stem(path)}.keys`);
}

/** @returns the closed files of a log in a folder, the oldest first; none if there is no such folder */
export function closedFiles(path: string, folder = dirname(path)): ClosedFile[] {
  const start = `${stem(path)}-`;
  return namesIn(folder)
    .filter((name) => name.startsWith(start) && /^\d{12}\.jsonl$/.test(name.slice(start.length)))
    .sort()
    .map((name) => ({ path: join(folder, name), first: Number(name.slice(start.length, -'.jsonl'.length)) }));
}

/** @returns all files of a log, the oldest first, the one that grows last */
export function allFiles(path: string, archive: string): string[] {
  const here = closedFiles(path);
  // One that is just being moved to another volume is in both.
  const there = closedFiles(path, archive).filter(({ first }) => !here.some((one) => one.first === first));
  return [...there.map((one) => one.path), ...here.map((one) => one.path), path];
}

/** A rename is on the disk once its folder is. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return; // where no folder can be opened
  const file = openSync(folder, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function stem(path: string): string {
  return basename(path, '.jsonl');
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
