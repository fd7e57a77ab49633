// Opening the file of a SQLite store: whose it is, which version wrote it, whether it is whole.
import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Failure } from '../process/exit.ts';
import { makePrivateFolder } from '../process/private-folder.ts';

/** "twst" in SQLite's application_id, so that a file of something else is never written to. */
const APPLICATION_ID = 0x74777374;
/** Raised with each change of the tables, together with the step that brings an older file up. */
const FORMAT_VERSION = 1;
/** How long a write waits for another process's transaction; ours take well under a millisecond. */
const BUSY_MAX_MS = 5_000;

const TABLES = `
  CREATE TABLE entries (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, version INTEGER NOT NULL, expires_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE logs (
    log TEXT NOT NULL, sequence INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (log, sequence)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE last_version (value INTEGER NOT NULL) STRICT;
  INSERT INTO last_version VALUES (0);
`;

/**
 * Opens the file with mode 0600, making it and its folder (0700) where missing.
 * @throws Failure in one line: folder not writable, not a state file, damaged, or written by a newer version
 */
export function openDatabase(path: string): DatabaseSync {
  prepareFile(path);
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { timeout: BUSY_MAX_MS, enableForeignKeyConstraints: false });
    setUpOrCheck(database, path);
    // FULL: a TOTP step that was accepted must not come back after a power cut (T07).
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF');
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof Failure) throw error;
    throw new Failure(`${path}: cannot be used as a state file (${sqliteText(error)})`);
  }
}

function prepareFile(path: string): void {
  makePrivateFolder(dirname(path));
  try {
    // Made here and not by SQLite, which would take the umask's mode; its -wal and -shm files take over this one's.
    closeSync(openSync(path, 'a', 0o600));
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  } catch (error) {
    throw new Failure(`${path}: the state file cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
}

function setUpOrCheck(database: DatabaseSync, path: string): void {
  // IMMEDIATE, so that of two processes starting at once one makes the tables and the other finds them.
  database.exec('BEGIN IMMEDIATE');
  if (pragma(database, 'schema_version') === 0) {
    database.exec(`${TABLES} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION}`);
  }
  database.exec('COMMIT');
  if (pragma(database, 'application_id') !== APPLICATION_ID) throw new Failure(`${path}: not a state file of ours`);
  const version = pragma(database, 'user_version');
  if (version !== FORMAT_VERSION) {
    throw new Failure(`${path}: written in format ${version}, this version reads format ${FORMAT_VERSION}`);
  }
  if (pragma(database, 'quick_check') !== 'ok') throw new Failure(`${path}: the state file is damaged`);
}

function pragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

/** SQLite's own words for its result code; never the statement or its values. */
export function sqliteText(error: unknown): string {
  return error instanceof Error && 'errstr' in error ? String(error.errstr) : 'unknown error';
}
