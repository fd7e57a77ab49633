// The broker as a process of its own, started from a configuration file as in production.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Running, start } from '#lab/process.ts';
import { type DialOptions, dialSocket } from '#platform/hop/dial.ts';
import { clientTls } from '#platform/hop/tls.ts';
import { Peer } from './broker.ts';
import { type DemoPki, demoPki } from './pki.ts';
import { producedIn } from './produced-events.ts';

export interface BrokerProcess {
  pki: DemoPki;
  dir: string;
  /** broker.json */
  config: string;
  running: Running;
  ports: { gateway: number; agent: number };
  dial(side: 'gateway' | 'agent', path: string, options?: Partial<DialOptions>): Promise<Peer>;
  /** Resident memory in MiB. */
  memory(): number;
  /** What the operators' log says. */
  logged(): string;
  audited(): Record<string, unknown>[];
  close(): Promise<void>;
}

export async function startBrokerProcess(): Promise<BrokerProcess> {
  const pki = await demoPki();
  const dir = mkdtempSync(join(tmpdir(), 'telework-broker-'));
  const config = join(dir, 'broker.json');
  const listen = { host: '127.0.0.1', port: 0 };
  const [gatewaySide, agentSide] = [pki.brokerForGateways, pki.brokerForAgents].map((tls) => ({ listen, tls }));
  writeFileSync(config, JSON.stringify({ gatewaySide, agentSide, line: { tier: '1Gbps' }, state: 'state' }));
  const log = join(dir, 'broker.log');
  const running = await start('broker', 'broker/main.ts', ['--config', config], log);
  const ports = { gateway: Number(running.ready.gatewayPort), agent: Number(running.ready.agentPort) };
  const peers: Peer[] = [];
  return {
    pki,
    dir,
    config,
    running,
    ports,
    async dial(side, path, options = {}) {
      const tls = clientTls(side === 'gateway' ? pki.gatewayToBroker : pki.agent, 'localhost');
      const url = `wss://127.0.0.1:${ports[side]}${path}`;
      const peer = new Peer(await dialSocket(url, tls, { timeoutMs: 10_000, verify() {}, ...options }));
      peers.push(peer);
      return peer;
    },
    memory() {
      const status = readFileSync(`/proc/${running.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    },
    logged: () => readFileSync(log, 'utf8'),
    audited: () =>
      producedIn(
        readFileSync(join(dir, 'state', 'audit.jsonl'), 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ),
    async close() {
      for (const peer of peers) peer.socket.peer.destroy();
      await running.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
