// What a process keeps over a restart. One narrow interface, so that several gateways can later share their state
// without a line changed above it: nothing outside this folder knows SQL or assumes that it is alone.

export interface Entry<T> {
  readonly key: string;
  /** JSON. What another version of the program wrote may lie there: callers parse it with zod. */
  readonly value: T;
  /** Positive, and never used twice in a store, not even by a key that was deleted and made anew. */
  readonly version: number;
  /** Milliseconds since 1970, or null for an entry that stays. */
  readonly expiresAt: number | null;
}

export interface WriteOptions {
  /** From this moment on (milliseconds since 1970, by the store's clock) the entry does not exist. */
  readonly expiresAt?: number | undefined;
  /**
   * False: a power cut may take the write back, a crash of the process does not. For what is renewed all the time and holds
   * nothing up when it is lost: waiting for the disk stops everything else in the process. Default true.
   */
  readonly durable?: boolean | undefined;
}

/**
 * Keys are paths of printable ASCII such as "user/123456/tanaka". Unless it says otherwise a write is durable when its
 * promise resolves.
 * Every method rejects with STATE_UNWRITABLE when the medium is full, read-only, busy or damaged, and with MALFORMED
 * for a key of another form.
 */
export interface Store {
  get(key: string): Promise<Entry<unknown> | null>;
  /** Writes whatever was there before. @returns the new version */
  put(key: string, value: unknown, options?: WriteOptions): Promise<number>;
  /**
   * Writes only if the entry still has the version `expected`; 0 means that it must not exist.
   * @returns the new version, or null if somebody else was first
   */
  compareAndSwap(key: string, expected: number, value: unknown, options?: WriteOptions): Promise<number | null>;
  /** @returns false if there was none, or none of the version `expected` */
  delete(key: string, expected?: number): Promise<boolean>;
  /** Every entry whose key begins with the prefix, in the order of the keys' bytes. */
  list(prefix: string): Promise<Entry<unknown>[]>;
  /**
   * Tells of each change from now on, by this or another process, expiry included; null for one that is gone. Of two
   * changes close together only the last may be told. To miss nothing, watch first and list then.
   * @returns stops watching
   */
  watch(prefix: string, changed: (key: string, entry: Entry<unknown> | null) => void): () => void;
  /** Adds to the end of a log. @returns its sequence number; the first is 1, and there are no gaps */
  append(log: string, value: unknown): Promise<number>;
  /** At most `limit` entries of a log in order, beginning with sequence number `from`. */
  read(log: string, from: number, limit: number): Promise<{ sequence: number; value: unknown }[]>;
  close(): Promise<void>;
}
