// The listening end of a hop: WebSocket upgrades on an HTTPS server, each decided by the owner before it is answered.
import type { IncomingMessage } from 'node:http';
import type { Server } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import { CODES, type Code, Refusal, refusalFrom } from '#protocol/codes.ts';
import { OPENING_OPTIONS, Opening } from './opening.ts';
import { refusalBody } from './refusal-body.ts';
import { Socket } from './websocket.ts';

/**
 * Decides over one upgrade before anything of it is answered. The certificate has not been verified yet.
 * @returns what takes the open socket over: it calls `listen`, or throws a Refusal, and the socket closes with its code
 * @throws a Refusal, answered as any other: its HTTP status, code and sentence
 */
export type Upgrade = (request: IncomingMessage, peer: TLSSocket) => Promise<(socket: Socket) => void>;

const STRANGER_CODES: ReadonlySet<Code> = new Set(['CERTIFICATE_REQUIRED', 'CERTIFICATE_REFUSED']);

/**
 * Serves WebSocket upgrades on `server`, and refuses CONNECT, the other way to a tunnel (T08). Requests that are no
 * upgrade stay with the server's own request listener.
 * @param refused is told every refusal, for the audit log
 */
export function acceptSockets(
  server: Server,
  upgrade: Upgrade,
  refused: (refusal: Refusal, peer: TLSSocket) => void,
): void {
  const webSockets = new WebSocketServer({
    ...OPENING_OPTIONS,
    noServer: true,
    clientTracking: false,
    WebSocket: Opening,
  });
  const refuse = (peer: TLSSocket, refusal: Refusal) => {
    refused(refusal, peer);
    answerRefusal(peer, refusal);
  };
  // An HTTPS server's sockets are TLS sockets; the types of both events know only the stream.
  webSockets.on('wsClientError', (error, stream) => {
    refuse(stream as TLSSocket, new Refusal('BODY_MALFORMED', error.message));
  });
  server.on('connect', (request, stream) => {
    const peer = stream as TLSSocket;
    stream.on('error', () => stream.destroy());
    // The gate comes first here, too: a stranger is told that it is one, everybody else that there is nothing.
    upgrade(request, peer).then(
      () => refuse(peer, new Refusal('ROUTE_UNKNOWN', 'CONNECT')),
      (error) => {
        const refusal = refusalFrom(error);
        refuse(peer, STRANGER_CODES.has(refusal.code) ? refusal : new Refusal('ROUTE_UNKNOWN', 'CONNECT'));
      },
    );
  });
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const peer = stream as TLSSocket;
    // The HTTP server has let go of the socket: without a listener a reset while we decide would end the process.
    const reset = () => peer.destroy();
    peer.on('error', reset);
    const decide = async () => {
      try {
        const taken = await upgrade(request, peer);
        if (peer.destroyed) return;
        webSockets.handleUpgrade(request, peer, head, (opening) => {
          if (!opening.handedOver) throw new Refusal('INTERNAL', 'ws kept the socket');
          const socket = new Socket(peer, 'none');
          peer.off('error', reset);
          try {
            taken(socket);
          } catch (error) {
            const refusal = refusalFrom(error);
            refused(refusal, peer);
            socket.close(refusal.code);
          }
        });
      } catch (error) {
        refuse(peer, refusalFrom(error));
      }
    };
    void decide();
  });
}

/** Writes a refusal as an HTTP answer of its own, for sockets that have left the HTTP server, and ends the connection. */
function answerRefusal(peer: TLSSocket, refusal: Refusal): void {
  if (peer.destroyed) return;
  const body = refusalBody(refusal.code);
  peer.end(
    `HTTP/1.1 ${CODES[refusal.code].http} Refused\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => peer.destroy(),
  );
}
