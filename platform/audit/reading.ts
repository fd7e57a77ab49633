// The files that a person names on a command line, as a log to verify.
import { closeSync, createReadStream, openSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../process/exit.ts';
import { readFirstLine } from './tail.ts';
import type { LogFile } from './verify.ts';

/** In a state folder, and in the archive below it. */
const LOG_NAME = /^audit(-\d{12})?\.jsonl$/;
const ARCHIVE = 'archive';

export interface NamedLog {
  /** In the order of the chain. */
  readonly files: readonly LogFile[];
  /** A folder was named, which should hold all of the log that is online, or with its archive all of it. */
  readonly whole: 'online' | 'all' | null;
}

/**
 * @param paths files and folders of any logs: a folder holds one log, and files of one process are put together
 * @throws Failure as logAt does
 */
export function logsAt(paths: readonly string[]): NamedLog[] {
  const groups = Map.groupBy(paths, (path) =>
    reading(path, () => (statSync(path).isDirectory() ? path : sourceOf(path))),
  );
  return [...groups.values()].map((group) => logAt(group));
}

/**
 * @param paths files of one log, or folders with one
 * @throws Failure, exit code 3, naming what cannot be read
 */
export function logAt(paths: readonly string[]): NamedLog {
  const found = paths.map((path) => reading(path, () => filesOf(path)));
  const files = found
    .flatMap(({ files }) => files)
    .map((path) => ({ path, first: reading(path, () => firstEvent(path)) }))
    .sort((one, other) => (one.first === other.first ? 0 : one.first - other.first))
    .map(({ path }) => ({ name: path, chunks: bytesOf(path) }));
  const folders = found.flatMap(({ whole }) => whole ?? []);
  // A second folder is an archive that lies elsewhere.
  return { files, whole: folders.length > 1 ? 'all' : (folders[0] ?? null) };
}

function filesOf(path: string): { files: string[]; whole: NamedLog['whole'] } {
  if (!statSync(path).isDirectory()) return { files: [path], whole: null };
  const archive = join(path, ARCHIVE);
  const hasArchive = statSync(archive, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const files = [path, ...(hasArchive ? [archive] : [])].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => LOG_NAME.test(name))
      .map((name) => join(folder, name)),
  );
  if (files.length === 0) throw new Failure(`${path}: holds no audit log`, 3);
  return { files, whole: hasArchive ? 'all' : 'online' };
}

/** Whose log the first line claims to be; what claims nothing is a log of its own, and found out. */
function sourceOf(path: string): string {
  return /^\{"sequence":\d{1,15},"time":"[^"]{1,40}","source":"([^"]{1,80})",/.exec(firstLine(path))?.[1] ?? path;
}

/** The number that the first line claims; what claims none is verified last, and found out. */
function firstEvent(path: string): number {
  const number = /^\{"sequence":(\d{1,15}),/.exec(firstLine(path))?.[1];
  return number === undefined ? Number.POSITIVE_INFINITY : Number(number);
}

function firstLine(path: string): string {
  const file = openSync(path, 'r');
  try {
    return readFirstLine(file).toString('latin1');
  } finally {
    closeSync(file);
  }
}

/** Opened when it is read, and not before. */
async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function reading<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Failure ? error : unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): Failure {
  return new Failure(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`, 3);
}
