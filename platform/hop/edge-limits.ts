// What a listener spends on connections, in its configuration; docs/limits.md says what the defaults add up to.
import type { ServerOptions } from 'node:https';
import * as z from 'zod';

/** Most of these a listener's operator may raise; what needs no raising stands in edge.ts. */
const DEFAULTS = {
  /** TCP connections, however far they have come. */
  connections: 8_192,
  /** A municipality may stand behind one address; one address may not stand in everybody's way. */
  connectionsPerAddress: 256,
  /** Those of them on which nobody has become known yet; from then on the oldest of the address with the most is cut. */
  unestablished: 1_000,
  /** New ones of one address; as many as it may have can come at once. */
  connectionsPerSecondPerAddress: 32,
  /** TLS handshakes that are begun, of all addresses together. One costs 2 ms of the one thread that also relays. */
  handshakesPerSecond: 150,
  /** From the first TCP byte to the end of the TLS handshake, its wait for a turn included. */
  handshakeSeconds: 10,
  /** Of a request; the first begins with the end of the TLS handshake. */
  headersSeconds: 5,
  /** A request's headers and body. */
  requestSeconds: 15,
  /** Until an answer is taken, whole. */
  answerSeconds: 60,
};

export type EdgeLimits = Readonly<typeof DEFAULTS>;

/** @param own of a listener whose peers are other ones than a gateway's users */
export function edgeSchema(own: Partial<EdgeLimits> = {}) {
  const defaults = { ...DEFAULTS, ...own };
  const many = (fallback: number) => z.int().min(1).max(65_536).default(fallback);
  const rate = (fallback: number) => z.number().min(1).max(10_000).default(fallback);
  const time = (fallback: number) => z.int().min(1).max(120).default(fallback);
  return z
    .strictObject({
      connections: many(defaults.connections),
      connectionsPerAddress: many(defaults.connectionsPerAddress),
      unestablished: many(defaults.unestablished),
      connectionsPerSecondPerAddress: rate(defaults.connectionsPerSecondPerAddress),
      handshakesPerSecond: rate(defaults.handshakesPerSecond),
      handshakeSeconds: time(defaults.handshakeSeconds),
      headersSeconds: time(defaults.headersSeconds),
      requestSeconds: time(defaults.requestSeconds),
      answerSeconds: time(defaults.answerSeconds),
    })
    .refine(({ headersSeconds, requestSeconds }) => headersSeconds <= requestSeconds, {
      path: ['headersSeconds'],
      message: 'longer than requestSeconds',
    })
    .prefault({});
}

/** For https.createServer, beside the options of TLS. */
export function serverLimits({ handshakeSeconds, headersSeconds, requestSeconds }: EdgeLimits): ServerOptions {
  return {
    handshakeTimeout: handshakeSeconds * 1000,
    headersTimeout: headersSeconds * 1000,
    requestTimeout: requestSeconds * 1000,
    keepAliveTimeout: 10_000,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 8_192,
  };
}
