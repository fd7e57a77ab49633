// The agents that have dialled in, and the desktops they serve now.
//
// When an agent's link is gone its desktops are offline at once. Its live sessions go on: their data links are
// connections of their own, and the agent itself ends them when no nonce of it was answered for LEASE_LIFE_MS. A link
// that comes back in time carries the nonces again, since a session belongs to the agent, not to one link of it.
import type { PeerIdentity } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import { type Code, Refusal } from '#protocol/codes.ts';
import { agentOfDesktop } from '#protocol/names.ts';
import { type FromAgent, parseFromAgent, type ToAgent } from '#protocol/outer/link.ts';
import { AGENT_MESSAGES_PER_SECOND } from './limits.ts';
import { Links } from './links.ts';

export interface AgentsOptions {
  now(): number;
  /** The desktops that `agent` serves from now on; none when its link is gone. */
  presence(agent: string, desktops: string[]): void;
  message(agent: string, message: Exclude<FromAgent, { type: 'presence' }>): void;
  gone(agent: string, code: Code, refusal: Refusal | null): void;
}

/** "municipality/agent", the first two parts of every desktop id it may serve. */
export const agentName = (identity: PeerIdentity): string => `${identity.municipality}/${identity.name}`;

export class Agents {
  readonly #links: Links<ToAgent>;
  readonly #desktops = new Map<string, readonly string[]>();
  readonly #options: AgentsOptions;

  constructor(options: AgentsOptions) {
    this.#options = options;
    this.#links = new Links(AGENT_MESSAGES_PER_SECOND, options.now);
  }

  /** @param identity of a verified certificate of kind agent */
  take(socket: Socket, identity: PeerIdentity): void {
    const agent = agentName(identity);
    this.#links.take(agent, socket, {
      text: (text) => {
        const message = parseFromAgent(text);
        if (message.type === 'presence') this.#announce(agent, message.desktops);
        else this.#options.message(agent, message);
      },
      gone: (code, refusal) => {
        if (this.#desktops.delete(agent)) this.#options.presence(agent, []);
        this.#options.gone(agent, code, refusal);
      },
    });
  }

  /** @throws DESKTOP_OUTSIDE_CERTIFICATE: an agent speaks for nobody but itself (T11, T17) */
  #announce(agent: string, desktops: string[]): void {
    for (const desktop of desktops) {
      const owner = agentOfDesktop(desktop);
      if (`${owner.municipality}/${owner.agent}` !== agent) throw new Refusal('DESKTOP_OUTSIDE_CERTIFICATE', desktop);
    }
    this.#desktops.set(agent, desktops);
    this.#options.presence(agent, desktops);
  }

  /** @returns the agent that serves the desktop now, or null */
  serving(desktop: string): string | null {
    const owner = agentOfDesktop(desktop);
    const agent = `${owner.municipality}/${owner.agent}`;
    return this.#desktops.get(agent)?.includes(desktop) ? agent : null;
  }

  /** Links that are up. */
  get size(): number {
    return this.#links.size;
  }

  online(): Iterable<[agent: string, desktops: readonly string[]]> {
    return this.#desktops;
  }

  send(agent: string, message: ToAgent): boolean {
    return this.#links.send(agent, message);
  }

  sendAll(message: ToAgent): void {
    this.#links.sendAll(message);
  }
}
