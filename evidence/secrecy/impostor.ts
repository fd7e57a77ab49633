// A listener in the place of a stopped process, with that process's own certificate and key.
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { Socket as TcpSocket } from 'node:net';
import { acceptSockets } from '#platform/hop/accept.ts';
import { keepAlive } from '#platform/hop/keep-alive.ts';
import { serverTls, type TlsFiles } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import { listen } from '#platform/process/listen.ts';

export interface Impostor {
  /** Breaks every connection and frees the port. */
  close(): Promise<void>;
}

/** @param taken gets each WebSocket with its path; nobody is refused */
export async function listenAs(
  files: TlsFiles,
  port: number,
  taken: (socket: Socket, path: string) => void,
  answer: RequestListener = (_, response) => void response.writeHead(404).end(),
): Promise<Impostor> {
  const connections = new Set<TcpSocket>();
  const server = createServer(serverTls(files), answer);
  server.on('connection', (connection) => {
    connections.add(connection);
    connection.once('close', () => connections.delete(connection));
  });
  const take =
    ({ url = '' }: IncomingMessage) =>
    (socket: Socket) => {
      keepAlive(socket);
      taken(socket, url);
    };
  acceptSockets(
    server,
    async (request) => take(request),
    () => {},
  );
  await listen(server, { host: '127.0.0.1', port });
  return {
    async close() {
      const closed = new Promise((done) => server.close(done));
      for (const connection of connections) connection.destroy();
      await closed;
    },
  };
}
