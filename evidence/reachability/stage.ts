// The hosts, cables, rules and processes of deploy/, with captures on every cable from before the first process was started
// until a teleworker had worked through them.
import { join } from 'node:path';
import * as z from 'zod';
import { type Deployment, deploy } from '#lab/deployment.ts';
import { CABLES, type HostName } from '#lab/deployment-plan.ts';
import { commandOn } from '#lab/host-command.ts';
import type { Network } from '#lab/namespaces.ts';
import type { Ended } from '#lab/process.ts';
import { socketsOf } from '#lab/sockets.ts';
import { type Captured, capture, type Tap } from '#lab/tap.ts';
import type { Need, Stage } from '../proof.ts';
import type { Flow } from './sweep.ts';

export const NEEDS_HOSTS: readonly Need[] = [
  'root',
  { program: 'ip', package: 'iproute2' },
  { program: 'nft', package: 'nftables' },
  { program: 'setpriv', package: 'util-linux' },
  { program: 'tcpdump', package: 'tcpdump' },
];

/** Where it was listened: at the inner end of each cable, as that host calls the device. */
export const POINTS = {
  'internet-gateway': 0,
  'gateway-broker': 1,
  'broker-firewall': 2,
  'firewall-agent': 3,
  'firewall-office': 4,
  'management-gateway': 5,
} as const;
export type Point = keyof typeof POINTS;

export interface Hosts {
  readonly deployed: Deployment;
  /** The teleworker's first work. */
  readonly first: Ended;
  /** From before the start of the processes until after that work. */
  readonly captured: Readonly<Record<Point, Captured>>;
  /** Addresses that a host has, link-local ones included. */
  own(host: HostName): string[];
  /** Connections that the agent has opened and not closed. */
  agentsConnections(): Flow[];
}

export const deployedHosts: Stage<Hosts> = {
  name: 'hosts',
  async up(folder, signal) {
    const captures = new Map<Point, Tap>();
    const tapEveryCable = async (network: Network) => {
      for (const [point, cable] of Object.entries(POINTS) as [Point, (typeof POINTS)[Point]][]) {
        const [, { host, device }] = CABLES[cable].ends;
        captures.set(point, await capture(network.on(host), device, join(folder, `${point}.pcap`)));
      }
    };
    let deployed: Deployment | null = null;
    try {
      deployed = await deploy({ folder, signal, laid: tapEveryCable });
      const first = await deployed.work({ pair: true, otpAge: 30 });
      const stopped = [...captures].map(async ([point, one]) => [point, await one.stop()] as const);
      const captured = Object.fromEntries(await Promise.all(stopped)) as Record<Point, Captured>;
      return hostsOf(deployed, first, captured);
    } catch (error) {
      await Promise.allSettled([...captures.values()].map((one) => one.stop()));
      await deployed?.stop();
      throw error;
    }
  },
  down: ({ deployed }) => deployed.stop(),
};

function hostsOf(deployed: Deployment, first: Ended, captured: Hosts['captured']): Hosts {
  return {
    ...{ deployed, first, captured },
    own(host) {
      const devices: unknown = JSON.parse(commandOn(deployed.network.on(host), 'ip', ['-json', 'address']));
      return addresses.parse(devices).flatMap(({ addr_info }) => addr_info.map(({ local }) => local));
    },
    agentsConnections: () =>
      socketsOf(deployed.processes.agent.pid).flatMap(({ state, local, remote }): Flow[] =>
        state === 'established' ? [`${local.address} ${local.port} ${remote.address} ${remote.port}`] : [],
      ),
  };
}

const addresses = z.array(z.object({ addr_info: z.array(z.object({ local: z.string() })) }));
