// A store in memory that remembers what was asked of it: for tests that count work, or measure time without a disk in it.
import type { Entry, Store } from '#platform/state/store.ts';

export interface MemoryStore extends Store {
  /** "get factor/totp/131016/tanaka" and so on, oldest first. */
  readonly asked: string[];
}

/** The value as text, which is how it lies on a disk, too. */
type Kept = Omit<Entry<unknown>, 'value'> & { text: string };

export function memoryStore(): MemoryStore {
  const entries = new Map<string, Kept>();
  const asked: string[] = [];
  let versions = 0;
  const write = (key: string, value: unknown, expiresAt: number | null): number => {
    entries.set(key, { key, text: JSON.stringify(value), version: ++versions, expiresAt });
    return versions;
  };
  const read = ({ text, ...entry }: Kept): Entry<unknown> => ({ ...entry, value: JSON.parse(text) });
  const note = (what: string, key: string) => void asked.push(`${what} ${key}`);
  return {
    asked,
    async get(key) {
      note('get', key);
      const entry = entries.get(key);
      return entry ? read(entry) : null;
    },
    async put(key, value, options) {
      note('put', key);
      return write(key, value, options?.expiresAt ?? null);
    },
    async compareAndSwap(key, expected, value, options) {
      note('compareAndSwap', key);
      return (entries.get(key)?.version ?? 0) === expected ? write(key, value, options?.expiresAt ?? null) : null;
    },
    async delete(key, expected) {
      note('delete', key);
      if (expected !== undefined && entries.get(key)?.version !== expected) return false;
      return entries.delete(key);
    },
    async list(prefix) {
      note('list', prefix);
      return [...entries.values()].filter(({ key }) => key.startsWith(prefix)).map(read);
    },
    watch: () => () => {},
    append: () => Promise.reject(new Error('this store has no logs')),
    read: () => Promise.reject(new Error('this store has no logs')),
    async close() {},
  };
}
