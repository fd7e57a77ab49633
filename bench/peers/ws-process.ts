// The plain ws relay: naive on purpose, as a yardstick.
import { createServer } from 'node:https';
import { WebSocket, WebSocketServer } from 'ws';
import { clientTls, serverTls, type TlsFiles } from '#platform/hop/tls.ts';
import { listen } from '#platform/process/listen.ts';
import type { RelayJobs } from './jobs.ts';
import { answer } from './worker.ts';

answer<RelayJobs>({
  async relay({ server, client, upstreams }) {
    return { ports: await Promise.all(upstreams.map((upstream) => listenFor(upstream, server, client))) };
  },
});

function listenFor(upstream: number, server: TlsFiles, client: TlsFiles): Promise<number> {
  const doors = createServer(serverTls(server));
  const sockets = new WebSocketServer({ server: doors });
  sockets.on('connection', (outside) => {
    const inside = new WebSocket(`wss://localhost:${upstream}/`, clientTls(client, 'localhost'));
    const opened = new Promise<void>((resolve) => inside.once('open', resolve));
    outside.on('message', (data, binary) => void opened.then(() => inside.send(data, { binary })));
    inside.on('message', (data, binary) => outside.send(data, { binary }));
    outside.on('close', () => inside.terminate());
    inside.on('close', () => outside.terminate());
    for (const socket of [outside, inside]) socket.on('error', () => socket.terminate());
  });
  return listen(doors, { host: '127.0.0.1', port: 0 });
}
