// The cables of all three hops in the run's hands: what was listening moves to another port, and in its place stands a proxy
// of bytes that turns one bit where it is told to. It has nobody's key.
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { freePort } from '#lab/ports.ts';
import { listen } from '#platform/process/listen.ts';
import type { Way } from './middle.ts';
import { online } from './place-of.ts';
import type { Secrecy } from './stage.ts';

export interface Wire {
  /** Turns the last bit of what passes next in this direction on the newest connection: the last byte is inside a TLS record. */
  flipNext(way: Way): void;
  /** How many bits were turned. */
  readonly flips: number;
  close(): Promise<void>;
}

export const HOPS = ['client – gateway', 'gateway – broker', 'agent – broker'] as const;
export type Hop = (typeof HOPS)[number];
export type Wires = Readonly<Record<Hop, Wire>>;

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
          chunk[chunk.length - 1] = (chunk.at(-1) ?? 0) ^ 1;
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

interface Listens {
  listen: { port: number };
}

/** Gateway and broker move and come back; their keys and states stay where they are. */
export async function withWires<T>(stage: Secrecy, work: (wires: Wires) => Promise<T>): Promise<T> {
  const { system } = stage;
  const { gatewayPort, agentPort } = system.processes.broker.ready;
  const homes = {
    gateway: Number(new URL(system.gateway).port),
    gatewaySide: Number(gatewayPort),
    agentSide: Number(agentPort),
  };
  const away = { gateway: await freePort(), gatewaySide: await freePort(), agentSide: await freePort() };
  const move = async (ports: typeof homes) => {
    await system.processes.gateway.stop();
    await system.processes.broker.stop();
    rewrite<Listens>(join(system.folder, 'gateway', 'gateway.json'), (config) => {
      config.listen.port = ports.gateway;
    });
    rewrite<{ gatewaySide: Listens; agentSide: Listens }>(join(system.folder, 'broker', 'broker.json'), (config) => {
      config.gatewaySide.listen.port = ports.gatewaySide;
      config.agentSide.listen.port = ports.agentSide;
    });
  };
  const begin = async () => {
    await system.restart('broker');
    await system.restart('gateway');
    await online(stage);
  };
  const laid: Wire[] = [];
  const lay = async (side: keyof typeof homes, dials: Way) => {
    const wire = await layWire(homes[side], away[side], dials);
    laid.push(wire);
    return wire;
  };
  await move(away);
  try {
    const wires: Wires = {
      'client – gateway': await lay('gateway', 'inward'),
      'gateway – broker': await lay('gatewaySide', 'inward'),
      'agent – broker': await lay('agentSide', 'outward'),
    };
    await begin();
    return await work(wires);
  } finally {
    for (const wire of laid) await wire.close();
    await move(homes);
    await begin();
  }
}

function rewrite<T>(path: string, change: (config: T) => void): void {
  const config = JSON.parse(readFileSync(path, 'utf8')) as T;
  change(config);
  writeFileSync(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}
