// The headless client's two ways to the gateway: HTTPS requests and one WebSocket, both with the user's certificate.
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { TcpSocketConnectOpts } from 'node:net';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { dialSocket, UpgradeRefused } from '#platform/hop/dial.ts';
import { clientTlsOf, refusalOfTls, verifyPeer } from '#platform/hop/tls.ts';
import type { LoadedTls, LoadedTrust } from '#platform/hop/tls-files.ts';
import { Failure } from '#platform/process/exit.ts';
import { Refusal } from '#protocol/codes.ts';
import { BODY_MAX_BYTES, OPENING_MAX_MS } from '#protocol/limits.ts';
import type { DataSocket } from '#protocol/outer/data-socket.ts';
import { RefusedByGateway } from '#web/core/ends.ts';
import type { Request, Response } from '#web/core/gateway-api.ts';

/** Another way from the host's name to its address, for a line that stands in front of the gateway; where to come from. */
export type Way = Pick<TcpSocketConnectOpts, 'lookup' | 'localAddress'>;

export interface Transport {
  request: Request;
  dial(): Promise<DataSocket>;
  /** The group of the TLS key exchange, known after the first request. */
  tlsGroup(): string | null;
  close(): void;
}

/**
 * @param gateway https://host:port
 * @param own without a certificate for the enrolment listener, which asks for none
 */
export function openTransport(gateway: URL, own: LoadedTls | LoadedTrust, way: Way = {}): Transport {
  // In a URL an IPv6 address stands in brackets.
  const name = gateway.hostname.replace(/^\[|\]$/g, '');
  const tls: ConnectionOptions = { ...clientTlsOf(own, name), ...way };
  const verify = (peer: TLSSocket) => void verifyPeer(peer, { kind: 'gateway-server', role: 'server' });
  // No resumption: a resumed connection shows no certificate, and verify would refuse the gateway.
  const agent = new Agent({ ...tls, keepAlive: true, maxSockets: 1, maxCachedSessions: 0 });
  let cookie: string | null = null;
  let group: string | null = null;

  const request: Request = (method, path, body) =>
    new Promise<Response>((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const outgoing = httpsRequest(new URL(path, gateway), {
        agent,
        method,
        headers: {
          origin: gateway.origin,
          ...(cookie ? { cookie } : {}),
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
      });
      outgoing.setTimeout(OPENING_MAX_MS, () =>
        outgoing.destroy(new Failure(`${gateway.host} did not answer in time`)),
      );
      outgoing.once('error', (error) => reject(explain(error, gateway)));
      outgoing.once('socket', (socket) => {
        const check = () => {
          const peer = socket as TLSSocket;
          try {
            verify(peer);
            const exchange = peer.getEphemeralKeyInfo();
            if (exchange && 'name' in exchange) group = String(exchange.name);
            outgoing.end(text);
          } catch (error) {
            outgoing.destroy(error as Error);
          }
        };
        // Nothing is sent, cookies included, before the gateway's certificate is looked at.
        if (socket.connecting) socket.once('secureConnect', check);
        else check();
      });
      outgoing.once('response', (incoming) => {
        const set = incoming.headers['set-cookie']?.[0]?.split(';')[0];
        if (set) cookie = set;
        readJson(incoming).then((answer) => resolve({ status: incoming.statusCode ?? 0, body: answer }), reject);
      });
    });

  return {
    request,
    async dial() {
      const url = new URL('/relay', gateway);
      url.protocol = 'wss:';
      try {
        return await dialSocket(url.href, tls, {
          timeoutMs: OPENING_MAX_MS,
          verify,
          headers: { origin: gateway.origin, ...(cookie ? { cookie } : {}) },
        });
      } catch (error) {
        throw error instanceof UpgradeRefused ? new RefusedByGateway(error.code) : explain(error, gateway);
      }
    },
    tlsGroup: () => group,
    close: () => agent.destroy(),
  };
}

async function readJson(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > 16 * BODY_MAX_BYTES) throw new Refusal('BODY_TOO_LARGE');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return null;
  }
}

/** TLS and socket errors in words a person can act on. */
function explain(error: unknown, gateway: URL): Error {
  const refusal = refusalOfTls(error);
  if (refusal) return new Failure(`the certificate of ${gateway.host} was refused (${refusal.message})`);
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return new Failure(`nothing answers at ${gateway.host}; is the gateway running?`);
  if (code === 'ENOTFOUND') return new Failure(`${gateway.hostname} is not a known name`);
  return error instanceof Failure ? error : new RefusedByGateway('CONNECTION_LOST');
}
