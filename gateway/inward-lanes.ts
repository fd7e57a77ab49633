// What each user may still send inwards. The lanes' rates are one over all sessions of a user: a new session begins with what
// the last one left, or whoever opens one after the other would get a burst with each (T09).
import type { LaneBuckets } from '#protocol/outer/gate.ts';
import type { Owner } from './sign-in/owner.ts';

export class InwardLanes {
  /** Users are enrolled, so there are no more of them than of accounts. */
  readonly #buckets = new Map<string, LaneBuckets>();

  of({ municipality, user }: Owner): LaneBuckets {
    const key = `${municipality}/${user}`;
    const buckets = this.#buckets.get(key) ?? new Map();
    this.#buckets.set(key, buckets);
    return buckets;
  }
}
