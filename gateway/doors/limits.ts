// What a connection may cost before anybody is known (F8, T13): time, headers, connections.
import type { Server, ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { TokenBucket } from '#protocol/token-bucket.ts';
import { networkOf } from './network.ts';

export const CONNECTIONS_MAX = 8_192;
/** The default: a municipality may stand behind one address; one address may not stand in everybody's way. */
export const CONNECTIONS_PER_ADDRESS_MAX = 256;

/** Options that https.createServer takes beside those of TLS. */
export const SERVER_LIMITS: ServerOptions = {
  handshakeTimeout: 10_000,
  headersTimeout: 5_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8_192,
};

/** Sets the limits that are properties of a server, and counts its connections per address (of IPv6, per /64). */
export function limitConnections(server: Server, perAddressMax: number): void {
  server.maxConnections = CONNECTIONS_MAX;
  server.maxHeadersCount = 64;
  server.maxRequestsPerSocket = 1_000;
  const counts = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = networkOf(socket.remoteAddress ?? '');
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    socket.once('close', () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left > 0) counts.set(address, left);
      else counts.delete(address);
    });
    // Before TLS: a flood must not cost a handshake each.
    if (count > perAddressMax) socket.destroy();
  });
}

/** Requests of one certificate: a bucket that refills with `perSecond` up to `burst`. */
export class RequestRate {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, TokenBucket>();
  #sweptAt = 0;

  /** @param now a monotonic clock, ms */
  constructor({ perSecond, burst, now }: { perSecond: number; burst: number; now: () => number }) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#now = now;
  }

  /** @returns false if this request is one too many */
  admit(thumbprint: string): boolean {
    const now = this.#now();
    this.#sweep(now);
    const bucket = this.#buckets.get(thumbprint) ?? new TokenBucket(this.#perSecond, this.#burst, now);
    this.#buckets.set(thumbprint, bucket);
    return bucket.takeIfThere(now);
  }

  /** Buckets that are not full. */
  get size(): number {
    return this.#buckets.size;
  }

  /** A bucket that is full again says nothing; forgetting it keeps the map as small as what is going on. */
  #sweep(now: number): void {
    const fullAfterMs = (this.#burst / this.#perSecond) * 1000;
    if (now - this.#sweptAt < fullAfterMs) return;
    this.#sweptAt = now;
    for (const [thumbprint, bucket] of this.#buckets) if (bucket.isFull(now)) this.#buckets.delete(thumbprint);
  }
}
