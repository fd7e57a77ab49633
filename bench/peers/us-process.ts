// One hop as gateway and broker do it, and nothing else in the process.
import { createServer } from 'node:https';
import { acceptSockets } from '#platform/hop/accept.ts';
import { dialSocket } from '#platform/hop/dial.ts';
import { pump } from '#platform/hop/pump.ts';
import { clientTls, serverTls, type TlsFiles, verifyPeer } from '#platform/hop/tls.ts';
import type { Socket } from '#platform/hop/websocket.ts';
import { listen } from '#platform/process/listen.ts';
import { BURST_SECONDS } from '#protocol/limits.ts';
import { LaneGate } from '#protocol/outer/gate.ts';
import { Direction } from '#protocol/outer/lanes.ts';
import type { OurRelayJobs } from './jobs.ts';
import { answer } from './worker.ts';

const DIAL_MAX_MS = 5_000;

const now = () => performance.now();
let residedMs: number[] | null = null;

answer<OurRelayJobs>({
  async relay({ server, client, upstreams }) {
    const serve = (upstream: number) => listenFor(upstream, server, client);
    return { ports: await Promise.all(upstreams.map(serve)) };
  },
  async residence({ goOn }) {
    const ms = residedMs ?? [];
    residedMs = goOn ? [] : null;
    return { ms };
  },
});

function listenFor(upstream: number, server: TlsFiles, client: TlsFiles): Promise<number> {
  const doors = createServer(serverTls(server));
  acceptSockets(
    doors,
    async (_request, peer) => {
      verifyPeer(peer, { kind: 'hop', role: 'client' });
      const dialled = await dialSocket(`wss://127.0.0.1:${upstream}/`, clientTls(client, 'localhost'), {
        timeoutMs: DIAL_MAX_MS,
        verify: (peer) => verifyPeer(peer, { kind: 'hop', role: 'server' }),
        mask: 'zero',
      });
      return (accepted) => relay(accepted, dialled);
    },
    (refusal) => process.stderr.write(`refused: ${refusal.message}\n`),
  );
  return listen(doors, { host: '127.0.0.1', port: 0 });
}

/** The sink is `outside`, the source `inside`, as client and agent. */
function relay(outside: Socket, inside: Socket): void {
  const ended = () => {};
  const direction = (from: Socket, to: Socket, way: Direction) => {
    const gate = new LaneGate(way, BURST_SECONDS);
    pump({ from, to, gate, now, ended, resided: (ms) => residedMs?.push(ms) });
  };
  direction(outside, inside, Direction.inward);
  direction(inside, outside, Direction.outward);
}
