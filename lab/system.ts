// The whole system on one machine: certificates, broker, gateway, agent, each a process of its own with its own folder
// and configuration file, on loopback. Used by npm start and by the scenarios.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type * as z from 'zod';
import type { auditSchema } from '#platform/audit/config.ts';
import { makePrivateFolder } from '#platform/process/private-folder.ts';
import { freePort } from './ports.ts';
import { mustRun, type Place, type Running, start } from './process.ts';

/** A fictional municipality: no 団体コード begins with 99. */
export const MUNICIPALITY = '999999';
export const AGENT = 'soumu';

export type DesktopSpec =
  | { name: string; kind: 'office' }
  /** Without `lock` it stays open at the end of a session: whoever runs a lab sits before it. */
  | { name: string; kind: 'vnc'; address: string; passwordFile?: string; lock?: LockSpec };

/** As agent.json has it. */
export type LockSpec = { keys: string } | { command: readonly string[] } | 'none';

/** As broker.json has it. */
export interface LineSpec {
  tier: string;
  municipalities?: Readonly<Record<string, { guarantee: number; ceiling: number }>>;
  others?: { ceiling: number };
}

/** Of no contract: what one machine's loopback may carry. */
const LOOPBACK: LineSpec = { tier: '1Gbps' };

export interface SystemOptions {
  /** Everything is kept here; made if missing, used again if complete. */
  folder: string;
  desktops: readonly DesktopSpec[];
  /** Of the gateway; 0 for any free one. */
  port: number;
  /** Where the gateway listens, if not on loopback. */
  address?: string;
  /** On which host all of it runs, if not on this one. */
  place?: Place;
  /** What the broker shapes to; 1 Gbps if it is left out. */
  line?: LineSpec;
  /** The key "audit" of all three configurations. */
  audit?: z.input<typeof auditSchema>;
  /** Of the gateway's listener, as gateway.json has it; its own defaults if it is left out. */
  edge?: Readonly<Record<string, number>>;
  /** The page that the gateway serves; what `npm run page` makes if it is left out, null for none. */
  page?: string | null;
  progress?(step: Step): void;
  /** Ends the start, and every command that is run for the system later; stop() is still to be called then. */
  signal?: AbortSignal;
}

export type Step = 'page' | 'certificates' | 'broker' | 'gateway' | 'agent';

interface TlsFiles {
  key: string;
  certificate: string;
  authorities: string;
  revocations: string;
}

type PkiFiles = Record<
  'gatewayServer' | 'gatewayToBroker' | 'brokerForGateways' | 'brokerForAgents' | 'agent' | 'administration' | 'user',
  TlsFiles
>;

export interface System {
  readonly folder: string;
  /** https://localhost:port */
  readonly gateway: string;
  /** The gateway's second listener, for those who have no certificate yet. */
  readonly enrolment: string;
  /** https://localhost:port of the administrators' listener. */
  readonly administration: string;
  /** wss://127.0.0.1:port, where agents dial in. */
  readonly agentUrl: string;
  readonly pki: { dir: string; files: PkiFiles };
  readonly sockets: { admin: string; broker: string; agent: string };
  /** The running processes; restarting one replaces it here. */
  readonly processes: { broker: Running; gateway: Running; agent: Running };
  readonly desktops: readonly string[];
  readonly signal: AbortSignal | undefined;
  /** Starts a process that has ended anew, on the same ports and files. */
  restart(name: 'broker' | 'gateway' | 'agent'): Promise<void>;
  /** Writes another line into broker.json; the running broker takes it over by itself, within a second. */
  setLine(line: LineSpec): void;
  stop(): Promise<void>;
}

/** @throws Error with the failing process's own line; whatever had started by then is stopped */
export async function bringUp(options: SystemOptions): Promise<System> {
  const folder = resolve(options.folder);
  const at = (...parts: string[]) => join(folder, ...parts);
  const { progress = () => {}, signal, place } = options;
  const started = { ...(signal ? { signal } : {}), ...(place ? { place } : {}) };
  const running: Running[] = [];
  makePrivateFolder(at('log'));
  const release = occupy(at('lab.pid'));
  const stop = async () => {
    for (const one of running.splice(0).reverse()) await one.stop();
    release();
  };
  const audit = options.audit ? { audit: options.audit } : {};
  const begin = async (name: string, config: object): Promise<Running> => {
    makePrivateFolder(at(name));
    writeFileSync(at(name, `${name}.json`), `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
    return again(name);
  };
  const again = async (name: string): Promise<Running> => {
    const args = ['--config', at(name, `${name}.json`)];
    const one = await start(name, `${name}/main.ts`, args, at('log', `${name}.log`), started);
    running.push(one);
    return one;
  };

  try {
    progress('page');
    const pages = options.page === null ? null : await buildPages(signal);
    const page = options.page ?? pages?.user;

    progress('certificates');
    const files = await certificates(at('certs'), signal);

    progress('broker');
    const loopback = { host: '127.0.0.1', port: 0 };
    const broker = await begin('broker', {
      gatewaySide: { listen: loopback, tls: files.brokerForGateways },
      agentSide: { listen: loopback, tls: files.brokerForAgents },
      line: options.line ?? LOOPBACK,
      state: 'state',
      ...audit,
      adminSocket: 'admin.sock',
      metrics: loopback,
    });
    const { gatewayPort, agentPort } = broker.ready;
    // A broker that is started anew must be found where it was.
    rewrite(at('broker', 'broker.json'), (config) => {
      config.gatewaySide.listen.port = gatewayPort;
      config.agentSide.listen.port = agentPort;
    });

    progress('gateway');
    // Its own origin stands in its configuration, so the port has to be known before.
    const port = options.port || (await freePort());
    const enrolmentPort = await freePort();
    const administrationPort = await freePort();
    const host = options.address ?? '127.0.0.1';
    const gateway = await begin('gateway', {
      listen: { host, port },
      origins: [`https://localhost:${port}`],
      tls: files.gatewayServer,
      broker: { url: `wss://127.0.0.1:${gatewayPort}`, serverName: 'localhost', tls: files.gatewayToBroker },
      grantKey: 'grant-key.pem',
      factorKey: 'factor.key',
      state: 'state',
      ...audit,
      adminSocket: 'admin.sock',
      webauthn: { rpId: 'localhost', rpName: 'LGWAN Telework' },
      ...(page ? { page } : {}),
      enrolment: {
        listen: { host, port: enrolmentPort },
        tls: { key: files.gatewayServer.key, certificate: files.gatewayServer.certificate },
        ...(pages ? { page: pages.enrol } : {}),
      },
      administration: {
        listen: { host: '127.0.0.1', port: administrationPort },
        tls: files.administration,
        ...{ rpId: 'localhost', rpName: 'LGWAN Telework 管理' },
        ...(pages ? { page: pages.admin } : {}),
      },
      ...(options.edge ? { edge: options.edge } : {}),
      metrics: loopback,
    });

    progress('agent');
    const agentUrl = `wss://127.0.0.1:${agentPort}`;
    const agent = await begin('agent', {
      broker: { url: agentUrl, serverName: 'localhost', tls: files.agent },
      identityKey: 'agent-key.pem',
      grantKeys: [at('gateway', 'grant-key.pub.pem')],
      desktops: options.desktops.map((desktop) => (desktop.kind === 'vnc' ? { lock: 'none', ...desktop } : desktop)),
      webauthn: { rpId: 'localhost', origins: [`https://localhost:${port}`] },
      state: 'state',
      ...audit,
      socket: 'agent.sock',
      metrics: loopback,
    });

    const processes = { broker, gateway, agent };
    return {
      folder,
      gateway: `https://localhost:${port}`,
      enrolment: `https://localhost:${enrolmentPort}`,
      administration: `https://localhost:${administrationPort}`,
      agentUrl,
      pki: { dir: at('certs'), files },
      sockets: {
        admin: at('gateway', 'admin.sock'),
        broker: at('broker', 'admin.sock'),
        agent: at('agent', 'agent.sock'),
      },
      processes,
      signal,
      desktops: options.desktops.map(({ name }) => `${MUNICIPALITY}/${AGENT}/${name}`),
      async restart(name) {
        await processes[name].stop();
        processes[name] = await again(name);
      },
      setLine: (line) => rewrite(at('broker', 'broker.json'), (config) => Object.assign(config, { line })),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Takes a twentieth of a second unless its sources have changed. @returns the folders that the gateway's listeners serve */
async function buildPages(signal: AbortSignal | undefined): Promise<Record<'user' | 'enrol' | 'admin', string>> {
  const { folder } = JSON.parse(await mustRun('scripts/page.mjs', ['--json'], signal));
  return { user: join(folder, 'user'), enrol: join(folder, 'enrol'), admin: join(folder, 'admin') };
}

/** Makes the authorities once; later starts only renew the revocation lists, which live seven days. */
async function certificates(dir: string, signal: AbortSignal | undefined): Promise<PkiFiles> {
  const list = `${dir}.json`;
  if (existsSync(list)) {
    await mustRun('certs/main.ts', ['crl', '--dir', dir], signal);
    return readMade(list);
  }
  // What an interrupted first start left behind is of no use to anybody.
  rmSync(dir, { recursive: true, force: true });
  const made = await mustRun(
    'certs/main.ts',
    [...['demo', '--json', '--dir', dir], ...['--municipality', MUNICIPALITY, '--agent', AGENT]],
    signal,
  );
  writeFileSync(list, made, { mode: 0o600 });
  return JSON.parse(made);
}

function readMade(list: string): PkiFiles {
  const made = parseMade(list);
  if (!made.administration) {
    throw new Error(`${list}: made by an earlier version; remove the whole folder to begin anew`);
  }
  return made;
}

function parseMade(list: string): PkiFiles {
  try {
    return JSON.parse(readFileSync(list, 'utf8'));
  } catch {
    throw new Error(`${list}: cannot be read; remove the whole folder to begin anew`);
  }
}

interface BrokerFile {
  gatewaySide: { listen: { port: unknown } };
  agentSide: { listen: { port: unknown } };
}

/** In one step, since the broker may read it at any moment. */
function rewrite(path: string, change: (config: BrokerFile) => void): void {
  const config: BrokerFile = JSON.parse(readFileSync(path, 'utf8'));
  change(config);
  writeFileSync(`${path}.new`, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Two systems in one folder would write over each other's configuration. @throws Error naming the one that runs */
function occupy(file: string): () => void {
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (pid > 0 && pid !== process.pid && isAlive(pid)) {
    throw new Error(`already running (process ${pid}); stop it, or choose another folder with --state`);
  }
  writeFileSync(file, String(process.pid), { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
