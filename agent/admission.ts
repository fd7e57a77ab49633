// The second trust boundary. What arrives here came through a gateway and a broker that may both be hostile, so an offer
// is checked before the agent dials, and a hello before it is answered. The checks stand in the order they run.
//
//   offer:  audit writable → configuration usable → grant signature and times → this agent's desktop → its municipality → the session told →
//           a mode known here → rate → half-open → jti never seen                                        (T03, T06, T17)
//   hello:  grant's bytes are the offered ones → session, epoch, mode, municipality, desktop equal →
//           digest of the key shares → first hello of this grant                                          (T04, T06)
import { type Audit, requireHealthy } from '#platform/audit/chain.ts';
import type { Store } from '#platform/state/store.ts';
import { equal, fromBase64Url } from '#protocol/bytes.ts';
import { Refusal } from '#protocol/codes.ts';
import type { Cipher } from '#protocol/inner/cipher.ts';
import type { Hello } from '#protocol/inner/handshake.ts';
import { CLOCK_SKEW_SECONDS, HALF_OPEN_PER_DESKTOP_MAX } from '#protocol/limits.ts';
import { type GrantClaims, verifyGrant } from '#protocol/outer/grant.ts';
import type { Home } from './home.ts';

/** Offers a minute and desktop; a person opens a desktop far less often. */
const OFFERS_PER_MINUTE_MAX = 12;

/** An offer whose grant holds; whoever holds it has not proven anything yet. Ends by `done`. */
export interface Admitted {
  readonly grant: GrantClaims;
  readonly jws: string;
  /** The stored version of the reserved jti; only the first hello can take it. */
  readonly reservation: number;
  /** The half-open place is free again: the proof is verified, or the attempt is over. Safe to call twice. */
  done(): void;
}

export class Admission {
  readonly #home: Home;
  readonly #store: Store;
  readonly #audit: Audit;
  readonly #wall: () => number;
  readonly #halfOpen = new Map<string, number>();
  readonly #recent = new Map<string, number[]>();

  /** @param wall the wall clock in ms */
  constructor(home: Home, store: Store, audit: Audit, wall: () => number) {
    this.#home = home;
    this.#store = store;
    this.#audit = audit;
    this.#wall = wall;
  }

  /** @throws the reason of the first check that fails */
  async offer(session: string, jws: string): Promise<Admitted> {
    requireHealthy(this.#audit);
    this.#home.requireUsable();
    const grant = await verifyGrant(this.#home.pins, jws, this.#wall());
    if (!this.#home.desktops.has(grant.aud)) throw new Refusal('GRANT_OTHER_DESKTOP');
    if (grant.municipality !== this.#home.municipality) throw new Refusal('GRANT_MISMATCH', 'municipality');
    if (grant.session !== session) throw new Refusal('GRANT_MISMATCH', 'session');
    if (grant.mode === 'resume' || grant.epoch !== 0) throw new Refusal('GRANT_MISMATCH', 'mode');
    this.#checkRate(grant.aud);
    if ((this.#halfOpen.get(grant.aud) ?? 0) >= HALF_OPEN_PER_DESKTOP_MAX) throw new Refusal('HALF_OPEN_EXCEEDED');
    const done = this.#occupy(grant.aud);
    try {
      return { grant, jws, reservation: await this.#reserve(grant), done };
    } catch (error) {
      done();
      throw error;
    }
  }

  /** @throws GRANT_MISMATCH, GRANT_REPLAYED; the hello's key shares are the granted ones afterwards */
  async hello(admitted: Admitted, hello: Hello, cipher: Cipher): Promise<void> {
    const { grant, jws, reservation } = admitted;
    if (hello.grant !== jws) throw new Refusal('GRANT_MISMATCH', 'another grant than the offered one');
    if (hello.session !== grant.session || hello.epoch !== grant.epoch || hello.mode !== grant.mode) {
      throw new Refusal('GRANT_MISMATCH', 'session, epoch or mode');
    }
    if (hello.municipality !== grant.municipality || hello.desktop !== grant.aud) {
      throw new Refusal('GRANT_MISMATCH', 'municipality or desktop');
    }
    if (!equal(await hello.digest(cipher), fromBase64Url(grant.hello))) throw new Refusal('GRANT_MISMATCH', 'hello');
    const expiresAt = keepUntil(grant);
    if ((await this.#store.compareAndSwap(`jti/${grant.jti}`, reservation, 'used', { expiresAt })) === null)
      throw new Refusal('GRANT_REPLAYED');
  }

  async #reserve(grant: GrantClaims): Promise<number> {
    const expiresAt = keepUntil(grant);
    const version = await this.#store.compareAndSwap(`jti/${grant.jti}`, 0, 'reserved', { expiresAt });
    if (version === null) throw new Refusal('GRANT_REPLAYED');
    return version;
  }

  #checkRate(desktop: string): void {
    const since = this.#wall() - 60_000;
    const recent = (this.#recent.get(desktop) ?? []).filter((at) => at > since);
    if (recent.length >= OFFERS_PER_MINUTE_MAX) throw new Refusal('GRANT_RATE');
    this.#recent.set(desktop, [...recent, this.#wall()]);
  }

  #occupy(desktop: string): () => void {
    this.#halfOpen.set(desktop, (this.#halfOpen.get(desktop) ?? 0) + 1);
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.#halfOpen.set(desktop, (this.#halfOpen.get(desktop) ?? 1) - 1);
    };
  }
}

/** For the audit log. */
export const about = ({ municipality, sub, aud, session }: GrantClaims) => ({
  ...{ municipality, session },
  user: sub,
  desktop: aud,
});

/** A jti is kept until nobody could accept the grant any more. */
const keepUntil = (grant: GrantClaims) => (grant.exp + CLOCK_SKEW_SECONDS) * 1000;
