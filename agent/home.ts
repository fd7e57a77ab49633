// What this agent serves, and whose grants it takes, by its own configuration at this moment. agent.json is read again
// while the agent runs (agent-file.ts); whoever asks here gets the newest.
import { Refusal } from '#protocol/codes.ts';
import type { GrantKey } from '#protocol/outer/grant.ts';
import type { OpenDesktop } from './desktop/desktop.ts';

export interface Settings {
  /** desktop id → how to attach to it */
  readonly desktops: ReadonlyMap<string, OpenDesktop>;
  /** The gateway's grant key; two of them at a roll-over. */
  readonly pins: readonly GrantKey[];
}

export class Home {
  readonly municipality: string;
  readonly #watchers = new Set<() => void>();
  #settings: Settings;
  #fault: string | null = null;

  constructor(municipality: string, settings: Settings) {
    this.municipality = municipality;
    this.#settings = settings;
  }

  get desktops(): Settings['desktops'] {
    return this.#settings.desktops;
  }

  get pins(): Settings['pins'] {
    return this.#settings.pins;
  }

  /**
   * What must hold of a session whose place at the desktop and whose word of the gateway's are these.
   * @param signer kid of the key that signed the grant, or the newest lease
   * @throws SETTINGS_UNUSABLE, DESKTOP_WITHDRAWN, GRANT_KEY_WITHDRAWN
   */
  check(desktop: string, signer: string): void {
    this.requireUsable();
    if (!this.desktops.has(desktop)) throw new Refusal('DESKTOP_WITHDRAWN', desktop);
    if (!this.pins.some(({ kid }) => kid === signer)) throw new Refusal('GRANT_KEY_WITHDRAWN', signer);
  }

  /** Why the configuration cannot be used as it is now; null if it can. */
  get fault(): string | null {
    return this.#fault;
  }

  /** @throws SETTINGS_UNUSABLE: somebody may have withdrawn something, and nobody can read what */
  requireUsable(): void {
    if (this.#fault !== null) throw new Refusal('SETTINGS_UNUSABLE', this.#fault);
  }

  change(settings: Settings): void {
    this.#settings = settings;
    this.#fault = null;
    for (const changed of this.#watchers) changed();
  }

  /** The configuration cannot be used as it is now. */
  fail(why: string): void {
    this.#fault = why;
  }

  /** Calls back after each change. @returns stops it */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => void this.#watchers.delete(changed);
  }
}
