// The control links of one side: one per peer, alive, and slow enough.
import { keepAlive } from '#platform/hop/keep-alive.ts';
import { slowDown } from '#platform/hop/slow-down.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import { type Code, Refusal } from '#protocol/codes.ts';
import { LINKS_MAX } from './limits.ts';

export interface LinkHandlers {
  /** One message; a thrown Refusal closes the link with its code. */
  text(text: string): void;
  /** Exactly once; by then the peer has no link any more. */
  gone(code: Code, refusal: Refusal | null): void;
}

export class Links<Outgoing> {
  readonly #links = new Map<string, Socket>();
  readonly #messagesPerSecond: number;
  readonly #now: () => number;

  constructor(messagesPerSecond: number, now: () => number) {
    this.#messagesPerSecond = messagesPerSecond;
    this.#now = now;
  }

  /**
   * Makes `socket` the link of the peer `name`; its certificate has been verified. An older link of the same peer is
   * closed first: it is most often the half-dead connection of a process that has just started anew, which must not
   * have to wait for the silence limit. Whoever holds the same key could take the peer's place anyway.
   * @throws CONNECTIONS_EXCEEDED
   */
  take(name: string, socket: Socket, handlers: LinkHandlers): void {
    const older = this.#links.get(name);
    if (!older && this.#links.size >= LINKS_MAX) throw new Refusal('CONNECTIONS_EXCEEDED', 'control links');
    older?.refuse(new Refusal('LINK_REPLACED', name));
    this.#links.set(name, socket);
    keepAlive(socket);
    const pace = slowDown(socket, this.#messagesPerSecond, this.#now);
    socket.listen({
      text(text) {
        pace();
        handlers.text(text);
      },
      closed: (code, refusal) => {
        this.#links.delete(name);
        handlers.gone(code, refusal);
      },
    });
  }

  get size(): number {
    return this.#links.size;
  }

  /** @returns false if the peer has no link; the message is then lost, as it would be on a link that breaks */
  send(name: string, message: Outgoing): boolean {
    const link = this.#links.get(name);
    if (!link || link.closed) return false;
    link.sendText(JSON.stringify(message));
    return true;
  }

  sendAll(message: Outgoing): void {
    for (const name of this.#links.keys()) this.send(name, message);
  }
}
