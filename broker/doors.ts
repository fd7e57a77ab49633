// One listener: who may come in, and to which of the two paths. There is no third path, no page and no proxying: every
// other request of who may come in is answered 404, CONNECT and absolute URIs included (C1, T08).

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Socket as TcpSocket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { acceptSockets } from '#platform/hop/accept.ts';
import { Edge } from '#platform/hop/edge.ts';
import { serverLimits } from '#platform/hop/edge-limits.ts';
import { keepAlive } from '#platform/hop/keep-alive.ts';
import { requireOwn } from '#platform/hop/own-certificate.ts';
import { refusalBody } from '#platform/hop/refusal-body.ts';
import { type PeerIdentity, reloadOnChange, serverTls, verifyPeer } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import { listen } from '#platform/process/listen.ts';
import { CODES, type Code, Refusal, refusalFrom } from '#protocol/codes.ts';
import { LEASE_LIFE_MS, OPENING_MAX_MS } from '#protocol/limits.ts';
import { parseSessionMessage } from '#protocol/outer/ticket.ts';
import type { SideConfig } from './config.ts';

export interface DoorOptions {
  config: SideConfig;
  kind: 'hop' | 'agent';
  socketsPerPeerMax: number;
  /** A control link; takes the socket over. */
  link(socket: Socket, identity: PeerIdentity): void;
  /** A data link that has named its session; takes the socket over or throws a Refusal. */
  data(socket: Socket, identity: PeerIdentity, session: string): void;
  /** @param identity null if no certificate could be verified */
  refused(refusal: Refusal, identity: PeerIdentity | null, address: string): void;
  /** Cut at the edge: nobody was known yet. */
  cut(refusal: Refusal, address: string): void;
  /** A monotonic clock, ms. */
  now(): number;
}

export interface Door {
  readonly port: number;
  readonly connections: Edge['measures'];
  /** Closes what is still open with the code and stops listening. */
  close(code: Code): Promise<void>;
}

/** How often a live connection's certificate is looked at again; a changed revocation list is looked at at once. */
const EXPIRY_CHECK_MS = 30_000;
/** Lists that cannot be read, or have run out, say nothing about who is in already; as long as a session without a lease. */
const UNKNOWN_MAX_MS = LEASE_LIFE_MS;
/** What is still in a TLS handshake has no code to hear and is cut after this. */
const CLOSE_MAX_MS = 3_500;

export async function openDoor(options: DoorOptions): Promise<Door> {
  const { config, kind, link, data, refused } = options;
  const expected = { kind, role: 'client' } as const;
  requireOwn(config.tls, { kind, role: 'server' });
  const open = new Set<Socket>();
  /** Who asked for an upgrade, for the audit event if it is refused. */
  const asking = new WeakMap<TLSSocket, PeerIdentity>();
  const perPeer = new Map<string, number>();

  const server = createServer({ ...serverTls(config.tls), ...serverLimits(config.edge) });
  const edge = new Edge(server, { limits: config.edge, now: options.now, refused: options.cut }, turnAway);

  acceptSockets(
    server,
    async (request, peer) => {
      // The certificate first: who may not come in learns nothing about the paths.
      const identity = verifyPeer(peer, expected);
      asking.set(peer, identity);
      edge.established(peer);
      const take = request.url === '/link' ? link : request.url === '/data' ? awaitSession : null;
      if (!take) throw new Refusal('ROUTE_UNKNOWN');
      if ((perPeer.get(nameOf(identity)) ?? 0) >= options.socketsPerPeerMax) {
        throw new Refusal('CONNECTIONS_EXCEEDED', 'of this peer');
      }
      return (socket) => {
        admit(socket, identity);
        take(socket, identity);
      };
    },
    (refusal, peer) => refused(refusal, asking.get(peer) ?? null, addressOf(peer)),
  );

  /** A request that is no upgrade: nothing is here, and who may not come in learns not even that. */
  function turnAway(request: IncomingMessage, response: ServerResponse): void {
    const peer = request.socket as TLSSocket;
    let identity: PeerIdentity | null = null;
    let refusal = new Refusal('ROUTE_UNKNOWN');
    try {
      identity = verifyPeer(peer, expected);
    } catch (error) {
      refusal = refusalFrom(error);
    }
    refused(refusal, identity, addressOf(peer));
    const { code } = refusal;
    response.writeHead(CODES[code].http, { 'content-type': 'application/json; charset=utf-8', connection: 'close' });
    response.end(refusalBody(code));
  }

  function admit(socket: Socket, identity: PeerIdentity): void {
    const name = nameOf(identity);
    open.add(socket);
    perPeer.set(name, (perPeer.get(name) ?? 0) + 1);
    socket.observe({
      ended() {
        open.delete(socket);
        const left = (perPeer.get(name) ?? 1) - 1;
        if (left === 0) perPeer.delete(name);
        else perPeer.set(name, left);
      },
    });
  }

  function awaitSession(socket: Socket, identity: PeerIdentity): void {
    const timer = setTimeout(
      () => socket.refuse(new Refusal('PAIRING_OF_LINKS_TIMED_OUT', 'no session')),
      OPENING_MAX_MS,
    );
    socket.observe({ ended: () => clearTimeout(timer) });
    keepAlive(socket);
    socket.listen({
      text(text) {
        const { session } = parseSessionMessage(text);
        clearTimeout(timer);
        data(socket, identity, session);
      },
      closed(_code, refusal) {
        if (refusal) refused(refusal, identity, addressOf(socket.peer));
      },
    });
  }

  /** While nobody can know who is revoked: when those go who are in already. */
  let giveUp: NodeJS.Timeout | null = null;

  /** Cuts who would not be let in any more: revoked, run out, or unknown for too long (T26). */
  function recheck(knownSoon = true): void {
    let unknown = false;
    for (const socket of open) {
      try {
        verifyPeer(socket.peer, expected);
      } catch (error) {
        const refusal = refusalFrom(error);
        if (refusal.reason === 'REVOCATION_UNKNOWN' && knownSoon) unknown = true;
        else socket.refuse(refusal);
      }
    }
    if (unknown) giveUp ??= setTimeout(() => recheck(false), UNKNOWN_MAX_MS);
    else if (giveUp) {
      clearTimeout(giveUp);
      giveUp = null;
    }
  }

  const stopReloading = reloadOnChange(server, config.tls, () => recheck());
  const expiry = setInterval(() => recheck(), EXPIRY_CHECK_MS);
  const connections = new Set<TcpSocket>();
  server.on('connection', (connection) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
  });
  const port = await listen(server, config.listen);

  return {
    port,
    get connections() {
      return edge.measures;
    },
    async close(code) {
      stopReloading();
      clearInterval(expiry);
      if (giveUp) clearTimeout(giveUp);
      edge.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.close(code);
      server.closeAllConnections();
      const late = setTimeout(() => {
        for (const connection of connections) connection.destroy();
      }, CLOSE_MAX_MS);
      await closed;
      clearTimeout(late);
    },
  };
}

export const addressOf = (peer: TLSSocket): string => peer.remoteAddress ?? '';
const nameOf = (identity: PeerIdentity): string => `${identity.municipality}/${identity.name}`;
