// What every Store must do, whatever lies under it. An implementation's test calls storeContract with a way to open it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry, Store } from '#platform/state/store.ts';

export interface Medium {
  /** Opens the same state once more, as another process would. */
  open(): Store;
  /** Moves the injected clock. */
  advance(ms: number): void;
  now(): number;
  remove(): Promise<void>;
}

export function storeContract(name: string, make: () => Promise<Medium>): void {
  describe(`${name} keeps the contract of a store`, () => {
    let medium: Medium;
    let store: Store;
    let other: Store;

    beforeEach(async () => {
      medium = await make();
      store = medium.open();
      other = medium.open();
    });

    afterEach(async () => {
      await store.close();
      await other.close();
      await medium.remove();
    });

    it('gives back what was put, to others too and after a restart', async () => {
      const value = { name: '田中太郎', list: [1, null, true], deep: { text: '\u0000"\\' } };
      const version = await store.put('user/1', value);
      const entry = { key: 'user/1', value, version, expiresAt: null };
      expect(await store.get('user/1')).toEqual(entry);
      expect(await other.get('user/1')).toEqual(entry);
      await store.close();
      store = medium.open();
      expect(await store.get('user/1')).toEqual(entry);
    });

    it('knows nothing of a key that was never written', async () => {
      expect(await store.get('nobody')).toBeNull();
      expect(await store.delete('nobody')).toBe(false);
    });

    it('never uses a version twice, even after a delete', async () => {
      const versions = [await store.put('a', 1), await other.put('a', 2), await store.put('b', 1)];
      await store.delete('a');
      versions.push(await other.put('a', 3));
      expect(versions.every((version) => version > 0)).toBe(true);
      expect(new Set(versions).size).toBe(4);
    });

    it('makes an entry only if there is none when 0 is expected', async () => {
      const version = await store.compareAndSwap('a', 0, 'first');
      expect(version).toBeGreaterThan(0);
      expect(await other.compareAndSwap('a', 0, 'second')).toBeNull();
      expect((await store.get('a'))?.value).toBe('first');
    });

    it('swaps only the version that was expected', async () => {
      const first = await store.put('a', 1);
      const second = await other.compareAndSwap('a', first, 2);
      expect(second).not.toBeNull();
      expect(await store.compareAndSwap('a', first, 3)).toBeNull();
      expect(await store.compareAndSwap('missing', first, 3)).toBeNull();
      expect(await store.get('a')).toMatchObject({ value: 2, version: second });
    });

    it('does the same with what need not outlive a power cut: swaps, tells others, keeps it over a restart', async () => {
      const first = await store.put('renewed', 1, { durable: false });
      expect(await other.compareAndSwap('renewed', first + 1, 2, { durable: false })).toBeNull();
      expect(await other.compareAndSwap('renewed', first, 2, { durable: false })).toBeGreaterThan(first);
      expect((await store.get('renewed'))?.value).toBe(2);
      await store.close();
      store = medium.open();
      expect((await store.get('renewed'))?.value).toBe(2);
    });

    it('does not let a deleted and remade entry pass for the old one', async () => {
      const old = await store.put('a', 1);
      await store.delete('a');
      await store.put('a', 1);
      expect(await store.compareAndSwap('a', old, 2)).toBeNull();
      expect(await store.delete('a', old)).toBe(false);
    });

    it('lets exactly one of two win each of 1000 races', async () => {
      for (let round = 0; round < 1000; round++) {
        const swaps = [store, other].map((one) => one.compareAndSwap(`race/${round}`, 0, round));
        expect((await Promise.all(swaps)).filter((version) => version !== null)).toHaveLength(1);
      }
    });

    it('deletes what was expected, once', async () => {
      const version = await store.put('a', 1);
      expect(await other.delete('a', version + 1)).toBe(false);
      expect(await other.delete('a', version)).toBe(true);
      expect(await store.delete('a')).toBe(false);
      expect(await store.get('a')).toBeNull();
    });

    it('lists a prefix in order and nothing beside it', async () => {
      for (const key of ['user/b', 'user/a', 'user/a/x', 'users', 'use', 'user0', 'v']) await store.put(key, key);
      const keys = async (prefix: string) => (await other.list(prefix)).map((entry) => entry.key);
      expect(await keys('user/')).toEqual(['user/a', 'user/a/x', 'user/b']);
      expect(await keys('user/a')).toEqual(['user/a', 'user/a/x']);
      expect(await keys('')).toHaveLength(7);
      expect(await keys('none')).toEqual([]);
    });

    it('forgets an entry at the moment it expires, in every method', async () => {
      await store.put('t/1', 'x', { expiresAt: medium.now() + 30_000 });
      medium.advance(29_999);
      expect(await store.get('t/1')).toMatchObject({ value: 'x', expiresAt: medium.now() + 1 });
      medium.advance(1);
      expect(await store.get('t/1')).toBeNull();
      expect(await other.list('t/')).toEqual([]);
      expect(await store.delete('t/1')).toBe(false);
      expect(await other.compareAndSwap('t/1', 0, 'y')).not.toBeNull();
    });

    it('drops the expiry when a later write names none', async () => {
      await store.put('a', 1, { expiresAt: medium.now() + 10 });
      await store.put('a', 2);
      medium.advance(1000);
      expect((await store.get('a'))?.expiresAt).toBeNull();
    });

    it('tells watchers of changes under their prefix by anybody', async () => {
      const seen: [string, unknown][] = [];
      const changes = arrivals(seen);
      const stop = store.watch('w/', (key, entry) => changes.add(key, entry));
      await store.put('w/1', 'here');
      await changes.count(1);
      await other.put('w/2', 'elsewhere');
      await changes.count(2);
      await store.put('x/1', 'not watched');
      await other.delete('w/1');
      await changes.count(3);
      await store.put('w/3', 'short', { expiresAt: medium.now() + 5 });
      await changes.count(4);
      medium.advance(5);
      await changes.count(5);
      expect(seen).toEqual([
        ['w/1', 'here'],
        ['w/2', 'elsewhere'],
        ['w/1', null],
        ['w/3', 'short'],
        ['w/3', null],
      ]);
      stop();
      await store.put('w/4', 'after');
      expect(seen).toHaveLength(5);
    });

    it('appends to a log without gaps and reads it back in parts', async () => {
      for (let i = 1; i <= 5; i++) expect(await (i % 2 ? store : other).append('meter', { i })).toBe(i);
      expect(await store.append('another', 'x')).toBe(1);
      expect(await store.read('meter', 2, 2)).toEqual([
        { sequence: 2, value: { i: 2 } },
        { sequence: 3, value: { i: 3 } },
      ]);
      expect(await other.read('meter', 6, 10)).toEqual([]);
      expect(await other.read('none', 1, 10)).toEqual([]);
    });

    it('refuses keys and values that are not of the form', async () => {
      for (const key of ['', 'a b', 'ab\n', '田中', 'x'.repeat(257)]) {
        await expect(store.put(key, 1)).rejects.toMatchObject({ reason: 'MALFORMED' });
        await expect(store.compareAndSwap(key, 0, 1)).rejects.toMatchObject({ reason: 'MALFORMED' });
        await expect(store.append(key, 1)).rejects.toMatchObject({ reason: 'MALFORMED' });
      }
      await expect(store.put('a', undefined)).rejects.toMatchObject({ reason: 'MALFORMED' });
      expect(await store.get('a')).toBeNull();
    });
  });
}

/** Collects changes and resolves when so many have arrived; the test's own time limit is the bound. */
function arrivals(seen: [string, unknown][]) {
  let wake = () => {};
  return {
    add(key: string, entry: Entry<unknown> | null): void {
      seen.push([key, entry?.value ?? null]);
      wake();
    },
    async count(wanted: number): Promise<void> {
      while (seen.length < wanted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
