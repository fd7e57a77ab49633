// Locks desktops: whoever sits down at the office PC, or comes next over the network, must not find the session open (63B).
//
// Which desktops may stand open is kept in the state: a session began there and no lock has followed. An agent that is killed
// locks nothing, so whoever comes next is told, and the agent's next start locks what it finds.
import type { Audit } from '#platform/audit/chain.ts';
import type { Store } from '#platform/state/store.ts';
import { Refusal, refusalFrom } from '#protocol/codes.ts';
import { attach } from './attach.ts';
import type { Desktop, OpenDesktop } from './desktop/desktop.ts';
import { LOCK_MAX_MS } from './desktop/lock.ts';

const PREFIX = 'left-open/';

export interface LockerParts {
  store: Store;
  audit: Audit;
  home: { readonly desktops: ReadonlyMap<string, OpenDesktop> };
}

/** For the audit log: which desktop, and whose session it was. */
interface Which {
  desktop: string;
  user?: string;
  municipality?: string;
  session?: string;
}

export class Locker {
  readonly #parts: LockerParts;

  constructor(parts: LockerParts) {
    this.#parts = parts;
  }

  /** A session begins. @returns true if the one before did not end locked. @throws STATE_UNWRITABLE */
  async begin(desktop: string): Promise<boolean> {
    const { store } = this.#parts;
    const before = await store.get(PREFIX + desktop);
    await store.put(PREFIX + desktop, true);
    return before !== null;
  }

  /** Never throws: a desktop that cannot be locked is audited, and remembered. */
  async lock(which: Which, desktop: Desktop): Promise<void> {
    try {
      await inTime(desktop.lock());
      await this.#parts.store.delete(PREFIX + which.desktop);
    } catch (error) {
      this.#failed(which, error);
    }
  }

  /** Locks what an agent that was killed left open. */
  async lockLeftOpen(): Promise<void> {
    const { store, home } = this.#parts;
    const left = (await store.list(PREFIX)).map(({ key }) => key.slice(PREFIX.length));
    await Promise.all(
      left.map(async (desktop) => {
        const open = home.desktops.get(desktop);
        if (open) await this.#lockUnattended(desktop, open);
      }),
    );
  }

  async #lockUnattended(desktop: string, open: OpenDesktop): Promise<void> {
    try {
      const attached = await attach(open);
      await this.lock({ desktop }, attached.desktop);
      attached.desktop.close();
    } catch (error) {
      this.#failed({ desktop }, error);
    }
  }

  #failed(which: Which, error: unknown): void {
    const { reason, detail } = refusalFrom(error);
    this.#parts.audit.record('desktop-lock-failed', { ...which, reason, detail });
  }
}

/** @throws LOCK_FAILED */
async function inTime(locked: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Refusal('LOCK_FAILED', `took longer than ${LOCK_MAX_MS} ms`)), LOCK_MAX_MS);
  try {
    await Promise.race([locked, late]);
  } finally {
    clearTimeout(timer);
  }
}
