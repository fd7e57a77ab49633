// The agent's one way out: a control link to the broker, dialled and kept up, and a data link for each session. Nothing
// in this folder listens on a network (C2).
import type { ConnectionOptions } from 'node:tls';
import type { Audit } from '#platform/audit/chain.ts';
import { dialSocket } from '#platform/hop/dial.ts';
import { keepAlive } from '#platform/hop/keep-alive.ts';
import { redial } from '#platform/hop/redial.ts';
import { slowDown } from '#platform/hop/slow-down.ts';
import { clientTls, refusalOfTls, type TlsFiles, verifyPeer } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import { lineOf } from '#platform/process/exit.ts';
import type { Log } from '#platform/process/log.ts';
import { OPENING_MAX_MS } from '#protocol/limits.ts';
import { type FromAgent, parseToAgent, type ToAgent } from '#protocol/outer/link.ts';

/** 64 sessions have 6.4 leases a second; an offer that is refused costs a line in the audit log (T03, T13). */
const MESSAGES_PER_SECOND = 20;

export interface BrokerLinkParts {
  broker: { url: string; serverName: string; tls: TlsFiles };
  /** Desktop ids to announce, asked for each time. */
  desktops(): Iterable<string>;
  audit: Pick<Audit, 'record'>;
  log: Log;
  received(message: ToAgent): void;
}

export class BrokerLink {
  readonly #parts: BrokerLinkParts;
  readonly #stop: () => Promise<void>;
  #socket: Socket | null = null;

  constructor(parts: BrokerLinkParts) {
    this.#parts = parts;
    this.#stop = redial((signal) => this.#live(signal), {
      random: Math.random,
      now: () => performance.now(),
      ended: (error, waitMs) => {
        const because = error === undefined ? 'closed' : lineOf(error);
        const refusal = refusalOfTls(error);
        if (refusal?.code === 'CERTIFICATE_REFUSED') {
          const { reason, detail } = refusal;
          parts.audit.record('certificate-refused', { reason, detail, kind: 'agent' });
        }
        parts.log.warn({ because, waitMs }, 'control link to the broker is down');
      },
    });
  }

  get up(): boolean {
    return this.#socket !== null;
  }

  /** Sends on the control link; what cannot be sent now is void, since the broker forgets its sessions with the link. */
  tell(message: FromAgent): void {
    this.#socket?.sendText(JSON.stringify(message));
  }

  /** Says which desktops there are now; whoever waits for one that is gone hears that it is offline. */
  announce(): void {
    this.tell({ type: 'presence', desktops: [...this.#parts.desktops()] });
  }

  /** One data link, for one session. */
  dialData(): Promise<Socket> {
    return this.#dial('/data');
  }

  async stop(): Promise<void> {
    this.#socket?.close('UNAVAILABLE');
    await this.#stop();
  }

  async #live(signal: AbortSignal): Promise<void> {
    const socket = await this.#dial('/link', signal);
    await new Promise<void>((over) => {
      const pace = slowDown(socket, MESSAGES_PER_SECOND, () => performance.now());
      socket.listen({
        text: (text) => {
          pace();
          this.#parts.received(parseToAgent(text));
        },
        closed: (code, refusal) => {
          this.#socket = null;
          const why = refusal ? { reason: refusal.reason, detail: refusal.detail } : {};
          this.#parts.audit.record('broker-disconnected', { code, ...why });
          this.#parts.log.warn({ code, ...why }, 'control link to the broker closed');
          over();
        },
      });
      keepAlive(socket);
      this.#socket = socket;
      this.#parts.audit.record('broker-connected', { address: socket.peer.remoteAddress });
      this.#parts.log.info('control link to the broker is up');
      this.announce();
    });
  }

  #dial(path: string, signal?: AbortSignal): Promise<Socket> {
    const { url, serverName, tls } = this.#parts.broker;
    const options: ConnectionOptions = clientTls(tls, serverName);
    return dialSocket(new URL(path, url).href, options, {
      timeoutMs: OPENING_MAX_MS,
      mask: 'zero',
      ...(signal ? { signal } : {}),
      verify: (peer) => void verifyPeer(peer, { kind: 'agent', role: 'server' }),
    });
  }
}
