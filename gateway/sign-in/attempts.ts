// Counts the tries at an authenticator, for every kind of factor (SP 800-63B-4 §3.2.2, T07). One row each, changed only by
// compare-and-swap, so that the rules hold across processes and restarts:
//
//   reserve    the try counts as failed, refused while backing off or locked   ← before anything is looked at
//   succeeded  takes the try back, and the failures before it
//
// A crash in between leaves a failure counted: it fails closed. Who has no such authenticator is counted just the same: what
// the other side learns does not depend on what exists (E7).
import * as z from 'zod';
import type { Entry, Store } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import type { CountedFactor } from '../journal.ts';
import { type Owner, ownerPath } from './owner.ts';

/** Back-off begins with this many failures in a row … */
export const FAILURES_BEFORE_BACK_OFF = 5;
const BACK_OFF_FIRST_MS = 5 * 60_000;
/** … doubles with each more up to this … */
const BACK_OFF_MAX_MS = 60 * 60_000;
/** … and at this many the authenticator is of no use until it is set up anew. */
export const FAILURES_MAX = 100;

const row = z.strictObject({
  /** Tries in a row that were not accepted, including those still being looked at. */
  failures: z.int().min(0),
  /** No try before this time, ms. */
  notBefore: z.number(),
});
type Row = z.infer<typeof row>;

/** A try that counts as failed until it is told to have succeeded. */
export interface Try {
  readonly key: string;
  /** In a row, this one included. */
  readonly failures: number;
}

export class Attempts {
  readonly #store: Store;
  readonly #now: () => number;

  /** @param now wall clock, ms */
  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /**
   * @param which of several authenticators of one kind
   * @throws FACTOR_LOCKED, FACTOR_BACK_OFF
   */
  async reserve(kind: CountedFactor, owner: Owner, which = ''): Promise<Try> {
    const key = keyOf(kind, owner, which);
    for (;;) {
      const entry = await this.#read(key);
      const { failures, notBefore } = entry?.value ?? { failures: 0, notBefore: 0 };
      if (failures >= FAILURES_MAX) throw new Refusal('FACTOR_LOCKED', `${failures} failures in a row`);
      if (this.#now() < notBefore) throw new Refusal('FACTOR_BACK_OFF', `${failures} failures in a row`);
      const counted: Row = { failures: failures + 1, notBefore: this.#now() + backOffMs(failures + 1) };
      if ((await this.#store.compareAndSwap(key, entry?.version ?? 0, counted)) !== null) {
        return { key, failures: counted.failures };
      }
    }
  }

  /** Tries that were reserved meanwhile stay counted. */
  async succeeded({ key, failures }: Try): Promise<void> {
    for (;;) {
      const entry = await this.#read(key);
      if (!entry) return;
      const left = Math.max(0, entry.value.failures - failures);
      const done =
        left === 0
          ? await this.#store.delete(key, entry.version)
          : (await this.#store.compareAndSwap(key, entry.version, { failures: left, notBefore: 0 })) !== null;
      if (done) return;
    }
  }

  /** The authenticator is set up anew. */
  async forget(kind: CountedFactor, owner: Owner, which = ''): Promise<void> {
    await this.#store.delete(keyOf(kind, owner, which));
  }

  async #read(key: string): Promise<Entry<Row> | null> {
    const entry = await this.#store.get(key);
    return entry && { ...entry, value: row.parse(entry.value) };
  }
}

function backOffMs(failures: number): number {
  if (failures < FAILURES_BEFORE_BACK_OFF) return 0;
  return Math.min(BACK_OFF_MAX_MS, BACK_OFF_FIRST_MS * 2 ** (failures - FAILURES_BEFORE_BACK_OFF));
}

function keyOf(kind: CountedFactor, owner: Owner, which: string): string {
  return `attempt/${kind}/${ownerPath(owner)}${which && `/${which}`}`;
}
