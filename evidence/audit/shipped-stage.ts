// A live system that ships its logs to a collector with an authority of its own, as a SOC has one, and two users who are signed
// in; people have been at it (outsiders.ts). What the collector may be behind is little, so that its loss shows within seconds.
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Authority } from '#certs/authority.ts';
import { issueWithKey } from '#certs/demo.ts';
import { type LabCollector, startCollector } from '#lab/collector.ts';
import { enrol, type Person } from '#lab/person.ts';
import { bringUp, type System } from '#lab/system.ts';
import { refusalFrom } from '#protocol/codes.ts';
import { RefusedByGateway } from '#web/core/ends.ts';
import type { Stage } from '../proof.ts';
import { type Client, signInClient } from '../secrecy/client.ts';
import type { ProcessName } from './logs.ts';
import { actAtSystem } from './outsiders.ts';

export const BEHIND_SECONDS = 10;
const LOOK_MS = 100;
const SETTLED_MAX_MS = 45_000;

export interface ShippedSystem {
  readonly system: System;
  readonly collector: { current: LabCollector };
  /** The same one again, on the same port. */
  collectAnew(): Promise<void>;
  /** Signed in; the first has paired pc-01, the second pc-02. */
  readonly clients: readonly [Client, Client];
  /** What a process tells a monitor. */
  metric(process: ProcessName, name: string): Promise<number>;
  down(): Promise<void>;
  /** Waits for it. @throws Error after SETTLED_MAX_MS */
  until(what: string, holds: () => boolean | Promise<boolean>): Promise<void>;
}

export const shippedSystem: Stage<ShippedSystem> = {
  name: 'shipped',
  async up(folder, signal) {
    const pki = await collectorFiles(join(folder, 'soc'));
    const collector = { current: await startCollector(pki.collector) };
    const { port } = collector.current;
    const trust = { serverName: 'localhost', tls: pki.process };
    const syslog = { host: '127.0.0.1', port, ...trust, behindSeconds: BEHIND_SECONDS };
    const people: Person[] = [];
    const clients: Client[] = [];
    let system: System | null = null;
    // What is left open would keep the whole run from ending.
    const down = async () => {
      for (const client of clients) client.close();
      await system?.stop();
      await collector.current.kill();
    };
    try {
      system = await bringUp({
        ...{ folder: join(folder, 'system'), port: 0, page: null, audit: { syslog }, signal },
        desktops: ['pc-01', 'pc-02'].map((name) => ({ name, kind: 'office' as const })),
      });
      const { processes, desktops } = system;
      for (const [index, desktop] of desktops.entries()) {
        const [user, name] = index === 0 ? ['tanaka', '田中太郎'] : ['suzuki', '鈴木花子'];
        const person = await enrol(system, user, name);
        const client = await signInClient(system, person);
        people.push(person);
        clients.push(client);
        await client.pair(desktop);
      }
      await actAtSystem(system, people, clients, signal);
      return {
        ...{ system, collector, down, clients: clients as unknown as [Client, Client] },
        async collectAnew() {
          collector.current = await startCollector(pki.collector, port);
        },
        metric: (process, name) => metric(Number(processes[process].ready.metricsPort), name),
        until: (what, holds) => until(what, holds, signal),
      };
    } catch (error) {
      await down();
      throw error;
    }
  },
  down: ({ down }) => down(),
};

/** What a try to open came to: a code of the one table, or "opened". It is ended at once. */
export async function tryToOpen(client: Client, desktop: string): Promise<string> {
  try {
    const view = await client.view(desktop);
    view.session.end();
    await view.ended;
    return 'opened';
  } catch (error) {
    return error instanceof RefusedByGateway ? error.code : refusalFrom(error).code;
  }
}

async function collectorFiles(dir: string) {
  const now = Date.now();
  const authority = new Authority(dir, 'hop');
  await authority.create(null, now, false);
  const leaf = (role: 'client' | 'server') => {
    const hosts = role === 'server' ? ['localhost'] : [];
    const names = { kind: 'hop', role, municipality: '-', name: 'soc', commonName: 'soc', hosts } as const;
    return issueWithKey(dir, names, join(dir, role), now, false);
  };
  await Promise.all([leaf('client'), leaf('server')]);
  const trust = { authorities: authority.certificatePath, revocations: authority.crlPath };
  const files = (role: string) => ({ key: join(dir, `${role}.key.pem`), certificate: join(dir, `${role}.cert.pem`) });
  return { collector: { ...files('server'), ...trust }, process: { ...files('client'), ...trust } };
}

async function metric(port: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

async function until(what: string, holds: () => boolean | Promise<boolean>, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + SETTLED_MAX_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${SETTLED_MAX_MS / 1000} s`);
    await setTimeout(LOOK_MS, null, { signal });
  }
}
