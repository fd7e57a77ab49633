// Everything in one folder, for a demonstration on one machine: each authority's key beside each host's key. In earnest
// they live on different hosts (README.md); the command says so loudly.
import { dirname, join } from 'node:path';
import type { TlsFiles } from '#platform/hop/tls.ts';
import { makePrivateFolder } from '#platform/process/private-folder.ts';
import type { CertificateKind } from '#protocol/names.ts';
import { Authority, makeKey } from './authority.ts';
import { checkRequest } from './csr.ts';
import { writeText } from './files.ts';
import { KINDS, LEAF_DAYS, type Role } from './profile.ts';
import { makeRequest } from './request.ts';

export interface DemoOptions {
  dir: string;
  municipality: string;
  /** Name of the one agent. */
  agent: string;
  /** Names and addresses of the servers, beside localhost and 127.0.0.1. */
  dns: readonly string[];
  force: boolean;
}

/** What one end holds: KEY and CERTIFICATE are DIR/issued/NAME.key.pem and .cert.pem. */
export interface DemoLeaf {
  kind: CertificateKind;
  role: Role;
  municipality: string;
  name: string;
  commonName: string;
  hosts: readonly string[];
}

/**
 * Makes all five authorities with their CRLs, and the certificates of gateway, broker and one agent:
 * DIR/issued/{gateway-server,hop-client,hop-server,agent-client,agent-server,admin-server}.{key,cert}.pem. Users and
 * administrators make their own keys, also here.
 * @throws Failure if something is there already and `force` is not set
 */
export async function makeDemo({ dir, municipality, agent, dns, force }: DemoOptions, now: number): Promise<void> {
  makePrivateFolder(dir);
  // In sequence: force must not be found missing after half the folder was replaced.
  for (const kind of KINDS) await new Authority(dir, kind).create(null, now, force);
  const hosts = [...new Set([...dns, 'localhost', '127.0.0.1'])];
  const operator = { municipality: '-', hosts };
  const leaves: DemoLeaf[] = [
    { kind: 'gateway-server', role: 'server', name: 'gateway', commonName: 'gateway', ...operator },
    { kind: 'hop', role: 'client', name: 'gateway', commonName: 'gateway', municipality: '-', hosts: [] },
    { kind: 'hop', role: 'server', name: 'broker', commonName: 'broker', ...operator },
    { kind: 'agent', role: 'client', name: agent, commonName: agent, municipality, hosts: [] },
    { kind: 'agent', role: 'server', name: 'broker', commonName: 'broker', ...operator },
    { kind: 'admin', role: 'server', name: 'gateway', commonName: 'gateway', ...operator },
  ];
  await Promise.all(
    leaves.map((leaf) => {
      const name = leaf.kind === 'gateway-server' ? leaf.kind : `${leaf.kind}-${leaf.role}`;
      return issueWithKey(dir, leaf, join(dir, 'issued', name), now, force);
    }),
  );
}

/** Makes a key and has it certified at once: only where one person holds authority and host anyway. */
export async function issueWithKey(
  dir: string,
  leaf: DemoLeaf,
  path: string,
  now: number,
  force: boolean,
): Promise<void> {
  const { kind, role, municipality, name, commonName, hosts } = leaf;
  const key = await makeKey();
  const request = checkRequest(makeRequest(key, commonName), name);
  const names = { identity: { kind, municipality, name }, role, commonName, hosts };
  const { pem } = new Authority(dir, kind).issue(request.publicKey, names, LEAF_DAYS, now);
  makePrivateFolder(dirname(path));
  writeText(`${path}.key.pem`, key.privateKey, { replace: force });
  writeText(`${path}.cert.pem`, pem, { mode: 0o644, replace: force });
}

/** The configuration blocks that a demo folder's files make up. Who makes the own key has only whom to trust here. */
export function demoFiles(dir: string) {
  return {
    gatewayServer: filesOf(dir, 'gateway-server', 'user'),
    gatewayToBroker: filesOf(dir, 'hop-client', 'hop'),
    brokerForGateways: filesOf(dir, 'hop-server', 'hop'),
    brokerForAgents: filesOf(dir, 'agent-server', 'agent'),
    agent: filesOf(dir, 'agent-client', 'agent'),
    administration: filesOf(dir, 'admin-server', 'admin'),
    user: trustOf(dir, 'gateway-server'),
    administrator: trustOf(dir, 'admin'),
  };
}

/** @param file as given to issueWithKey, in DIR/issued. @param trusts the kind of the peer */
export function filesOf(dir: string, file: string, trusts: CertificateKind): TlsFiles {
  const path = join(dir, 'issued', file);
  return { key: `${path}.key.pem`, certificate: `${path}.cert.pem`, ...trustOf(dir, trusts) };
}

function trustOf(dir: string, kind: CertificateKind): Pick<TlsFiles, 'authorities' | 'revocations'> {
  const authority = new Authority(dir, kind);
  return { authorities: authority.certificatePath, revocations: authority.crlPath };
}
