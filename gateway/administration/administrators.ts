// Who may administrate at the page. The certificate says the name and the municipality; a row here switches the account on
// (default deny), and keeps the names apart: second factors and dual control go by the name alone.
import * as z from 'zod';
import type { Store } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import { MUNICIPALITY, NAME } from '#protocol/names.ts';
import type { Owner } from '../sign-in/owner.ts';
import type { Accounts } from '../sign-in/sign-in.ts';
import { type Administrator, LOCAL } from './action.ts';

const PREFIX = 'administrator/';

export const administratorName = z
  .string()
  .regex(NAME)
  .refine((name) => name !== LOCAL.name, 'this name stands for the Unix socket');
/** What somebody is in charge of: "-" is all municipalities, and the administrators. */
export const chargeSchema = z.union([z.literal('-'), z.string().regex(MUNICIPALITY)]);

const row = z.strictObject({
  municipality: chargeSchema,
  enabled: z.boolean(),
  /** ms; null before the first sign-in */
  lastSignIn: z.number().nullable(),
  certificateExpiresAt: z.number().nullable(),
});
type Row = z.infer<typeof row>;

export class Administrators implements Accounts {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @returns false if the name is taken */
  async add({ name, municipality }: Administrator): Promise<boolean> {
    const added: Row = { municipality, enabled: true, lastSignIn: null, certificateExpiresAt: null };
    return (await this.#store.compareAndSwap(PREFIX + name, 0, added)) !== null;
  }

  /** @returns false if there is no such administrator */
  async setEnabled(name: string, enabled: boolean): Promise<boolean> {
    return (await this.#change(name, (before) => ({ ...before, enabled }))) !== null;
  }

  /**
   * @param owner its municipality is "-" for all of them
   * @throws ADMINISTRATOR_UNKNOWN, ADMINISTRATOR_DISABLED: one code outside
   */
  async requireEnabled({ user }: Owner): Promise<Row> {
    const entry = await this.#store.get(PREFIX + user);
    if (!entry) throw new Refusal('ADMINISTRATOR_UNKNOWN');
    const known = row.parse(entry.value);
    if (!known.enabled) throw new Refusal('ADMINISTRATOR_DISABLED');
    return known;
  }

  /**
   * Row and certificate must say the same: neither whoever issues certificates nor whoever keeps the rows widens a charge
   * alone.
   * @param certified what the certificate says
   * @throws ADMINISTRATOR_UNKNOWN, ADMINISTRATOR_DISABLED, ADMINISTRATOR_ELSEWHERE
   */
  async requireCertified({ name, municipality }: Administrator): Promise<void> {
    const known = await this.requireEnabled({ municipality: '-', user: name });
    if (known.municipality !== municipality)
      throw new Refusal('ADMINISTRATOR_ELSEWHERE', `certified for ${municipality}`);
  }

  /** @returns the time of the sign-in before this one (E8) */
  async noteSignIn({ user }: Owner, nowMs: number, certificateExpiresAt: number): Promise<number | null> {
    const before = await this.#change(user, (was) => ({ ...was, lastSignIn: nowMs, certificateExpiresAt }));
    return before?.lastSignIn ?? null;
  }

  async list(): Promise<({ name: string } & Row)[]> {
    const entries = await this.#store.list(PREFIX);
    return entries.map(({ key, value }) => ({ name: key.slice(PREFIX.length), ...row.parse(value) }));
  }

  /** Changes the row without losing what another process wrote in between; returns the row before. */
  async #change(name: string, change: (before: Row) => Row): Promise<Row | null> {
    for (;;) {
      const entry = await this.#store.get(PREFIX + name);
      if (!entry) return null;
      const before = row.parse(entry.value);
      if ((await this.#store.compareAndSwap(entry.key, entry.version, change(before))) !== null) return before;
    }
  }
}
