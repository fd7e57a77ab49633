// The gateway's side of the broker: one control link, dialled and kept up, and a data WebSocket per session. The broker
// is not trusted (T03): what it says is presence, nonces and ends, each for what this gateway already knows of.
import { performance } from 'node:perf_hooks';
import { dialSocket } from '#platform/hop/dial.ts';
import { keepAlive } from '#platform/hop/keep-alive.ts';
import { redial } from '#platform/hop/redial.ts';
import { clientTls, type TlsFiles, verifyPeer } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import { type Code, Refusal } from '#protocol/codes.ts';
import { OPENING_MAX_MS } from '#protocol/limits.ts';
import { MUNICIPALITY, NAME } from '#protocol/names.ts';
import { type FromGateway, parseToGateway, type ToGateway } from '#protocol/outer/link.ts';

/** Far above one facility's agents; a hostile broker cannot fill the memory with invented ones. */
const AGENTS_MAX = 10_000;

export interface BrokerAddress {
  /** wss://host:port */
  url: string;
  serverName: string;
  tls: TlsFiles;
}

export interface LinkEvents {
  nonce(session: string, nonce: string): void;
  ended(session: string, code: Code): void;
  anchor(anchor: Extract<ToGateway, { type: 'anchor' }>): void;
  /** The link is up; every session of this gateway that lives on can be leased again. */
  up(): void;
  /** @param error undefined if the link just ended */
  down(error: unknown, waitMs: number): void;
}

export class BrokerLink {
  readonly #address: BrokerAddress;
  readonly #events: LinkEvents;
  /** agent ("municipality/name") → its desktops */
  readonly #present = new Map<string, ReadonlySet<string>>();
  #socket: Socket | null = null;

  constructor(address: BrokerAddress, events: LinkEvents) {
    this.#address = address;
    this.#events = events;
  }

  /**
   * Dials until it is stopped; an unreachable broker only means that every desktop is offline.
   * @param random in [0, 1)
   * @returns stops it
   */
  start(random: () => number): () => Promise<void> {
    return redial((signal) => this.#live(signal), {
      random,
      now: () => performance.now(),
      ended: (error, waitMs) => this.#events.down(error, waitMs),
    });
  }

  get isUp(): boolean {
    return this.#socket !== null && !this.#socket.closed;
  }

  isOnline(desktop: string): boolean {
    const agent = desktop.split('/', 2).join('/');
    return this.#present.get(agent)?.has(desktop) ?? false;
  }

  /** Every one that an agent offers at the moment. */
  desktops(): string[] {
    return [...this.#present.values()].flatMap((desktops) => [...desktops]);
  }

  /** @throws BROKER_UNREACHABLE */
  send(message: FromGateway): void {
    if (!this.#socket || this.#socket.closed) throw new Refusal('BROKER_UNREACHABLE');
    this.#socket.sendText(JSON.stringify(message));
  }

  /**
   * A data WebSocket to the broker. Nothing is sent on it yet.
   * @throws BROKER_UNREACHABLE
   */
  async dialData(): Promise<Socket> {
    try {
      return await this.#dial('/data');
    } catch (error) {
      throw new Refusal('BROKER_UNREACHABLE', error instanceof Error ? error.message : '');
    }
  }

  #dial(path: string, signal?: AbortSignal): Promise<Socket> {
    const { url, serverName, tls } = this.#address;
    return dialSocket(`${url}${path}`, clientTls(tls, serverName), {
      timeoutMs: OPENING_MAX_MS,
      mask: 'zero',
      ...(signal ? { signal } : {}),
      verify: (peer) => void verifyPeer(peer, { kind: 'hop', role: 'server' }),
    });
  }

  /** One life of the control link. */
  async #live(signal: AbortSignal): Promise<void> {
    const socket = await this.#dial('/link', signal);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = () => socket.close('UNAVAILABLE');
    signal.addEventListener('abort', stop);
    socket.listen({
      text: (text) => this.#receive(parseToGateway(text)),
      closed: (_code, refusal) => (refusal ? reject(refusal) : resolve()),
    });
    keepAlive(socket);
    this.#socket = socket;
    this.#events.up();
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', stop);
      this.#socket = null;
      this.#present.clear();
    }
  }

  #receive(message: ToGateway): void {
    if (message.type === 'presence') this.#notePresence(message.agent, message.desktops);
    else if (message.type === 'nonce') this.#events.nonce(message.session, message.nonce);
    else if (message.type === 'ended') this.#events.ended(message.session, message.code);
    else this.#events.anchor(message);
  }

  /** @throws MALFORMED for a desktop that is not that agent's, RATE_EXCEEDED */
  #notePresence(agent: string, desktops: readonly string[]): void {
    const [municipality = '', name = '', ...more] = agent.split('/');
    if (!MUNICIPALITY.test(municipality) || !NAME.test(name) || more.length > 0) {
      throw new Refusal('MALFORMED', 'presence of an agent without a well-formed name');
    }
    if (!desktops.every((desktop) => desktop.startsWith(`${agent}/`))) {
      throw new Refusal('MALFORMED', "presence of another agent's desktop");
    }
    if (desktops.length === 0) this.#present.delete(agent);
    else this.#setPresent(agent, desktops);
  }

  /** @throws RATE_EXCEEDED */
  #setPresent(agent: string, desktops: readonly string[]): void {
    if (!this.#present.has(agent) && this.#present.size >= AGENTS_MAX) {
      throw new Refusal('RATE_EXCEEDED', 'presence of too many agents');
    }
    this.#present.set(agent, new Set(desktops));
  }
}
