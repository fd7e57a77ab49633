// One live session per user and one per desktop (F5), held in the state so that it counts across processes. A slot lives
// as long as a lease and is renewed while the relay runs: after a crash it is free again when the agent has ended, too.
//
// Nobody claims one before the agent has said that it verified the proof: certificate and second factor alone take nothing
// from anybody (T01). Between users the desktop's row decides, and a claim never displaces another user's. Between two
// sessions of one user the user's row decides, and the later claim takes over.
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
  /** Where the user's connection comes from. */
  address: z.string(),
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
   * For an early answer; claim decides. A session of the same user is no obstacle.
   * @throws DESKTOP_IN_USE by another user
   */
  async requireAvailable(wanted: Pick<Slot, 'municipality' | 'user' | 'desktop'>): Promise<void> {
    const entry = await this.#read(desktopKey(wanted));
    if (entry && !ownedBy(entry, wanted)) throw new Refusal('DESKTOP_IN_USE', 'by another user');
  }

  /**
   * Makes this the user's one session; an earlier one of the same user finds its slot gone. The caller has the agent's
   * word that it verified the proof.
   * @throws DESKTOP_IN_USE by another user
   */
  async claim(slot: Slot): Promise<void> {
    await this.requireAvailable(slot);
    for (;;) {
      const entry = await this.#read(userKey(slot));
      if (await this.#write(userKey(slot), entry?.version ?? 0, slot)) break;
    }
    await this.#holdDesktop(slot);
  }

  /** @throws TAKEN_OVER, ENDED_BY_ADMINISTRATOR; DESKTOP_IN_USE if it ran out and another user took the desktop */
  async renew(slot: Slot): Promise<void> {
    for (;;) {
      const entry = await this.#read(userKey(slot));
      if (entry) checkHeld(entry, slot);
      if (await this.#write(userKey(slot), entry?.version ?? 0, slot)) break;
    }
    await this.#holdDesktop(slot);
  }

  /** @throws TAKEN_OVER, ENDED_BY_ADMINISTRATOR */
  async check(slot: Slot): Promise<void> {
    const entry = await this.#read(userKey(slot));
    if (entry) checkHeld(entry, slot);
  }

  /** Frees what this session holds, and nothing that another has taken over meanwhile. */
  async release(slot: Slot): Promise<void> {
    for (const key of [desktopKey(slot), userKey(slot)]) {
      const entry = await this.#read(key);
      if (entry?.value.session === slot.session) await this.#store.delete(key, entry.version);
    }
  }

  /**
   * Asks whichever process relays the session to end it; that process watches its users' slots.
   * @returns false if there is no such session
   */
  async requestEnd(session: string, by: 'user' | 'administrator'): Promise<boolean> {
    for (;;) {
      const held = (await this.#store.list(USER_SLOT_PREFIX)).map((entry) => ({
        ...entry,
        value: row.parse(entry.value),
      }));
      const entry = held.find(({ value }) => value.session === session);
      if (!entry) return false;
      const asked: Row = { ...entry.value, endRequestedBy: by };
      if ((await this.#store.compareAndSwap(entry.key, entry.version, asked, this.#expiry())) !== null) return true;
    }
  }

  async list(): Promise<Slot[]> {
    const entries = await this.#store.list(USER_SLOT_PREFIX);
    return entries.map((entry) => {
      const { endRequestedBy: _, holder: __, ...slot } = row.parse(entry.value);
      return slot;
    });
  }

  /** @throws DESKTOP_IN_USE by another user */
  async #holdDesktop(slot: Slot): Promise<void> {
    for (;;) {
      const entry = await this.#read(desktopKey(slot));
      if (entry && !ownedBy(entry, slot)) throw new Refusal('DESKTOP_IN_USE', 'by another user');
      if (await this.#write(desktopKey(slot), entry?.version ?? 0, slot)) return;
    }
  }

  async #read(key: string): Promise<Entry<Row> | null> {
    const entry = await this.#store.get(key);
    return entry && { ...entry, value: row.parse(entry.value) };
  }

  /** @returns false if another write came first */
  async #write(key: string, version: number, slot: Slot): Promise<boolean> {
    const value: Row = { ...slot, holder: this.#holder, endRequestedBy: null };
    // Renewed every 10 s for each session: a thousand of them would wait for the disk 200 times a second.
    const options = { ...this.#expiry(), durable: false };
    return (await this.#store.compareAndSwap(key, version, value, options)) !== null;
  }

  #expiry(): { expiresAt: number } {
    return { expiresAt: this.#now() + LEASE_LIFE_MS };
  }
}

function checkHeld({ value }: Entry<Row>, { session }: Slot): void {
  if (value.session !== session) throw new Refusal('TAKEN_OVER', value.session);
  if (value.endRequestedBy === 'user') throw new Refusal('ENDED_BY_USER');
  if (value.endRequestedBy) throw new Refusal('ENDED_BY_ADMINISTRATOR');
}

function ownedBy({ value }: Entry<Row>, { municipality, user }: Pick<Slot, 'municipality' | 'user'>): boolean {
  return value.municipality === municipality && value.user === user;
}

function userKey({ municipality, user }: Pick<Slot, 'municipality' | 'user'>): string {
  return `${USER_SLOT_PREFIX}${municipality}/${user}`;
}

function desktopKey({ desktop }: Pick<Slot, 'desktop'>): string {
  return DESKTOP_SLOT_PREFIX + desktop;
}
