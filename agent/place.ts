// A verified user's place at a desktop, from the proof until the desktop is let go: locked and detached. Whatever must end
// the session finds it here, also while its desktop is still being attached.
import type { Refusal } from '#protocol/codes.ts';
import type { Desktop } from './desktop/desktop.ts';
import type { Session, SessionMeasures } from './session.ts';

export class Place {
  readonly desktop: string;
  readonly user: string;
  readonly #left = Promise.withResolvers<void>();
  #running: { session: Session; desktop: Desktop } | null = null;
  #begun = false;
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
    this.#begun = true;
    this.#running = { session, desktop };
    if (this.#unwanted) session.end(this.#unwanted);
  }

  end(refusal: Refusal): void {
    if (this.#running) this.#running.session.end(refusal);
    else this.#unwanted ??= refusal;
  }

  /** Somebody has seen the desktop: it has to be locked. */
  get begun(): boolean {
    return this.#begun;
  }

  /** The session is over; its desktop is still being locked. */
  leave(): void {
    this.#running = null;
  }

  /** The next may attach the desktop. */
  free(): void {
    this.#left.resolve();
  }

  get left(): Promise<void> {
    return this.#left.promise;
  }

  /** null while no session runs. */
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
