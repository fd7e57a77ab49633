// A verified user's place at a desktop, from the proof to the end of the session. Whatever must end the session finds it
// here, also while its desktop is still being attached.
import type { Refusal } from '#protocol/codes.ts';
import type { Desktop } from './desktop/desktop.ts';
import type { Session, SessionMeasures } from './session.ts';

export class Place {
  readonly desktop: string;
  readonly user: string;
  #running: { session: Session; desktop: Desktop } | null = null;
  #unwanted: Refusal | null = null;

  /** @param desktop and @param user: ids */
  constructor(desktop: string, user: string) {
    this.desktop = desktop;
    this.user = user;
  }

  /** @throws what `end` was called with before there was a session */
  checkWanted(): void {
    if (this.#unwanted) throw this.#unwanted;
  }

  begin(session: Session, desktop: Desktop): void {
    this.#running = { session, desktop };
    if (this.#unwanted) session.end(this.#unwanted);
  }

  end(refusal: Refusal): void {
    if (this.#running) this.#running.session.end(refusal);
    else this.#unwanted ??= refusal;
  }

  /** null while the desktop is still being attached. */
  measure(): SessionMeasures | null {
    return this.#running?.session.measure() ?? null;
  }

  /** @throws as Lease.answered */
  async leaseAnswered(lease: string): Promise<void> {
    await this.#running?.session.leaseAnswered(lease);
  }

  /** @returns whether the desktop could be told now */
  notice(text: string): boolean {
    this.#running?.desktop.notice(text);
    return this.#running !== null;
  }
}
