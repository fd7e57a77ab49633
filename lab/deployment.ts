// The system as deploy/ has it: the three configuration files and the firewall rules exactly as they lie there, on the hosts
// and addresses of lab/deployment-plan.ts, each process with the capabilities that its systemd unit leaves it.
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFINED_USER, confined } from './confined.ts';
import { CABLES, HOSTS, type HostName, NAMES } from './deployment-plan.ts';
import { commandOn } from './host-command.ts';
import { layNetwork, type Network } from './namespaces.ts';
import { type Ended, here, mustRun, ROOT, type Running, run, start } from './process.ts';
import { AGENT, MUNICIPALITY } from './system.ts';

export const USER = 'tanaka';
export const GATEWAY = 'https://telework.example.jp';
export const DESKTOP = `${MUNICIPALITY}/${AGENT}/pc-01`;

const PROCESSES = { broker: 'broker', gateway: 'gateway', agent: 'lgwan' } as const satisfies Record<string, HostName>;
export type ProcessName = keyof typeof PROCESSES;

/** Whose rules lie in deploy/nftables. */
export type RuledHost = 'gateway' | 'broker' | 'firewall';
const RULED: readonly RuledHost[] = ['gateway', 'broker', 'firewall'];

export interface DeploymentOptions {
  /** Empty. Each host has a folder in it, in place of /srv/telework. */
  folder: string;
  signal?: AbortSignal;
  /** Called when the network lies and its rules are loaded, before any process is started. */
  laid?(network: Network): Promise<void>;
}

export interface Sitting {
  /** With a code of the office's: once, before the first work. */
  pair: boolean;
  /** 30 takes the one-time code of the step before. Each is good once. */
  otpAge: 0 | 30;
}

export interface Deployment {
  readonly network: Network;
  readonly processes: Readonly<Record<ProcessName, Running>>;
  /** Of the authorities, as certs/README.md has it. */
  readonly authorities: string;
  /** A path on that host. */
  on(host: HostName, ...path: string[]): string;
  /** The teleworker signs in from the internet, opens the desktop, types, and waits for the pixels. */
  work(sitting: Sitting): Promise<Ended>;
  stop(): Promise<void>;
}

/** @throws Failure or Error with the failing command's own line; nothing is left running then */
export async function deploy({ folder, signal, laid }: DeploymentOptions): Promise<Deployment> {
  const at = (host: HostName, ...path: string[]) => join(folder, host, ...path);
  const authorities = join(folder, 'authorities');
  const running: Running[] = [];
  const network = layNetwork(HOSTS, CABLES, NAMES);
  const stop = async () => {
    for (const one of running.splice(0).reverse()) await one.stop();
    network.remove();
  };
  const boot = async (name: ProcessName): Promise<Running> => {
    const host = PROCESSES[name];
    copyFileSync(join(ROOT, 'deploy', `${name}.json`), at(host, `${name}.json`));
    commandOn(here, 'chown', ['-R', `${CONFINED_USER}:${CONFINED_USER}`, at(host)]);
    const one = await start(name, `${name}/main.ts`, ['--config', at(host, `${name}.json`)], at(host, 'log'), {
      place: confined(network.on(host), name),
      ...(signal ? { signal } : {}),
    });
    running.push(one);
    return one;
  };
  const command = (main: string, ...args: string[]) => mustRun(main, args, signal);

  try {
    // The hosts' own folders in it are private.
    chmodSync(folder, 0o711);
    for (const host of RULED) loadRules(network, host);
    await laid?.(network);
    for (const host of Object.keys(HOSTS) as HostName[]) {
      for (const part of ['tls', 'keys', 'state']) mkdirSync(at(host, part), { recursive: true, mode: 0o700 });
    }
    await command(
      'certs/main.ts',
      ...['demo', '--dir', authorities, '--municipality', MUNICIPALITY, '--agent', AGENT],
      ...Object.keys(NAMES).flatMap((name) => ['--dns', name]),
    );
    await command('scripts/page.mjs', '--out', at('gateway', 'page'));
    give('gateway', ['gateway-server', 'hop-client', 'admin-server'], ['user', 'hop', 'admin']);
    give('broker', ['hop-server', 'agent-server'], ['hop', 'agent']);
    give('lgwan', ['agent-client'], ['agent']);
    const broker = await boot('broker');
    const gateway = await boot('gateway');
    copyFileSync(at('gateway', 'keys', 'grant-key.pub.pem'), at('lgwan', 'tls', 'gateway-grant-key.pub.pem'));
    const agent = await boot('agent');
    await enrolTeleworker();
    return { network, processes: { broker, gateway, agent }, authorities, on: at, work, stop };
  } catch (error) {
    await stop();
    throw error;
  }

  function give(host: HostName, ends: readonly string[], trusted: readonly string[]): void {
    for (const end of ends) {
      for (const part of ['key', 'cert']) {
        copyFileSync(join(authorities, 'issued', `${end}.${part}.pem`), at(host, 'tls', `${end}.${part}.pem`));
      }
    }
    for (const kind of trusted) {
      copyFileSync(join(authorities, kind, 'ca.cert.pem'), at(host, 'tls', `${kind}-ca.cert.pem`));
      copyFileSync(join(authorities, kind, 'crl.pem'), at(host, 'tls', `${kind}-crl.pem`));
    }
  }

  async function enrolTeleworker(): Promise<void> {
    const home = at('internet');
    copyFileSync(join(authorities, 'gateway-server', 'ca.cert.pem'), join(home, 'gateway-ca.pem'));
    copyFileSync(join(authorities, 'gateway-server', 'crl.pem'), join(home, 'gateway-crl.pem'));
    writeFileSync(join(home, 'password'), 'a-password-of-the-lab', { mode: 0o600 });
    const client = (...args: string[]) => command('client-sim/main.ts', 'enrol', '--credentials', home, ...args);
    await client('--name', '田中太郎');
    await command(
      'certs/main.ts',
      ...['issue', 'user', '--role', 'client', '--dir', authorities, '--csr', join(home, 'user.csr.pem')],
      ...['--out', join(home, 'issued.pem'), '--municipality', MUNICIPALITY, '--name', USER],
    );
    await client('--certificate', join(home, 'issued.pem'), '--p12-password-file', join(home, 'password'));
    const who = ['--municipality', MUNICIPALITY, '--user', USER];
    const admin = (...args: string[]) =>
      command('admin/main.ts', '--json', '--socket', at('gateway', 'state', 'admin.sock'), ...args);
    await admin('user', 'add', ...who, '--name', '田中太郎');
    await admin('entitlement', 'add', ...who, '--desktop', DESKTOP);
    writeFileSync(join(home, 'totp'), JSON.parse(await admin('totp', 'enrol', ...who)).uri, { mode: 0o600 });
  }

  async function work({ pair, otpAge }: Sitting): Promise<Ended> {
    const home = at('internet');
    const socket = at('lgwan', 'state', 'agent.sock');
    const ask = ['pair', '--json', '--socket', socket, '--user', USER];
    const code = pair ? ['--pair-code', JSON.parse(await command('agent/command.ts', ...ask)).code] : [];
    return run(
      'client-sim/main.ts',
      [
        ...['--user', USER, '--credentials', home, '--gateway', GATEWAY, '--json'],
        ...['--totp-uri', join(home, 'totp'), '--otp-age', String(otpAge), ...code],
        ...['--type', 'Hello', '--screenshot', join(home, 'screen.png')],
      ],
      { place: network.on('internet'), ...(signal ? { signal } : {}) },
    );
  }
}

/** As root on that host can at any time. @throws Failure in nft's own words */
export function loadRules(network: Network, host: RuledHost): void {
  commandOn(network.on(host), 'nft', ['-f', join(ROOT, 'deploy', 'nftables', `${host}.nft`)]);
}

/** The same. */
export function dropRules(network: Network, host: RuledHost): void {
  commandOn(network.on(host), 'nft', ['flush', 'ruleset']);
}
