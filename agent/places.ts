// The places at all desktops of this agent: one session a desktop. A place is taken by a verified proof and by nothing else;
// one that is taken already goes to the same user's later proof, and to nobody else's (F5, T01).
import { Refusal } from '#protocol/codes.ts';
import { type Claim, Place } from './place.ts';

export class Places {
  readonly #bySession = new Map<string, Place>();

  /** @throws DESKTOP_IN_USE by another user, GRANT_MISMATCH */
  take(session: string, claim: Claim): Place {
    if (this.at(claim.desktop).some(({ user }) => user !== claim.user)) throw new Refusal('DESKTOP_IN_USE');
    // A second session of the same id would take the first one's leases and revocations (T06).
    if (this.#bySession.has(session)) throw new Refusal('GRANT_MISMATCH', 'session');
    const place = new Place(claim);
    this.#bySession.set(session, place);
    return place;
  }

  /** Of several proofs at once the last to be verified stays; each waits until the desktop was left by those before. */
  async takeOver(place: Place): Promise<void> {
    const here = this.at(place.desktop);
    const earlier = here.slice(0, here.indexOf(place));
    for (const other of earlier) other.end(new Refusal('TAKEN_OVER'));
    await Promise.all(earlier.map(({ left }) => left));
  }

  free(session: string, place: Place): void {
    this.#bySession.delete(session);
    place.free();
  }

  find(session: string): Place | null {
    return this.#bySession.get(session) ?? null;
  }

  /** In the order in which they were taken; the last one's user has it, the others are on their way out. */
  at(desktop: string): Place[] {
    return [...this.#bySession.values()].filter((place) => place.desktop === desktop);
  }

  /** With the ids of their sessions. */
  list(): [session: string, place: Place][] {
    return [...this.#bySession];
  }
}
