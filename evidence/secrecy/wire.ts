// The cables of all three hops in the run's hands: in each stands a proxy of bytes that turns one bit where it is told to. It has
// nobody's key.
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { freePort } from '#lab/ports.ts';
import { listen } from '#platform/process/listen.ts';
import type { Way } from './middle.ts';
import { online } from './place-of.ts';
import type { Secrecy } from './stage.ts';

export interface Wire {
  /** Turns a bit of the TLS record that passes next in this direction on the newest connection. */
  flipNext(way: Way): void;
  /** How many bits were turned. */
  readonly flips: number;
  close(): Promise<void>;
}

export const HOPS = ['client – gateway', 'gateway – broker', 'agent – broker'] as const;
export type Hop = (typeof HOPS)[number];
export type Wires = Readonly<Record<Hop, Wire>>;

const TLS_HEADER_BYTES = 5;

/** @param port where it listens @param to where whom it stands before has moved to */
async function layWire(port: number, to: number, clientIs: Way): Promise<Wire> {
  const open = new Set<Socket>();
  let newest: Socket | null = null;
  let flipping: Way | null = null;
  let flips = 0;
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: to, host: '127.0.0.1', noDelay: true });
    newest = near;
    // From whoever dials to whoever listens: inward but at the agent, which dials out.
    const ways: [from: Socket, to: Socket, way: Way][] = [
      [near, far, clientIs],
      [far, near, clientIs === 'inward' ? 'outward' : 'inward'],
    ];
    for (const [from, other, way] of ways) {
      open.add(from);
      from.on('error', () => other.destroy());
      from.on('close', () => {
        open.delete(from);
        other.destroy();
      });
      from.on('data', (chunk: Buffer) => {
        if (flipping === way && newest === near) {
          const at = endOfFirstRecord(chunk);
          chunk[at] = (chunk[at] ?? 0) ^ 1;
          flipping = null;
          flips++;
        }
        other.write(chunk);
      });
    }
  });
  await listen(server, { host: '127.0.0.1', port });
  return {
    flipNext(way) {
      flipping = way;
    },
    get flips() {
      return flips;
    },
    async close() {
      const closed = new Promise((done) => server.close(done));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** Its last byte belongs to the tag; what follows in the same chunk is another record's. */
function endOfFirstRecord(chunk: Buffer): number {
  const length = chunk.length >= TLS_HEADER_BYTES ? chunk.readUInt16BE(3) : 0;
  return Math.min(TLS_HEADER_BYTES + length, chunk.length) - 1;
}

interface GatewayFile {
  listen: { port: number };
  broker: { url: string };
}
interface AgentFile {
  broker: { url: string };
}

/**
 * Gateway and agent begin anew, each with its broker at the end of a wire; the gateway itself listens elsewhere, and a wire where
 * clients know it to be. Afterwards everything is as before.
 */
export async function withWires<T>(stage: Secrecy, work: (wires: Wires) => Promise<T>): Promise<T> {
  const { system } = stage;
  const home = Number(new URL(system.gateway).port);
  const { gatewayPort, agentPort } = system.processes.broker.ready;
  const away = { gateway: await freePort(), gatewaySide: await freePort(), agentSide: await freePort() };
  const begin = async (ports: { gateway: number; gatewaySide: number; agentSide: number }) => {
    await Promise.all([system.processes.gateway.stop(), system.processes.agent.stop()]);
    rewrite<GatewayFile>(join(system.folder, 'gateway', 'gateway.json'), (config) => {
      config.listen.port = ports.gateway;
      config.broker.url = `wss://127.0.0.1:${ports.gatewaySide}`;
    });
    rewrite<AgentFile>(join(system.folder, 'agent', 'agent.json'), (config) => {
      config.broker.url = `wss://127.0.0.1:${ports.agentSide}`;
    });
  };
  const start = async () => {
    await Promise.all([system.restart('gateway'), system.restart('agent')]);
    await online(stage);
  };
  const laid: Wire[] = [];
  const lay = async (...of: Parameters<typeof layWire>) => {
    const wire = await layWire(...of);
    laid.push(wire);
    return wire;
  };
  await begin(away);
  try {
    const wires: Wires = {
      'client – gateway': await lay(home, away.gateway, 'inward'),
      'gateway – broker': await lay(away.gatewaySide, Number(gatewayPort), 'inward'),
      'agent – broker': await lay(away.agentSide, Number(agentPort), 'outward'),
    };
    await start();
    return await work(wires);
  } finally {
    for (const wire of laid) await wire.close();
    await begin({ gateway: home, gatewaySide: Number(gatewayPort), agentSide: Number(agentPort) });
    await start();
  }
}

function rewrite<T>(path: string, change: (config: T) => void): void {
  const config = JSON.parse(readFileSync(path, 'utf8')) as T;
  change(config);
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}
