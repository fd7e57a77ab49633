// A wall clock that only moves when told, and a real store in a folder of its own that ends with the test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openSqliteStore } from '#platform/state/sqlite.ts';
import type { Store } from '#platform/state/store.ts';

export interface Clock {
  now(): number;
  pass(ms: number): void;
}

/** @param start ms; by default a time at the beginning of a TOTP step */
export function clockAt(start = 1_800_000_000_000): Clock {
  let now = start;
  return {
    now: () => now,
    pass(ms) {
      now += ms;
    },
  };
}

export interface TestStore {
  store: Store;
  /** Another connection to the same file, as another process has it. */
  again(): Store;
}

export function openTestStore({ now }: Clock): TestStore {
  const folder = mkdtempSync(join(tmpdir(), 'telework-state-'));
  const opened: Store[] = [];
  const again = () => {
    const store = openSqliteStore(join(folder, 'state.sqlite'), { now });
    opened.push(store);
    return store;
  };
  onTestFinished(async () => {
    for (const store of opened) await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { store: again(), again };
}
