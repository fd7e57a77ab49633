// The users that may sign in. A user's municipality and id stand in the client certificate; a row here switches the
// account on. No row, or a disabled one, is refused (default deny).
import * as z from 'zod';
import type { Store } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import { MUNICIPALITY, NAME } from '#protocol/names.ts';

export const USER_PREFIX = 'user/';

export const userIdSchema = z.strictObject({
  municipality: z.string().regex(MUNICIPALITY),
  user: z.string().regex(NAME),
});
/** A user id is unique only inside its municipality, so the two always travel together (T17). */
export type UserId = z.infer<typeof userIdSchema>;

/** Shown to people: no control characters, no direction overrides (G6). */
export const displayName = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u);

const row = z.strictObject({
  name: displayName,
  enabled: z.boolean(),
  /** ms; null before the first sign-in */
  lastSignIn: z.number().nullable(),
  /** Of the certificate that was last used, ms; the gateway sees it only then. */
  certificateExpiresAt: z.number().nullable().default(null),
});
export type User = z.infer<typeof row>;

const NOBODY: User = { name: 'nobody', enabled: false, lastSignIn: null, certificateExpiresAt: null };

export class Users {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @returns false if the user exists already */
  async add(id: UserId, name: string): Promise<boolean> {
    const user: User = { name, enabled: true, lastSignIn: null, certificateExpiresAt: null };
    return (await this.#store.compareAndSwap(key(id), 0, user)) !== null;
  }

  async find(id: UserId): Promise<User | null> {
    const entry = await this.#store.get(key(id));
    return entry && row.parse(entry.value);
  }

  /** @throws USER_UNKNOWN, USER_DISABLED: one code outside, so that nobody can find out which accounts exist (E7) */
  async requireEnabled(id: UserId): Promise<User> {
    const user = await this.find(id);
    if (!user) {
      row.parse(NOBODY); // the same work for everybody
      throw new Refusal('USER_UNKNOWN');
    }
    if (!user.enabled) throw new Refusal('USER_DISABLED');
    return user;
  }

  /** @returns false if there is no such user */
  async setEnabled(id: UserId, enabled: boolean): Promise<boolean> {
    return (await this.#change(id, (user) => ({ ...user, enabled }))) !== null;
  }

  /** @returns the time of the sign-in before this one, shown to the user so that a stranger's is noticed (E8) */
  async noteSignIn(id: UserId, nowMs: number, certificateExpiresAt: number): Promise<number | null> {
    const signedIn = (user: User) => ({ ...user, lastSignIn: nowMs, certificateExpiresAt });
    return (await this.#change(id, signedIn))?.lastSignIn ?? null;
  }

  async list(): Promise<(UserId & User)[]> {
    const entries = await this.#store.list(USER_PREFIX);
    return entries.map((entry) => {
      const [, municipality = '', user = ''] = entry.key.split('/');
      return { municipality, user, ...row.parse(entry.value) };
    });
  }

  /** Changes the row without losing what another process wrote in between; returns the row before. */
  async #change(id: UserId, change: (user: User) => User): Promise<User | null> {
    for (;;) {
      const entry = await this.#store.get(key(id));
      if (!entry) return null;
      const before = row.parse(entry.value);
      if ((await this.#store.compareAndSwap(key(id), entry.version, change(before))) !== null) return before;
    }
  }
}

function key({ municipality, user }: UserId): string {
  return `${USER_PREFIX}${municipality}/${user}`;
}
