// Leases: the agent sends a fresh nonce for each session every 10 s, and goes on only while the gateway signs it. A
// relay cannot bank leases, since it cannot foresee nonces (T03, T06).
import { refusalFrom } from '#protocol/codes.ts';
import { LEASE_INTERVAL_MS } from '#protocol/limits.ts';
import type { BrokerLink } from './broker-link.ts';
import type { Grants } from './grants.ts';
import type { Revocation } from './revocation.ts';

/** Early enough for an honest agent; a broker that invents nonces makes us sign no more often than this (T13). */
const SIGN_INTERVAL_MIN_MS = LEASE_INTERVAL_MS / 10;

export interface LeaseParts {
  revocation: Revocation;
  grants: Grants;
  broker: BrokerLink;
  /** A monotonic clock, ms. */
  now(): number;
  troubled(error: unknown): void;
}

export class Leases {
  readonly #parts: LeaseParts;
  readonly #signedAt = new WeakMap<object, number>();

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  /** Signs the nonce if this gateway relays the session and its rights hold at this moment; is silent otherwise. */
  async answer(session: string, nonce: string): Promise<void> {
    const { revocation, grants, broker, now, troubled } = this.#parts;
    const running = revocation.find(session);
    if (!running) return;
    const last = this.#signedAt.get(running);
    if (last !== undefined && now() - last < SIGN_INTERVAL_MIN_MS) return;
    this.#signedAt.set(running, now());
    try {
      // An agent asks for leases of verified sessions only, for the first one at once.
      if (!running.live) await revocation.makeLive(running);
      if (!running.live || !(await revocation.check(running))) return;
      broker.send({ type: 'lease', session, lease: await grants.lease(session, nonce) });
    } catch (error) {
      // The link went away meanwhile: the agent asks again after it is back.
      if (refusalFrom(error).reason !== 'BROKER_UNREACHABLE') troubled(error);
    }
  }
}
