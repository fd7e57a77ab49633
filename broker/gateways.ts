// The gateways that have dialled in. Each hears which desktops are online.
//
// When a gateway's link is gone its live sessions go on until their agents' leases run out, as in agents.ts; it may come
// back in time.
import type { PeerIdentity } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import type { Code, Refusal } from '#protocol/codes.ts';
import { type FromGateway, parseFromGateway, type ToGateway } from '#protocol/outer/link.ts';
import { GATEWAY_MESSAGES_PER_SECOND } from './limits.ts';
import { Links } from './links.ts';

export interface GatewaysOptions {
  now(): number;
  /** What a new link hears first. */
  online(): Iterable<[agent: string, desktops: readonly string[]]>;
  message(gateway: string, message: FromGateway): void;
  gone(gateway: string, code: Code, refusal: Refusal | null): void;
}

export class Gateways {
  readonly #links: Links<ToGateway>;
  readonly #options: GatewaysOptions;

  constructor(options: GatewaysOptions) {
    this.#options = options;
    this.#links = new Links(GATEWAY_MESSAGES_PER_SECOND, options.now);
  }

  /** @param identity of a verified certificate of kind hop */
  take(socket: Socket, identity: PeerIdentity): void {
    const gateway = identity.name;
    this.#links.take(gateway, socket, {
      text: (text) => this.#options.message(gateway, parseFromGateway(text)),
      gone: (code, refusal) => this.#options.gone(gateway, code, refusal),
    });
    for (const [agent, desktops] of this.#options.online()) {
      this.#links.send(gateway, { type: 'presence', agent, desktops: [...desktops] });
    }
  }

  /** Links that are up. */
  get size(): number {
    return this.#links.size;
  }

  send(gateway: string, message: ToGateway): boolean {
    return this.#links.send(gateway, message);
  }

  sendAll(message: ToGateway): void {
    this.#links.sendAll(message);
  }
}
