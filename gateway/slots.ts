// One live session per user and one per desktop (F5), held in the state so that it counts across processes. A slot lives
// as long as a lease and is renewed while the relay runs: after a crash it is free again when the agent has ended, too.
import * as z from 'zod';
import type { Entry, Store } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import { LEASE_LIFE_MS } from '#protocol/limits.ts';
import { DESKTOP, MUNICIPALITY, NAME, SESSION } from '#protocol/names.ts';

export const USER_SLOT_PREFIX = 'slot/user/';
const DESKTOP_SLOT_PREFIX = 'slot/desktop/';

const slotFields = {
  session: z.string().regex(SESSION),
  municipality: z.string().regex(MUNICIPALITY),
  user: z.string().regex(NAME),
  desktop: z.string().regex(DESKTOP),
  startedAt: z.number(),
};
const row = z.strictObject({
  ...{ ...slotFields, holder: z.string() },
  endRequestedBy: z.enum(['user', 'administrator']).nullable(),
});
type Row = z.infer<typeof row>;

/** Who holds a user's and a desktop's slot. */
export type Slot = Omit<Row, 'holder' | 'endRequestedBy'>;

export class Slots {
  readonly #store: Store;
  readonly #holder: string;
  readonly #now: () => number;

  /**
   * @param holder names this process in each of its lives, and no other process that uses the store
   * @param now wall clock, ms
   */
  constructor(store: Store, holder: string, now: () => number) {
    this.#store = store;
    this.#holder = holder;
    this.#now = now;
  }

  /**
   * Frees what an earlier life of this process still holds: its relays died with it, and nobody shall wait for the rest
   * of a lease. The agent has a slot of its own, so a desktop never gets two sessions by this.
   * @param bornAt ms; what was claimed since is of this life
   */
  async releaseLeftBehind(bornAt: number): Promise<void> {
    for (const prefix of [USER_SLOT_PREFIX, DESKTOP_SLOT_PREFIX]) {
      for (const { key, value, version } of await this.#store.list(prefix)) {
        const { holder, startedAt } = row.parse(value);
        if (holder === this.#holder && startedAt < bornAt) await this.#store.delete(key, version);
      }
    }
  }

  /**
   * Resolves when the user holds no slot, or after `maxMs`. Who leaves and comes right back is quicker than the end of the
   * session before, which travels on another connection or comes by way of the state.
   */
  async whenUserIsFree(user: Pick<Slot, 'municipality' | 'user'>, maxMs: number): Promise<void> {
    const key = userKey(user);
    if (!(await this.#read(key))) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = this.#store.watch(key, (changed, entry) => {
      if (changed === key && entry === null) resolve();
    });
    const timer = setTimeout(resolve, maxMs);
    try {
      // It may have ended before the watch began.
      if (await this.#read(key)) await promise;
    } finally {
      clearTimeout(timer);
      stop();
    }
  }

  /**
   * For an early answer only; claim decides.
   * @throws DESKTOP_IN_USE
   */
  async requireFree(wanted: Pick<Slot, 'municipality' | 'user' | 'desktop'>): Promise<void> {
    for (const key of keys(wanted)) if (await this.#read(key)) throw inUse(key);
  }

  /** @throws DESKTOP_IN_USE */
  async claim(slot: Slot): Promise<void> {
    const [ofUser, ofDesktop] = keys(slot);
    if (!(await this.#write(ofUser, 0, slot))) throw inUse(ofUser);
    if (await this.#write(ofDesktop, 0, slot)) return;
    await this.#store.delete(ofUser);
    throw inUse(ofDesktop);
  }

  /** @throws DESKTOP_IN_USE if it was not renewed in time and somebody else took it, ENDED_BY_ADMINISTRATOR */
  async renew(slot: Slot): Promise<void> {
    for (const key of keys(slot)) {
      const entry = await this.#read(key);
      if (entry) checkHeld(entry, slot);
      if (!(await this.#write(key, entry?.version ?? 0, slot))) {
        const other = await this.#read(key);
        if (other) checkHeld(other, slot);
      }
    }
  }

  /** @throws ENDED_BY_ADMINISTRATOR, DESKTOP_IN_USE */
  async check(slot: Slot): Promise<void> {
    const entry = await this.#read(keys(slot)[0]);
    if (entry) checkHeld(entry, slot);
  }

  /** The user's last: whoever waits for that finds both free. */
  async release(slot: Slot): Promise<void> {
    for (const key of keys(slot).reverse()) {
      const entry = await this.#read(key);
      if (entry?.value.session === slot.session) await this.#store.delete(key);
    }
  }

  /**
   * Asks whichever process relays the session to end it; that process watches its users' slots.
   * @returns false if there is no such session
   */
  async requestEnd(session: string, by: 'user' | 'administrator'): Promise<boolean> {
    const slot = (await this.list()).find((held) => held.session === session);
    if (!slot) return false;
    for (;;) {
      const entry = await this.#read(keys(slot)[0]);
      if (entry?.value.session !== session) return false;
      const asked = { ...entry.value, endRequestedBy: by };
      if ((await this.#store.compareAndSwap(entry.key, entry.version, asked, this.#expiry())) !== null) return true;
    }
  }

  async list(): Promise<Slot[]> {
    const entries = await this.#store.list(DESKTOP_SLOT_PREFIX);
    return entries.map((entry) => {
      const { endRequestedBy: _, holder: __, ...slot } = row.parse(entry.value);
      return slot;
    });
  }

  async #read(key: string): Promise<Entry<Row> | null> {
    const entry = await this.#store.get(key);
    return entry && { ...entry, value: row.parse(entry.value) };
  }

  /** @returns false if another write came first */
  async #write(key: string, version: number, slot: Slot): Promise<boolean> {
    const value: Row = { ...slot, holder: this.#holder, endRequestedBy: null };
    return (await this.#store.compareAndSwap(key, version, value, this.#expiry())) !== null;
  }

  #expiry(): { expiresAt: number } {
    return { expiresAt: this.#now() + LEASE_LIFE_MS };
  }
}

function checkHeld({ value }: Entry<Row>, { session }: Slot): void {
  if (value.session !== session) throw new Refusal('DESKTOP_IN_USE', 'the slot was taken over');
  if (value.endRequestedBy === 'user') throw new Refusal('ENDED_BY_USER');
  if (value.endRequestedBy) throw new Refusal('ENDED_BY_ADMINISTRATOR');
}

function inUse(key: string): Refusal {
  return new Refusal('DESKTOP_IN_USE', key.startsWith(USER_SLOT_PREFIX) ? 'by the same user' : 'by another user');
}

function keys(slot: Pick<Slot, 'municipality' | 'user' | 'desktop'>): [string, string] {
  return [userKey(slot), DESKTOP_SLOT_PREFIX + slot.desktop];
}

function userKey({ municipality, user }: Pick<Slot, 'municipality' | 'user'>): string {
  return `${USER_SLOT_PREFIX}${municipality}/${user}`;
}
