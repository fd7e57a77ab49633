// A verified user's place at a desktop, from the proof until the desktop is let go: locked and detached. Whatever must end
// the session finds it here, also while its desktop is still being attached.
import type { Bytes } from '#protocol/bytes.ts';
import type { Refusal } from '#protocol/codes.ts';
import type { Desktop } from './desktop/desktop.ts';
import type { Session, SessionMeasures } from './session.ts';

/** Whose it is, where, and on whose word. */
export interface Claim {
  /** ids */
  desktop: string;
  user: string;
  /** That has proven the user, 65 bytes. */
  publicKey: Bytes;
  /** kid of the key that signed the grant. */
  signer: string;
}

export class Place {
  readonly #claim: Claim;
  readonly #left = Promise.withResolvers<void>();
  #running: { session: Session; desktop: Desktop } | null = null;
  #begun = false;
  #unwanted: Refusal | null = null;

  constructor(claim: Claim) {
    this.#claim = claim;
  }

  get desktop(): string {
    return this.#claim.desktop;
  }

  get user(): string {
    return this.#claim.user;
  }

  get publicKey(): Bytes {
    return this.#claim.publicKey;
  }

  /** kid of the key that signed the grant, or the newest lease since. */
  get signer(): string {
    return this.#running?.session.signer ?? this.#claim.signer;
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
