// The store on node:sqlite: one file, any number of processes of one host.
import type { StatementSync } from 'node:sqlite';
import { Refusal } from '#protocol/codes.ts';
import { openDatabase, sqliteText } from './sqlite-file.ts';
import type { Entry, Store, WriteOptions } from './store.ts';
import { Watchers } from './watchers.ts';

/** Printable ASCII without spaces, so that the order of bytes and of characters is one. */
const KEY = /^[\x21-\x7e]{1,256}$/;
const PREFIX = /^[\x21-\x7e]{0,256}$/;
const VALUE_MAX_CHARACTERS = 1024 * 1024;

interface Row {
  key: string;
  value: string;
  version: number;
  expires_at: number | null;
}

const STATEMENTS = {
  get: 'SELECT * FROM entries WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)',
  list: 'SELECT * FROM entries WHERE key >= ? AND key < ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY key',
  write: 'INSERT OR REPLACE INTO entries (key, value, version, expires_at) VALUES (?, ?, ?, ?)',
  remove: 'DELETE FROM entries WHERE key = ?',
  purge: 'DELETE FROM entries WHERE expires_at <= ?',
  nextVersion: 'UPDATE last_version SET value = value + 1 RETURNING value',
  append:
    'INSERT INTO logs SELECT ?1, coalesce(max(sequence), 0) + 1, ?2 FROM logs WHERE log = ?1 RETURNING sequence AS value',
  read: 'SELECT sequence, value FROM logs WHERE log = ? AND sequence >= ? ORDER BY sequence LIMIT ?',
  dataVersion: 'PRAGMA data_version',
} as const;

/**
 * @param path the file; see openDatabase for its mode and checks
 * @param now milliseconds since 1970; decides what has expired
 * @throws Failure in one line when the file cannot be used
 */
export function openSqliteStore(path: string, { now }: { now(): number }): Store {
  const database = openDatabase(path);
  const sql = Object.fromEntries(
    Object.entries(STATEMENTS).map(([name, text]) => [name, database.prepare(text)]),
  ) as Record<keyof typeof STATEMENTS, StatementSync>;

  const find = (key: string): Entry<unknown> | null => {
    const row = sql.get.get(key, now()) as Row | undefined;
    return row ? entryOf(row) : null;
  };
  const scan = (prefix: string): Entry<unknown>[] =>
    (sql.list.all(prefix, `${prefix}\x7f`, now()) as unknown as Row[]).map(entryOf);

  const watchers = new Watchers({
    list: scan,
    now,
    foreignChanges: () => numberOf(sql.dataVersion.get(), 'data_version'),
  });

  /** One write transaction; IMMEDIATE, so that what it reads cannot change before it writes. */
  function transaction<T>(work: () => T, { durable = true }: WriteOptions = {}): T {
    if (durable) return commit(work);
    database.exec('PRAGMA synchronous = NORMAL');
    try {
      return commit(work);
    } finally {
      database.exec('PRAGMA synchronous = FULL');
    }
  }

  function commit<T>(work: () => T): T {
    database.exec('BEGIN IMMEDIATE');
    try {
      sql.purge.run(now());
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  function write(key: string, json: string, options: WriteOptions): number {
    const version = numberOf(sql.nextVersion.get(), 'value');
    sql.write.run(key, json, version, options.expiresAt ?? null);
    return version;
  }

  return {
    get: guarded(async (key) => find(checkKey(key))),

    put: guarded(async (key, value, options = {}) => {
      const json = toJson(value);
      const version = transaction(() => write(checkKey(key), json, options), options);
      watchers.changedHere(key, find(key));
      return version;
    }),

    compareAndSwap: guarded(async (key, expected, value, options = {}) => {
      const json = toJson(value);
      const version = transaction(
        () => ((find(checkKey(key))?.version ?? 0) === expected ? write(key, json, options) : null),
        options,
      );
      if (version !== null) watchers.changedHere(key, find(key));
      return version;
    }),

    delete: guarded(async (key, expected) => {
      const deleted = transaction(() => {
        const found = find(checkKey(key));
        if (!found || (expected !== undefined && found.version !== expected)) return false;
        sql.remove.run(key);
        return true;
      });
      if (deleted) watchers.changedHere(key, null);
      return deleted;
    }),

    list: guarded(async (prefix) => scan(checkPrefix(prefix))),

    watch: (prefix, changed) => watchers.add(checkPrefix(prefix), changed),

    append: guarded(async (log, value) => {
      const json = toJson(value);
      return transaction(() => numberOf(sql.append.get(checkKey(log), json), 'value'));
    }),

    read: guarded(async (log, from, limit) =>
      sql.read
        .all(checkKey(log), from, limit)
        .map((row) => ({ sequence: numberOf(row, 'sequence'), value: JSON.parse(String(row.value)) })),
    ),

    close: async () => {
      watchers.close();
      if (database.isOpen) database.close();
    },
  };
}

/** Gives every failure of the medium its reason. What a value holds never stands in the detail (T16). */
function guarded<A extends unknown[], R>(method: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await method(...args);
    } catch (error) {
      if (error instanceof Error && 'errcode' in error) throw new Refusal('STATE_UNWRITABLE', sqliteText(error));
      throw error;
    }
  };
}

function checkKey(key: string): string {
  if (!KEY.test(key)) throw new Refusal('MALFORMED', 'state key');
  return key;
}

function checkPrefix(prefix: string): string {
  if (!PREFIX.test(prefix)) throw new Refusal('MALFORMED', 'state prefix');
  return prefix;
}

function toJson(value: unknown): string {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined || json.length > VALUE_MAX_CHARACTERS) {
    throw new Refusal('MALFORMED', 'a state value that is no JSON or too large');
  }
  return json;
}

function entryOf(row: Row): Entry<unknown> {
  return { key: row.key, value: JSON.parse(row.value), version: row.version, expiresAt: row.expires_at };
}

function numberOf(row: Record<string, unknown> | undefined, column: string): number {
  return Number(row?.[column]);
}
