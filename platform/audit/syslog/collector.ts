// One connection to the collector: TLS 1.3 on both certificates (RFC 5425 §4.2), frames one way, nothing the other way.
//
// The protocol has no acknowledgement, and what the kernel took may still be lost. But a collector that ends the connection
// after we have ended our side has read everything before that end: a connection that it closed with bytes unread would
// end with a reset. So an orderly end is our receipt, and every connection is ended after a while to get one.
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type ConnectionOptions, checkServerIdentity, connect, createSecureContext, type TLSSocket } from 'node:tls';
import { Refusal } from '#protocol/codes.ts';
import { checkStrength } from '../../hop/peer-certificate.ts';
import { clientTlsOf, SETTINGS, type TlsFiles } from '../../hop/tls.ts';
import { loadAuthorities, loadOwn, loadTls } from '../../hop/tls-files.ts';
import type { SyslogConfig } from './config.ts';

const DIAL_MAX_MS = 10_000;
/** A collector that takes nothing for so long is not waited for. */
const STUCK_MAX_MS = 30_000;
/** From our end to the collector's. */
const FINISH_MAX_MS = 10_000;
/** An end that the collector sent before it had read our last bytes has arrived by then. */
const QUIET_MS = 500;
const KEEP_ALIVE_MS = 15_000;

export class Collector {
  readonly #socket: TLSSocket;
  #ended = false;
  #error: Error | null = null;
  readonly #closed: Promise<void>;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('end', () => {
      this.#ended = true;
    });
    socket.on('data', () => socket.destroy(new Refusal('MESSAGE_UNEXPECTED', 'a collector has nothing to say')));
    this.#closed = new Promise((resolve) => {
      socket.once('close', () => resolve());
    });
  }

  /**
   * @param signal gives the dialling and the connection up
   * @throws the network's or TLS's own error (refusalOfTls), Failure for files that cannot be used, CERTIFICATE_WEAK
   */
  static async dial(config: SyslogConfig, signal: AbortSignal): Promise<Collector> {
    const { host, port } = config;
    const socket = connect({ ...collectorTls(config), host, port });
    const collector = new Collector(socket);
    const giveUp = () => socket.destroy(new Refusal('SHUTTING_DOWN'));
    const timer = setTimeout(() => socket.destroy(new Refusal('HANDSHAKE_TIMED_OUT', 'dialling')), DIAL_MAX_MS);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp);
    void collector.#closed.then(() => signal.removeEventListener('abort', giveUp));
    await Promise.race([new Promise((resolve) => socket.once('secureConnect', resolve)), collector.#closed]);
    clearTimeout(timer);
    try {
      collector.requireOpen();
      const certificate = socket.getPeerX509Certificate();
      if (!certificate) throw new Refusal('CERTIFICATE_MISSING');
      checkStrength(certificate);
    } catch (error) {
      collector.destroy();
      throw error;
    }
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    return collector;
  }

  /** @throws what ended the connection */
  requireOpen(): void {
    if (this.#error) throw this.#error;
    if (this.#ended || this.#socket.destroyed) throw new Refusal('PEER_GONE', 'the collector ended the connection');
  }

  /** Resolves when the next frame may come: a slow collector is waited for. @throws as requireOpen; PEER_STUCK */
  async write(frame: Buffer): Promise<void> {
    this.requireOpen();
    if (this.#socket.write(frame)) return;
    const cancel = new AbortController();
    const late = delay(STUCK_MAX_MS, 'late' as const, { signal: cancel.signal }).catch(() => 'cancelled' as const);
    const drained = new Promise((resolve) => this.#socket.once('drain', resolve));
    const first = await Promise.race([drained, this.#closed, late]);
    cancel.abort();
    if (first === 'late') this.#socket.destroy(new Refusal('PEER_STUCK', 'the collector takes nothing'));
    if (first === 'late') await this.#closed;
    this.requireOpen();
  }

  /** Ends the connection; resolves when the collector has read all of it. @throws if that is not known */
  async finish(): Promise<void> {
    await Promise.race([delay(QUIET_MS), this.#closed]);
    this.requireOpen();
    this.#socket.end();
    const timer = setTimeout(
      () => this.#socket.destroy(new Refusal('PEER_STUCK', 'the collector does not end')),
      FINISH_MAX_MS,
    );
    await this.#closed;
    clearTimeout(timer);
    if (this.#error) throw this.#error;
    if (!this.#ended) throw new Refusal('PEER_GONE', 'the connection was cut');
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** @returns the same files if a revocation list is among them */
export function withList({ revocations, ...tls }: SyslogConfig['tls']): TlsFiles | null {
  return revocations === undefined ? null : { ...tls, revocations };
}

/** @throws Failure naming the file that cannot be used */
export function collectorTls({ tls, serverName }: SyslogConfig): ConnectionOptions {
  const listed = withList(tls);
  if (listed) return clientTlsOf(loadTls(listed), serverName);
  const ca = loadAuthorities(tls.authorities).map(String);
  const secureContext = createSecureContext({ ...loadOwn(tls).pem, ca, ...SETTINGS });
  return {
    secureContext,
    servername: isIP(serverName) ? '' : serverName,
    rejectUnauthorized: true,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(serverName, certificate),
  };
}
