// Who is told of which change. This process's own writes are told at once; another process's are found by polling
// SQLite's data_version, which costs one page read, and then by comparing versions under the prefix.
import type { Entry } from './store.ts';

const POLL_MS = 200;

type Changed = (key: string, entry: Entry<unknown> | null) => void;
type Seen = Map<string, { version: number; expiresAt: number | null }>;

interface Source {
  list(prefix: string): Entry<unknown>[];
  now(): number;
  /** Another number after each change by another process. */
  foreignChanges(): number;
}

export class Watchers {
  readonly #source: Source;
  readonly #watchers = new Set<{ prefix: string; seen: Seen; changed: Changed }>();
  #timer: NodeJS.Timeout | null = null;
  #foreign = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  add(prefix: string, changed: Changed): () => void {
    // Read before the list: a change between the two is then found again, which does no harm.
    if (!this.#timer) this.#foreign = this.#source.foreignChanges();
    const seen: Seen = new Map(this.#source.list(prefix).map((entry) => [entry.key, entry]));
    const watcher = { prefix, seen, changed };
    this.#watchers.add(watcher);
    this.#timer ??= setInterval(() => this.#poll(), POLL_MS).unref();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.close();
    };
  }

  /** Told in a microtask, so that a watcher that throws does not make the write look failed. */
  changedHere(key: string, entry: Entry<unknown> | null): void {
    for (const { prefix, seen, changed } of this.#watchers) {
      if (!key.startsWith(prefix)) continue;
      note(seen, key, entry);
      queueMicrotask(() => changed(key, entry));
    }
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#watchers.clear();
  }

  /** A medium that cannot be read now is for the next reader or writer to report; the poll only tries again. */
  #poll(): void {
    try {
      this.#compareAll();
    } catch {
      this.#foreign = Number.NaN; // unlike any number, so that the next poll compares
    }
  }

  #compareAll(): void {
    const foreign = this.#source.foreignChanges();
    const changed = foreign !== this.#foreign;
    this.#foreign = foreign;
    const now = this.#source.now();
    for (const watcher of this.#watchers) {
      if (changed || anyExpired(watcher.seen, now)) this.#compare(watcher);
    }
  }

  #compare({ prefix, seen, changed }: { prefix: string; seen: Seen; changed: Changed }): void {
    const entries = this.#source.list(prefix);
    const present = new Set(entries.map((entry) => entry.key));
    for (const key of [...seen.keys()].filter((key) => !present.has(key))) {
      note(seen, key, null);
      queueMicrotask(() => changed(key, null));
    }
    for (const entry of entries.filter((entry) => seen.get(entry.key)?.version !== entry.version)) {
      note(seen, entry.key, entry);
      queueMicrotask(() => changed(entry.key, entry));
    }
  }
}

function note(seen: Seen, key: string, entry: Entry<unknown> | null): void {
  if (entry) seen.set(key, { version: entry.version, expiresAt: entry.expiresAt });
  else seen.delete(key);
}

function anyExpired(seen: Seen, now: number): boolean {
  for (const { expiresAt } of seen.values()) if (expiresAt !== null && expiresAt <= now) return true;
  return false;
}
