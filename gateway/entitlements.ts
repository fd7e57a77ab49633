// Who may open which desktop: a row per pair, default deny (C6). A desktop of another municipality can be neither
// entitled nor opened, whatever the rows say (T17).
import * as z from 'zod';
import type { Store } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import { agentOfDesktop, DESKTOP } from '#protocol/names.ts';
import { displayName, type UserId } from './users.ts';

export const ENTITLEMENT_PREFIX = 'entitlement/';

const row = z.strictObject({ label: displayName });

export interface Entitlement {
  desktop: string;
  /** What the user reads in the list. */
  label: string;
}

export class Entitlements {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * @param desktop desktop id; adding it again changes the label
   * @throws DESKTOP_UNKNOWN for a desktop of another municipality
   */
  async add(id: UserId, desktop: string, label?: string): Promise<void> {
    checkMunicipality(id, desktop);
    await this.#store.put(key(id, desktop), { label: label ?? agentOfDesktop(desktop).name });
  }

  /** @returns false if there was none */
  remove(id: UserId, desktop: string): Promise<boolean> {
    return this.#store.delete(key(id, desktop));
  }

  async list(id: UserId): Promise<Entitlement[]> {
    const prefix = key(id, '');
    const entries = await this.#store.list(prefix);
    return entries
      .map((entry) => ({ desktop: entry.key.slice(prefix.length), label: row.parse(entry.value).label }))
      .filter(({ desktop }) => desktop.startsWith(`${id.municipality}/`));
  }

  /** Every desktop that somebody is entitled to. */
  async desktops(): Promise<string[]> {
    const entries = await this.#store.list(ENTITLEMENT_PREFIX);
    return [...new Set(entries.map(({ key }) => key.split('/').slice(3).join('/')))];
  }

  /**
   * @throws DESKTOP_UNKNOWN, ENTITLEMENT_MISSING: one code outside, so that nobody can find out which desktops exist
   */
  async require(id: UserId, desktop: string): Promise<void> {
    if (!DESKTOP.test(desktop)) throw new Refusal('DESKTOP_UNKNOWN', 'not a desktop id');
    checkMunicipality(id, desktop);
    if (!(await this.#store.get(key(id, desktop)))) throw new Refusal('ENTITLEMENT_MISSING', desktop);
  }
}

function checkMunicipality(id: UserId, desktop: string): void {
  if (agentOfDesktop(desktop).municipality !== id.municipality) {
    throw new Refusal('DESKTOP_UNKNOWN', `${desktop} belongs to another municipality than ${id.municipality}`);
  }
}

function key({ municipality, user }: UserId, desktop: string): string {
  return `${ENTITLEMENT_PREFIX}${municipality}/${user}/${desktop}`;
}
