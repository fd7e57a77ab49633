// Which desktops may stand open: a session began there and no lock has followed. Kept in the state, since an agent that is
// killed locks nothing: whoever comes next is told, and the agent's next start locks what it finds.
import type { Store } from '#platform/state/store.ts';

const PREFIX = 'left-open/';

export class LeftOpen {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** A session begins. @returns true if the one before did not end locked */
  async begin(desktop: string): Promise<boolean> {
    const before = await this.#store.get(PREFIX + desktop);
    await this.#store.put(PREFIX + desktop, true);
    return before !== null;
  }

  async locked(desktop: string): Promise<void> {
    await this.#store.delete(PREFIX + desktop);
  }

  async list(): Promise<string[]> {
    return (await this.#store.list(PREFIX)).map(({ key }) => key.slice(PREFIX.length));
  }
}
