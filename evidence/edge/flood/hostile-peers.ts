// Peers of the other zone with good certificates: agents that never name a session, and a broker that offers without a pause.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { acceptSockets } from '#platform/hop/accept.ts';
import { dialSocket } from '#platform/hop/dial.ts';
import { clientTls, serverTls } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import { listen } from '#platform/process/listen.ts';
import { type FloodOf, wayOf } from './config.ts';
import { begun, type Ends, noEnds } from './ends.ts';

const DIAL_MAX_MS = 10_000;
/** Waiting in this process's own socket. */
const PRESSURE_MAX_BYTES = 256 * 1024;

export async function holdDataLinks(flood: FloodOf<'mute-agents'>): Promise<Ends> {
  const ends = noEnds();
  const sockets: Socket[] = [];
  for (let i = 0; i < flood.connections; i++) {
    const { host, port, localAddress } = wayOf(flood, i);
    const tls = { ...clientTls(flood.tls, 'localhost'), localAddress };
    const socket = await dialSocket(`wss://${host}:${port}/data`, tls, { timeoutMs: DIAL_MAX_MS, verify() {} });
    sockets.push(socket);
    socket.listen({ closed: begun(ends) });
  }
  await delay(flood.seconds * 1000);
  const seen = structuredClone(ends);
  for (const socket of sockets) socket.peer.destroy();
  return seen;
}

export interface Offers {
  /** Agents that dialled in. */
  links: number;
  /** Written to the link until the agent did not read any more, and from then on as it did. */
  offered: number;
  /** Answered by the agent with an end. */
  refused: number;
}

/** Grants that look like some: each costs the agent a look. */
export async function offerWithoutPause({ tls, port, seconds }: FloodOf<'offers'>): Promise<Offers> {
  const seen: Offers = { links: 0, offered: 0, refused: 0 };
  const server = createServer(serverTls(tls));
  const links = new Set<Socket>();
  acceptSockets(
    server,
    async () => (socket) => {
      seen.links++;
      links.add(socket);
      socket.listen({
        text: (text) => {
          if (text.includes('"ended"')) seen.refused++;
        },
        closed: () => links.delete(socket),
      });
      offer(socket, seen);
    },
    () => {},
  );
  await listen(server, { host: '127.0.0.1', port });
  await delay(seconds * 1000);
  for (const link of links) link.peer.destroy();
  server.close();
  server.closeAllConnections();
  return seen;
}

function offer(socket: Socket, seen: Offers): void {
  while (!socket.closed && socket.pressure < PRESSURE_MAX_BYTES) {
    const grant = [60, 600, 64].map((bytes) => randomBytes(bytes).toString('base64url')).join('.');
    socket.sendText(JSON.stringify({ type: 'offer', session: randomBytes(16).toString('hex'), grant }));
    seen.offered++;
  }
  if (!socket.closed) socket.onceBelow(PRESSURE_MAX_BYTES / 2, () => offer(socket, seen));
}
