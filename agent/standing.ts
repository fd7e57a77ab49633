// What must go on holding at this agent while a session has a place: its desktop is offered, the gateway's key on whose word
// it goes on is pinned, the user's key is paired. A place is looked at when it is taken, whenever one of the three changes,
// and before each nonce. Places are registered before they are looked at for the first time, so nothing is missed between (T26).
import type { Log } from '#platform/process/log.ts';
import type { Store } from '#platform/state/store.ts';
import { equal } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import type { Home } from './home.ts';
import { ownerOfPairing, PAIRING_PREFIX, type Pairings } from './pairings.ts';
import type { Place } from './place.ts';
import type { Places } from './places.ts';

export interface StandingParts {
  home: Home;
  pairings: Pairings;
  store: Store;
  log: Log;
}

export class Standing {
  readonly #parts: StandingParts;
  readonly #places: Places;

  constructor(parts: StandingParts, places: Places) {
    this.#parts = parts;
    this.#places = places;
  }

  /** @returns stops watching */
  start(): () => void {
    const { home, store } = this.#parts;
    const stops = [
      home.watch(() => {
        for (const [, place] of this.#places.list()) void this.look(place);
      }),
      store.watch(PAIRING_PREFIX, (key) => {
        const { user, desktop } = ownerOfPairing(key);
        for (const place of this.#places.at(desktop)) if (place.user === user) void this.look(place);
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** @throws DESKTOP_WITHDRAWN, GRANT_KEY_WITHDRAWN, PAIRING_REVOKED; SETTINGS_UNUSABLE, STATE_UNWRITABLE: nobody knows */
  async check({ desktop, user, publicKey, signer }: Place): Promise<void> {
    const { home, pairings } = this.#parts;
    home.check(desktop, signer);
    const keys = await pairings.keysOf(user, desktop);
    if (!keys.some((key) => equal(key.publicKey, publicKey))) throw new Refusal('PAIRING_REVOKED');
  }

  /**
   * Ends the place if it may not be any more.
   * @returns false also when that cannot be found out: no nonce then, and the session ends within LEASE_LIFE_MS
   */
  async look(place: Place): Promise<boolean> {
    try {
      await this.check(place);
      return true;
    } catch (error) {
      if (error instanceof Refusal && error.code !== 'UNAVAILABLE') place.end(error);
      else this.#parts.log.error({ err: error }, 'whether a session may go on cannot be found out');
      return false;
    }
  }
}
