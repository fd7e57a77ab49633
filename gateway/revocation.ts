// Ends running sessions whose rights have ended (D9, E4, C6). The state is the only word: sign-out, a disabled user, a
// reset factor, a withdrawn entitlement and an administrator's kill are all writes to it, by any process, and each write
// makes the process that relays the session look again. A new revocation list does the same, and so does time.
import type { Store } from '#platform/state/store.ts';
import { Refusal } from '#protocol/codes.ts';
import { LEASE_INTERVAL_MS, LEASE_LIFE_MS } from '#protocol/limits.ts';
import { ENTITLEMENT_PREFIX } from './entitlements.ts';
import { POLICY_PREFIX } from './policies.ts';
import { type Claimant, endOfRights, type Rights } from './rights.ts';
import { PASSKEY_PREFIX } from './sign-in/passkeys.ts';
import { PASSWORD_PREFIX } from './sign-in/passwords.ts';
import { SESSION_PREFIX, type Sessions } from './sign-in/sessions.ts';
import { TOTP_PREFIX } from './sign-in/totp.ts';
import { type Slot, type Slots, USER_SLOT_PREFIX } from './slots.ts';
import { USER_PREFIX } from './users.ts';

/** Every row whose change may end a session; what follows the prefix is a municipality, or begins with municipality/user. */
const WATCHED = [
  POLICY_PREFIX,
  ...[USER_PREFIX, TOTP_PREFIX, PASSKEY_PREFIX, PASSWORD_PREFIX],
  ...[SESSION_PREFIX, ENTITLEMENT_PREFIX, USER_SLOT_PREFIX],
];

/**
 * State or revocation lists that cannot be read say nothing, neither yes nor no. Nobody new gets in then, and who is in has as
 * long as the agent would go on without a lease (T26).
 */
const UNCONFIRMED_MAX_MS = LEASE_LIFE_MS;

/** A session that is being relayed by this process. */
export interface Running extends Claimant {
  readonly slot: Slot;
  /** When the user last typed or pointed, ms; 0 before. */
  readonly lastInputAt: number;
  /** The agent has verified the proof, and the slot is held. */
  readonly live: boolean;
  /** Makes it live. */
  begin(): void;
  /** Closes both sides and tells the agent. */
  end(refusal: Refusal): void;
}

export interface RevocationParts {
  store: Store;
  rights: Rights;
  sessions: Sessions;
  slots: Slots;
  /** Wall clock, ms. */
  now(): number;
  /** ms, from whenever. */
  monotonic(): number;
  /** Something other than the rights failed, such as the store: for the operators' log. */
  troubled(error: unknown): void;
}

export class Revocation {
  readonly #parts: RevocationParts;
  readonly #running = new Map<string, Running>();
  /** The same by municipality/user: a thousand sessions write three rows each in ten seconds, and each write asks for one owner. */
  readonly #byOwner = new Map<string, Set<Running>>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** When the rights were found to hold for the last time, by the monotonic clock. */
  readonly #confirmedAt = new WeakMap<Running, number>();

  constructor(parts: RevocationParts) {
    this.#parts = parts;
  }

  /** @returns stops watching */
  start(): () => void {
    const stops = WATCHED.map((prefix) =>
      this.#parts.store.watch(prefix, (key) => {
        const owner = key.slice(prefix.length).split('/', 2).join('/');
        for (const running of owner.includes('/') ? (this.#byOwner.get(owner) ?? []) : this.#of(owner)) {
          void this.check(running);
        }
      }),
    );
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Watches over a session from now on. */
  add(running: Running): void {
    this.#running.set(running.slot.session, running);
    const owner = ownerOf(running);
    this.#byOwner.set(owner, (this.#byOwner.get(owner) ?? new Set()).add(running));
    this.#confirmedAt.set(running, this.#parts.monotonic());
    this.#wait(running, 0);
  }

  #of(municipality: string): Running[] {
    return [...this.#running.values()].filter(({ slot }) => slot.municipality === municipality);
  }

  /**
   * The agent has told that it verified the proof of this session's user: from now on it is the user's one session, and
   * one before it is taken over (F5). Until then it is nobody's obstacle (T01).
   */
  async makeLive(running: Running): Promise<void> {
    const { slots, rights, sessions, troubled } = this.#parts;
    const { signIn, slot } = running;
    await this.#guard(running, async () => {
      await rights.check(running);
      await sessions.carry(signIn);
      await slots.claim(slot);
      await sessions.dropReplaced(signIn);
      running.begin();
    });
    // It ended while its slot was being claimed: leave none behind.
    if (!this.#isRunning(running)) await slots.release(slot).catch(troubled);
  }

  /** @returns the running session, or null if this process does not relay it */
  find(session: string): Running | null {
    return this.#running.get(session) ?? null;
  }

  remove(session: string): void {
    const running = this.#running.get(session);
    if (running) {
      const ofOwner = this.#byOwner.get(ownerOf(running));
      ofOwner?.delete(running);
      if (ofOwner?.size === 0) this.#byOwner.delete(ownerOf(running));
    }
    this.#running.delete(session);
    clearTimeout(this.#timers.get(session));
    this.#timers.delete(session);
  }

  /** Other revocation lists are in force, or none can be read any more. */
  certificatesChanged(): void {
    for (const running of this.#running.values()) void this.check(running);
  }

  /**
   * Looks whether the session may go on, and ends it if not.
   * @returns false also when that cannot be found out: no lease then, and the agent ends within LEASE_LIFE_MS
   */
  check(running: Running): Promise<boolean> {
    return this.#guard(running, async () => {
      if (running.live) await this.#parts.slots.check(running.slot);
      await this.#parts.rights.check(running);
    });
  }

  /** Regularly, and when the first limit would strike: what the user typed counts, then the rights are looked at. */
  async #beat(running: Running): Promise<void> {
    const { sessions, slots, rights, now } = this.#parts;
    let next = LEASE_INTERVAL_MS;
    await this.#guard(running, async () => {
      if (running.lastInputAt > 0) await sessions.noteActivity(running.signIn, running.lastInputAt);
      const endsAt = await rights.check(running);
      if (running.live) await slots.renew(running.slot);
      next = Math.min(next, Math.max(1, endsAt - now()));
    });
    if (this.#isRunning(running)) this.#wait(running, Math.max(1, Math.min(next, this.#confirmedFor(running))));
    // It ended while its slot was being renewed: leave none behind.
    else await slots.release(running.slot).catch(this.#parts.troubled);
  }

  #wait(running: Running, ms: number): void {
    const { session } = running.slot;
    clearTimeout(this.#timers.get(session));
    this.#timers.set(
      session,
      setTimeout(() => void this.#beat(running), ms),
    );
  }

  async #guard(running: Running, look: () => Promise<void>): Promise<boolean> {
    try {
      await look();
      this.#confirmedAt.set(running, this.#parts.monotonic());
      return this.#isRunning(running);
    } catch (error) {
      if (error instanceof Refusal && error.code !== 'UNAVAILABLE') this.#end(running, endOfRights(error));
      else {
        this.#parts.troubled(error);
        if (this.#confirmedFor(running) <= 0) this.#end(running, new Refusal('RIGHTS_UNCONFIRMED'));
      }
      return false;
    }
  }

  /** So many ms more without a look that finds the rights to hold. */
  #confirmedFor(running: Running): number {
    const since = this.#confirmedAt.get(running) ?? Number.NEGATIVE_INFINITY;
    return since + UNCONFIRMED_MAX_MS - this.#parts.monotonic();
  }

  #end(running: Running, refusal: Refusal): void {
    if (!this.#isRunning(running)) return;
    this.remove(running.slot.session);
    running.end(refusal);
  }

  #isRunning(running: Running): boolean {
    return this.#running.get(running.slot.session) === running;
  }
}

function ownerOf({ slot }: Running): string {
  return `${slot.municipality}/${slot.user}`;
}
