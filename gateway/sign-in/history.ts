// The newest sign-ins of each user, those that failed too, so that a stranger's is noticed (E8). One bounded row each, which
// also users have who do not exist: the same work for everybody (E7).
import * as z from 'zod';
import type { Store } from '#platform/state/store.ts';
import { type Owner, ownerPath } from './owner.ts';
import { FACTORS, type Factor } from './sessions.ts';

export const KEPT = 20;
/** Nobody who was not there for so long looks further back. */
const LIFE_MS = 400 * 86_400_000;

const signIn = z.strictObject({
  /** ms */
  at: z.number(),
  address: z.string(),
  /** Those that were shown; of a failed sign-in the one that was tried. */
  factors: z.array(z.enum(FACTORS)),
  succeeded: z.boolean(),
});
export type PastSignIn = z.infer<typeof signIn>;
const row = z.array(signIn).max(KEPT);

export class History {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async add(owner: Owner, past: { at: number; address: string; factors: Factor[]; succeeded: boolean }): Promise<void> {
    for (;;) {
      const entry = await this.#store.get(keyOf(owner));
      const kept = [past, ...(entry ? row.parse(entry.value) : [])].slice(0, KEPT);
      const options = { expiresAt: past.at + LIFE_MS };
      if ((await this.#store.compareAndSwap(keyOf(owner), entry?.version ?? 0, kept, options)) !== null) return;
    }
  }

  /** @returns the newest first */
  async list(owner: Owner): Promise<PastSignIn[]> {
    const entry = await this.#store.get(keyOf(owner));
    return entry ? row.parse(entry.value) : [];
  }
}

function keyOf(owner: Owner): string {
  return `history/${ownerPath(owner)}`;
}
