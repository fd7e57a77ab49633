// A listener of the gateway: TLS, limits, doors, and the page that it serves. Each has its own certificate, its own
// authority for clients and its own table of routes; nothing leads from one to another (C4).
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { Edge } from '#platform/hop/edge.ts';
import { type EdgeLimits, serverLimits } from '#platform/hop/edge-limits.ts';
import type { RevocationList } from '#platform/hop/revocation.ts';
import { reloadOnChange, serverTls, type TlsFiles } from '#platform/hop/tls.ts';
import { loadTls } from '#platform/hop/tls-files.ts';
import { listen } from '#platform/process/listen.ts';
import type { Refusal } from '#protocol/codes.ts';
import { type DoorParts, openDoors } from './doors.ts';
import { ownOrigins } from './origins.ts';
import { pageRoutes } from './page.ts';

export interface ListenerParts extends Omit<DoorParts, 'known'> {
  listen: { host: string; port: number };
  tls: TlsFiles;
  edge: EdgeLimits;
  /** ms, from whenever */
  monotonic(): number;
  /** A folder that `npm run page` made. */
  page: string | undefined;
  /** From now on this list of clients' certificates is in force; null: none can be read. Called before anybody comes in. */
  revocationsChanged(newest: RevocationList | null): void;
}

export interface Listener {
  port: number;
  readonly connections: Edge['measures'];
  /** Nobody new; who is in stays. */
  stopListening(): void;
  close(): void;
}

/** @throws Failure in one line: a file that cannot be used, a port in use */
export async function openListener(parts: ListenerParts): Promise<Listener> {
  const { tls, page } = parts;
  const server = createServer({ ...serverTls(tls), ...serverLimits(parts.edge) });
  const open = new Set<TLSSocket>();
  server.on('secureConnection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  const stopReloading = reloadOnChange(server, tls, parts.revocationsChanged);
  const origins = new Set(parts.origins);
  /** Complete once the port is known. */
  let own: readonly string[] = [];
  const routes = [...(page ? pageRoutes(page, () => own) : []), ...parts.routes];
  const known = (peer: TLSSocket) => edge.established(peer);
  const answer = openDoors(server, { ...parts, known, origins, routes });
  const { kind, journal, monotonic } = parts;
  const refused = (refusal: Refusal, address: string) => journal.connectionRefused(kind, refusal, address);
  const edge = new Edge(server, { limits: parts.edge, now: monotonic, refused }, answer);
  const port = await listen(server, parts.listen);
  own = ownOrigins(loadTls(tls).own, port);
  for (const origin of own) origins.add(origin);
  return {
    port,
    get connections() {
      return edge.measures;
    },
    stopListening: () => void server.close(),
    close() {
      stopReloading();
      edge.close();
      // Upgraded sockets are no longer the HTTP server's to close.
      for (const socket of open) socket.destroySoon();
    },
  };
}
