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
  return { files, whole: found.find(({ whole }) => whole)?.whole ?? null };
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

/** The number that the first line claims; what claims none is verified last, and found out. */
function firstEvent(path: string): number {
  const file = openSync(path, 'r');
  try {
    const number = /^\{"sequence":(\d{1,15}),/.exec(readFirstLine(file).toString('latin1'))?.[1];
    return number === undefined ? Number.POSITIVE_INFINITY : Number(number);
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
