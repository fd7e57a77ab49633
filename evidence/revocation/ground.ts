// The systems that this topic looks at: one whose rights are taken away one by one, with a second agent behind a relay in
// hostile hands; one whose grant key is rolled over; one whose revocation list is lost; one whose state becomes unreadable.
import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesOf, issueWithKey } from '#certs/demo.ts';
import { type HostileRelay, openHostileRelay } from '#lab/hostile-relay.ts';
import { type Running, start } from '#lab/process.ts';
import { bringUp, MUNICIPALITY, type System } from '#lab/system.ts';
import { makePrivateFolder } from '#platform/process/private-folder.ts';

/** One user and one desktop for each right; "untouched" is the control. */
export const RIGHTS = [
  ...(['certificate', 'user', 'factor', 'entitlement', 'pairing', 'desktop'] as const),
  ...(['killed', 'own', 'untouched', 'expiry'] as const),
] as const;
/** Behind the hostile relay. */
export const HELPED = ['withheld', 'banked'] as const;
const HELPED_AGENT = 'kyotei';

export interface Ground {
  readonly rights: System;
  readonly hostile: { relay: HostileRelay; agentSocket: string; desktopOf(name: (typeof HELPED)[number]): string };
  /** They come up while the first is looked at already. */
  readonly keys: Promise<System>;
  readonly list: Promise<System>;
  readonly state: Promise<System>;
  down(): Promise<void>;
}

export async function layGround(folder: string, signal: AbortSignal): Promise<Ground> {
  const undo: (() => unknown)[] = [];
  const down = async () => {
    for (const one of undo.splice(0).reverse()) await one();
  };
  const up = async (name: string, desktops: readonly string[]): Promise<System> => {
    const system = await bringUp({
      folder: join(folder, name),
      desktops: desktops.map((desktop) => ({ name: desktop, kind: 'office' })),
      ...{ port: 0, page: null, signal },
    });
    undo.push(() => system.stop());
    return system;
  };
  try {
    const rights = await up('rights', RIGHTS);
    const hostile = await behindHostileRelay(rights, signal, undo);
    // Making keys takes longer than all the rest: the others have copies of the same authorities.
    for (const name of ['keys', 'list', 'state']) copyCertificates(rights, join(folder, name));
    // One after the other: two that look for free ports at once may find the same.
    const keys = up('keys', ['pc-01', 'pc-02']);
    const list = keys.then(() => up('list', ['pc-01']));
    const state = list.then(() => up('state', ['pc-01']));
    const settled = Promise.allSettled([keys, list, state]);
    return { rights, hostile, keys, list, state, down: () => settled.then(down) };
  } catch (error) {
    await down();
    throw error;
  }
}

/** A second agent of the first system, which meets the broker only through a relay that holds back what it is told to. */
async function behindHostileRelay(
  system: System,
  signal: AbortSignal,
  undo: (() => unknown)[],
): Promise<Ground['hostile']> {
  const { dir, files } = system.pki;
  const leaf = { kind: 'agent', role: 'client', municipality: MUNICIPALITY, name: HELPED_AGENT } as const;
  await issueWithKey(
    dir,
    { ...leaf, commonName: HELPED_AGENT, hosts: [] },
    join(dir, 'issued', HELPED_AGENT),
    Date.now(),
    true,
  );
  const tls = filesOf(dir, HELPED_AGENT, 'agent');
  const broker = { url: system.agentUrl, serverName: 'localhost', tls };
  const relay = await openHostileRelay({ tls: files.brokerForAgents, broker });
  undo.push(() => relay.close());

  const folder = join(system.folder, HELPED_AGENT);
  makePrivateFolder(folder);
  const config = join(folder, 'agent.json');
  const content = {
    broker: { ...broker, url: `wss://127.0.0.1:${relay.port}` },
    identityKey: 'agent-key.pem',
    grantKeys: [join(system.folder, 'gateway', 'grant-key.pub.pem')],
    desktops: HELPED.map((name) => ({ name, kind: 'office' })),
    state: 'state',
    socket: 'agent.sock',
  };
  writeFileSync(config, JSON.stringify(content), { mode: 0o600 });
  const log = join(system.folder, 'log', `${HELPED_AGENT}.log`);
  const agent: Running = await start(HELPED_AGENT, 'agent/main.ts', ['--config', config], log, { signal });
  undo.push(() => agent.stop());
  return {
    relay,
    agentSocket: join(folder, 'agent.sock'),
    desktopOf: (name) => `${MUNICIPALITY}/${HELPED_AGENT}/${name}`,
  };
}

function copyCertificates({ folder, pki: { dir } }: System, to: string): void {
  makePrivateFolder(to);
  cpSync(dir, join(to, 'certs'), { recursive: true });
  const list = readFileSync(`${dir}.json`, 'utf8').replaceAll(`${folder}/`, `${to}/`);
  writeFileSync(join(to, 'certs.json'), list, { mode: 0o600 });
}

/** In one step, as an administrator's editor does it: the process reads it at any moment. */
export function editAgentFile({ folder }: System, change: (config: AgentFile) => Partial<AgentFile>): void {
  const path = join(folder, 'agent', 'agent.json');
  const config = JSON.parse(readFileSync(path, 'utf8')) as AgentFile;
  writeFileSync(`${path}.new`, JSON.stringify({ ...config, ...change(config) }), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

interface AgentFile {
  desktops: { name: string }[];
  grantKeys: string[];
}

export const desktopOf = (system: System, name: string): string =>
  system.desktops.find((desktop) => desktop.endsWith(`/${name}`)) ?? name;
